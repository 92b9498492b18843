// What takes many commits, and what others do between two of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/manual_core.hpp"
#include "kv/memory_engine.hpp"
#include "layout/keys.hpp"
#include "store/mail_store.hpp"
#include "vocab/try.hpp"

namespace postern::store {
namespace {

constexpr AccountId kAnn{0x1111};
constexpr std::size_t kMoreThanASlice = 10'001;

/// A store whose commits are on disk when the test says so.
class SlicesTest : public ::testing::Test {
 protected:
  SlicesTest() {
    kv::Batch batch;
    store_->add_account(kAnn, 0, batch);
    batch.put(layout::system_key(layout::SystemKind::account).u64(kAnn.value()).done(), "\x01");
    EXPECT_TRUE(end(commit(std::move(batch))));
  }
  ~SlicesTest() override { engine_.sync(); }

  Task<Result<void>> commit(kv::Batch batch) {
    POSTERN_CO_TRY(const auto ticket,
                   co_await engine_.append(std::move(batch), kv::Engine::Purpose::adds_mail));
    co_return co_await engine_.durable(ticket);
  }
  /// Begins `task` and leaves what it says in `out`.
  template <class T>
  void begin(Task<T> task, std::optional<T>& out) {
    const auto keep = [](Task<T> work, std::optional<T>& into) -> Task<> {
      into = co_await std::move(work);
    };
    core_.group().spawn(keep(std::move(task), out));
    core_.poll();
  }
  /// All that was appended is on disk.
  void sync() {
    engine_.sync();
    core_.poll();
  }
  template <class T>
  T end(Task<T> task) {
    std::optional<T> out;
    begin(std::move(task), out);
    for (int i = 0; i < 50 && !out; ++i) sync();
    return out.value();
  }
  std::unique_ptr<AccountSession> open() { return store_->open(kAnn, "ann@example.org"); }
  void fill(MailboxId mailbox, std::size_t copies) {
    const auto draft = store_->new_draft();
    ASSERT_TRUE(end(draft->feed("Subject: hello\r\n\r\nA body.\r\n")));
    auto message = end(draft->finish()).value();
    std::vector<Placement> places(copies, {.account = kAnn, .mailbox = mailbox});
    ASSERT_TRUE(end(store_->deliver(std::move(message), std::move(places), {}, false)));
  }
  std::uint32_t count(AccountSession& session, std::string name) {
    const auto box = end(session.mailbox(std::move(name))).value();
    return static_cast<std::uint32_t>(end(session.view(box.id)).value()->size());
  }

  ManualCore core_;
  std::vector<Core*> cores_{&core_.core()};
  kv::MemoryEngine engine_{{.sync = kv::MemoryEngine::Sync::manual}};
  std::unique_ptr<MailStore> store_ = make_mail_store(engine_, cores_, {});
};

TEST_F(SlicesTest, AMailboxThatTakesTheNameOfOneBeingDeletedIsNotEmptied) {
  const auto session = open();
  const auto big = end(session->create_mailbox("big", SpecialUse::none)).value();
  const auto other = end(session->create_mailbox("other", SpecialUse::none)).value();
  fill(big.id, kMoreThanASlice);
  fill(other.id, 3);
  std::optional<Result<void>> deleted;
  begin(session->delete_mailbox("big"), deleted);
  std::optional<Result<void>> away;
  std::optional<Result<void>> there;
  begin(session->rename_mailbox("big", "kept"), away);
  begin(session->rename_mailbox("other", "big"), there);
  ASSERT_FALSE(deleted);
  for (int i = 0; i < 5; ++i) sync();
  ASSERT_TRUE(deleted && away && there);
  EXPECT_TRUE(*away);
  EXPECT_TRUE(*there);
  ASSERT_FALSE(*deleted);
  EXPECT_EQ(deleted->error().code, Errc::conflict);
  EXPECT_EQ(count(*session, "big"), 3U);
  EXPECT_EQ(count(*session, "kept"), 1U) << "the first slice was deleted";
}

TEST_F(SlicesTest, AMailboxThatTwoDeleteIsGoneForBoth) {
  const auto session = open();
  const auto big = end(session->create_mailbox("big", SpecialUse::none)).value();
  fill(big.id, kMoreThanASlice);
  std::optional<Result<void>> first;
  std::optional<Result<void>> second;
  begin(session->delete_mailbox("big"), first);
  begin(session->delete_mailbox("big"), second);
  for (int i = 0; i < 5; ++i) sync();
  ASSERT_TRUE(first && second);
  EXPECT_TRUE(*first);
  EXPECT_TRUE(*second);
  EXPECT_EQ(end(session->mailbox("big")).error().code, Errc::not_found);
}

TEST_F(SlicesTest, ARemovalIsCutShortByTheEndAndGoesOnInTheNextLife) {
  fill(end(open()->mailbox("INBOX")).value().id, 2500);
  std::optional<Result<void>> removed;
  begin(store_->remove_account(kAnn), removed);
  sync();
  sync();  // its use, and a thousand messages
  ASSERT_FALSE(removed);
  store_->stop_housekeeping();
  sync();
  ASSERT_TRUE(removed && !*removed);
  EXPECT_EQ(removed->error().code, Errc::shutting_down);
  EXPECT_EQ(end(store_->remove_account(kAnn)).error().code, Errc::shutting_down);
  EXPECT_EQ(end(store_->sweep()).error().code, Errc::shutting_down);
  store_ = make_mail_store(engine_, cores_, {});
  EXPECT_TRUE(end(store_->remove_account(kAnn)));
  EXPECT_EQ(end(store_->remove_account(kAnn)).error().code, Errc::not_found);
}

TEST_F(SlicesTest, ASweepOfExpungedMailIsCutShortByTheEnd) {
  const auto session = open();
  const auto box = end(session->create_mailbox("box", SpecialUse::none)).value();
  fill(box.id, 2500);
  ASSERT_TRUE(end(session->delete_mailbox("box")));
  core_.advance(std::chrono::hours{24 * 15});
  std::optional<Result<void>> swept;
  begin(store_->sweep(), swept);
  sync();
  ASSERT_FALSE(swept);
  store_->stop_housekeeping();
  sync();
  ASSERT_TRUE(swept && !*swept);
  EXPECT_EQ(swept->error().code, Errc::shutting_down);
}

}  // namespace
}  // namespace postern::store
