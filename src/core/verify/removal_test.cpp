// The removal of a big account, cut short between its commits.
#include <memory>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/manual_core.hpp"
#include "directory/directory.hpp"
#include "kv/memory_engine.hpp"
#include "store/mail_store.hpp"
#include "verify/verify.hpp"
#include "vocab/try.hpp"

namespace postern::verify {
namespace {

using ::testing::IsEmpty;

const std::string kMail = "Subject: hello\r\n\r\nA body.\r\n";
constexpr std::size_t kCopies = 700;  // of one body, so that slices end between them

struct Life {
  explicit Life(const kv::MemoryDisk& disk, kv::MemoryEngine::Sync sync)
      : engine{{.sync = sync}, disk} {}
  ~Life() { core.reset(); }  // with what it left under way
  Task<Result<void>> open() {
    POSTERN_CO_TRY(people,
                   co_await directory::open_directory(
                       engine, *store, core->core(), pool,
                       {.argon2_memory_kib = 8, .argon2_passes = 1, .scram_iterations = 1}));
    co_return Result<void>{};
  }
  Task<Result<void>> fill() {
    POSTERN_CO_CHECK(co_await open());
    const directory::Domain domain{.name = "example.org"};
    POSTERN_CO_CHECK(co_await people->add_domain(domain));
    const Secret<std::string> word{std::to_string(core->core().random.u64())};
    POSTERN_CO_TRY(const auto big, co_await people->add_account("big@example.org", word, 0));
    POSTERN_CO_TRY(const auto bob, co_await people->add_account("bob@example.org", word, 0));
    const store::Placement to_big{.account = big, .mailbox = store::SpecialUse::none};
    const store::Placement to_bob{.account = bob, .mailbox = store::SpecialUse::none};
    for (int i = 0; i < 3; ++i) {
      const auto draft = store->new_draft();
      POSTERN_CO_CHECK(co_await draft->feed(kMail));
      POSTERN_CO_TRY(const auto staged, co_await draft->finish());
      std::vector<store::Placement> places(kCopies, to_big);
      places.push_back(to_bob);
      kv::Batch nothing;
      POSTERN_CO_CHECK(
          co_await store->deliver(staged, std::move(places), std::move(nothing), false));
    }
    co_return Result<void>{};
  }

  std::unique_ptr<ManualCore> core = std::make_unique<ManualCore>();
  InlinePool pool;
  std::vector<Core*> cores{&core->core()};
  kv::MemoryEngine engine;
  std::unique_ptr<store::MailStore> store = store::make_mail_store(engine, cores, {});
  std::unique_ptr<directory::Directory> people;
};

void expect_clean(const kv::MemoryDisk& disk) {
  Life life{disk, kv::MemoryEngine::Sync::automatic};
  const auto report = life.core->run(verify_store(life.engine.published())).value();
  EXPECT_THAT(report.findings, IsEmpty())
      << report.findings.front().where << ": " << report.findings.front().what;
}

kv::MemoryDisk full_disk() {
  Life life{{}, kv::MemoryEngine::Sync::automatic};
  life.core->run(life.fill()).value();
  life.engine.sync();
  return life.engine.crash();
}

/// Removes the account until `syncs` commits are on disk, and dies.
kv::MemoryDisk cut_short(const kv::MemoryDisk& disk, int syncs, bool& ended) {
  Life life{disk, kv::MemoryEngine::Sync::manual};
  life.core->run(life.open()).value();
  ended = false;
  const auto remove = [](Life& in, bool& done) -> Task<> {
    const auto removed = co_await in.people->remove_account("big@example.org");
    done = removed.has_value();
  };
  life.core->group().spawn(remove(life, ended));
  life.core->poll();
  for (int i = 0; i < syncs; ++i) {
    life.engine.sync();
    life.core->poll();
  }
  return life.engine.crash();
}

TEST(Removal, IsFinishedAfterACrashBetweenAnyTwoOfItsCommits) {
  const auto disk = full_disk();
  expect_clean(disk);
  std::set<std::size_t> sizes;
  int crashes = 0;
  for (bool ended = false; !ended; ++crashes) {
    SCOPED_TRACE(crashes);
    ASSERT_LT(crashes, 20);
    const auto left = cut_short(disk, crashes, ended);
    sizes.insert(left.size());
    expect_clean(left);
    Life next{left, kv::MemoryEngine::Sync::automatic};
    ASSERT_TRUE(next.core->run(next.open()));
    ASSERT_TRUE(next.core->run(next.people->finish_removals()));
    ASSERT_TRUE(next.core->run(next.store->sweep()));
    next.engine.sync();
    EXPECT_EQ(next.people->accounts().size(), crashes == 0 ? 2U : 1U);
    expect_clean(next.engine.crash());
  }
  // The mark, its use, 2,100 messages in three slices, the name; and what was before.
  EXPECT_EQ(crashes, 7);
  EXPECT_EQ(sizes.size(), 6U) << "the mark replaces a record";
}

TEST(Removal, NobodyUsesAnAccountThatIsHalfGone) {
  bool ended = false;
  const auto left = cut_short(full_disk(), 3, ended);
  ASSERT_FALSE(ended);
  Life life{left, kv::MemoryEngine::Sync::automatic};
  ASSERT_TRUE(life.core->run(life.open()));
  directory::Account big;
  for (const auto& account : life.people->accounts())
    if (account.address == "big@example.org") big = account;
  EXPECT_TRUE(big.removing);
  EXPECT_TRUE(big.disabled);
  const auto on = life.core->run(life.people->set_disabled("big@example.org", false));
  EXPECT_EQ(on.error().code, Errc::conflict);
  const auto session = life.store->open(big.id, big.address);
  EXPECT_EQ(life.core->run(session->mailbox("INBOX")).error().code, Errc::not_found);
  EXPECT_EQ(life.core->run(life.store->check_quota(big.id, 1)).error().code, Errc::not_found);
}

}  // namespace
}  // namespace postern::verify
