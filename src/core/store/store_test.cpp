#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/manual_core.hpp"
#include "kv/memory_engine.hpp"
#include "layout/keys.hpp"
#include "layout/records.hpp"
#include "store/mail_store.hpp"
#include "vocab/try.hpp"

namespace postern::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

constexpr AccountId kAnn{0x1111};
constexpr AccountId kBob{0x2222};

const std::string kMail =
    "From: a@example.org\r\nTo: b@example.org\r\nSubject: hello\r\n\r\nA body.\r\n";

/// A store in memory with two accounts, driven by hand.
class StoreTest : public ::testing::Test {
 protected:
  StoreTest() { start({}); }

  void start(const kv::MemoryDisk& disk) {
    store_.reset();
    engine_ = std::make_unique<kv::MemoryEngine>(kv::MemoryEngine::Options{}, disk);
    store_ = make_mail_store(*engine_, cores_, settings_);
  }
  void crash(std::uint64_t seed) {
    const auto disk = engine_->crash(seed);
    start(disk);
  }

  void add_account(AccountId id, std::uint64_t quota = 0) {
    kv::Batch batch;
    store_->add_account(id, quota, batch);
    batch.put(layout::system_key(layout::SystemKind::account).u64(id.value()).done(), "\x01");
    ASSERT_TRUE(core_.run(commit(std::move(batch))));
  }
  Task<Result<void>> commit(kv::Batch batch) {
    POSTERN_CO_TRY(const auto ticket,
                   co_await engine_->append(std::move(batch), kv::Engine::Purpose::adds_mail));
    co_return co_await engine_->durable(ticket);
  }

  Task<Result<std::shared_ptr<const StagedMessage>>> stage(std::string octets, std::size_t piece) {
    const auto draft = store_->new_draft();
    for (std::size_t at = 0; at < octets.size(); at += piece)
      POSTERN_CO_CHECK(co_await draft->feed(std::string_view{octets}.substr(at, piece)));
    co_return co_await draft->finish();
  }
  std::shared_ptr<const StagedMessage> staged(std::string octets = kMail,
                                              std::size_t piece = 100'000) {
    return core_.run(stage(std::move(octets), piece)).value();
  }

  Result<std::vector<Placed>> deliver(std::vector<AccountId> accounts, std::string octets = kMail,
                                      std::string prefix = {}) {
    std::vector<Placement> placements;
    for (const auto account : accounts)
      placements.push_back({.account = account, .mailbox = SpecialUse::none, .prefix = prefix});
    return core_.run(store_->deliver(staged(std::move(octets)), std::move(placements), {}, false));
  }

  std::unique_ptr<AccountSession> open(AccountId id = kAnn) {
    return store_->open(id, "ann@example.org");
  }
  MailboxInfo box(AccountSession& session, std::string name) {
    return core_.run(session.mailbox(std::move(name))).value();
  }
  std::shared_ptr<const MailboxView> view(AccountSession& session, std::string name = "INBOX") {
    return core_.run(session.view(box(session, std::move(name)).id)).value();
  }
  std::vector<std::uint32_t> uids(AccountSession& session, std::string name = "INBOX") {
    std::vector<std::uint32_t> out;
    const auto seen = view(session, std::move(name));
    for (std::size_t i = 0; i < seen->size(); ++i) out.push_back(seen->at(i).uid.value());
    return out;
  }
  FlagChangeResult flag(AccountSession& session, std::vector<Uid> which, StoreMode mode,
                        NamedFlags flags, std::optional<ModSeq> unchanged_since = {}) {
    return core_
        .run(session.change_flags({.mailbox = box(session, "INBOX").id,
                                   .uids = std::move(which),
                                   .mode = mode,
                                   .flags = std::move(flags),
                                   .unchanged_since = unchanged_since}))
        .value();
  }
  /// The whole message behind an entry, read in pieces of `piece`.
  std::string content(AccountSession& session, const Entry& entry, std::uint64_t piece = 1000) {
    const auto found = core_.run(session.messages({entry.message})).value();
    if (!found.at(0)) return "(gone)";
    std::string out;
    while (out.size() < entry.size)
      out += core_.run(session.read(*found.at(0), out.size(), piece)).value();
    return out;
  }

  ManualCore core_;
  std::vector<Core*> cores_{&core_.core()};
  Settings settings_;
  std::unique_ptr<kv::MemoryEngine> engine_;
  std::unique_ptr<MailStore> store_;
};

TEST_F(StoreTest, NewAccountHasItsMailboxes) {
  add_account(kAnn);
  const auto session = open();
  std::vector<std::string> names;
  for (const auto& info : core_.run(session->mailboxes()).value()) {
    names.push_back(info.name);
    EXPECT_TRUE(info.subscribed);
    EXPECT_GT(info.uid_validity.value(), 0U);
  }
  EXPECT_THAT(names, ElementsAre("Archive", "Drafts", "INBOX", "Junk", "Sent", "Trash"));
  EXPECT_EQ(box(*session, "Sent").special_use, SpecialUse::sent);
}

TEST_F(StoreTest, DeliversIntoTwoAccountsInOneCommit) {
  add_account(kAnn);
  add_account(kBob);
  const auto before = engine_->stats().appends;
  const auto placed = deliver({kBob, kAnn, kBob}, kMail, "Return-Path: <x@y>\r\n").value();
  EXPECT_EQ(engine_->stats().appends, before + 1);
  ASSERT_THAT(placed, SizeIs(3));
  EXPECT_EQ(placed[0].account, kBob);
  EXPECT_EQ(placed[1].account, kAnn);
  EXPECT_EQ(placed[0].uid, Uid{1});
  EXPECT_EQ(placed[2].uid, Uid{2});
  const auto bob = open(kBob);
  const auto seen = view(*bob);
  ASSERT_EQ(seen->size(), 2U);
  EXPECT_EQ(content(*bob, seen->at(1)), "Return-Path: <x@y>\r\n" + kMail);
  EXPECT_EQ(content(*bob, seen->at(1), 7), "Return-Path: <x@y>\r\n" + kMail);
  EXPECT_EQ(seen->info().unseen, 2U);
  EXPECT_EQ(seen->info().octets, 2 * (kMail.size() + 20));
  const auto quota = core_.run(bob->quota()).value();
  EXPECT_EQ(quota.used, 2 * (kMail.size() + 20));
}

TEST_F(StoreTest, LargeBodiesComeBackAsTheyWere) {
  add_account(kAnn);
  std::string big = kMail;
  for (int i = 0; big.size() < 3'000'000; ++i) big += "line " + std::to_string(i) + "\r\n";
  ASSERT_TRUE(deliver({kAnn}, big));
  const auto session = open();
  const auto entry = view(*session)->at(0);
  EXPECT_EQ(entry.size, big.size());
  EXPECT_EQ(content(*session, entry, 300'000), big);
}

TEST_F(StoreTest, WhatWasStreamedAndNeverCommittedIsSweptByTheNextProcess) {
  add_account(kAnn);
  const auto rows = [&] {
    kv::Range all{.begin = std::string{"\x01\x03", 2}, .end = std::string{"\x01\x04", 2}};
    return core_.run(engine_->published()->scan(all)).value().pairs.size();
  };
  auto draft = store_->new_draft();
  const std::string octets = core_.core().random.bytes(3'000'000);  // does not compress
  ASSERT_TRUE(core_.run(draft->feed(octets)));
  engine_->sync();
  EXPECT_GT(rows(), 10U);
  ASSERT_TRUE(core_.run(store_->sweep()));
  EXPECT_GT(rows(), 10U) << "our own drafts are left alone";
  draft.reset();
  start(engine_->crash());
  ASSERT_TRUE(core_.run(store_->sweep()));
  EXPECT_EQ(rows(), 0U);
}

TEST_F(StoreTest, WhatWasStreamedAndThrownAwayIsSweptWithoutARestart) {
  add_account(kAnn);
  const auto bodies = [&] {
    const kv::Range all{.begin = std::string{"\x01\x03", 2}, .end = std::string{"\x01\x04", 2}};
    return core_.run(engine_->published()->scan(all)).value().pairs.size();
  };
  auto draft = store_->new_draft();
  const std::string octets = core_.core().random.bytes(3'000'000);
  ASSERT_TRUE(core_.run(draft->feed(octets)));
  auto staged = core_.run(draft->finish()).value();
  draft.reset();
  engine_->sync();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(core_.run(store_->sweep()));
  EXPECT_GT(bodies(), 10U) << "somebody still holds it";
  staged.reset();
  ASSERT_TRUE(core_.run(store_->sweep()));
  EXPECT_GT(bodies(), 10U) << "seen once";
  ASSERT_TRUE(core_.run(store_->sweep()));
  EXPECT_EQ(bodies(), 0U);
}

TEST_F(StoreTest, ABodyWhoseStreamedPartWasLostIsNotAcknowledged) {
  add_account(kAnn);
  const auto draft = store_->new_draft();
  const std::string octets = "A: b\r\n\r\n" + core_.core().random.bytes(1'500'000);
  ASSERT_TRUE(core_.run(draft->feed(octets)));
  engine_->fail_next_sync();
  EXPECT_FALSE(engine_->sync());
  engine_->reopen();
  const auto message = core_.run(draft->finish()).value();
  const auto done = core_.run(store_->deliver(message, {{.account = kAnn}}, {}, false));
  EXPECT_EQ(done.error().code, Errc::unavailable) << "its first chunks are gone";
  const auto session = open();
  EXPECT_EQ(view(*session)->size(), 0U);
}

TEST_F(StoreTest, ReadsTheBeginningsOfMany) {
  add_account(kAnn);
  std::string big = kMail;
  while (big.size() < 300'000) big += "a line of text, again and again\r\n";
  ASSERT_TRUE(deliver({kAnn}, kMail, "Return-Path: <x@y>\r\n"));
  ASSERT_TRUE(deliver({kAnn}, big));
  ASSERT_TRUE(deliver({kAnn}, kMail));
  const auto session = open();
  const auto seen = view(*session);
  std::vector<MessageId> ids;
  for (std::size_t i = 0; i < seen->size(); ++i) ids.push_back(seen->at(i).message);
  std::vector<StoredMessage> messages;
  for (auto& one : core_.run(session->messages(ids)).value()) messages.push_back(*std::move(one));
  messages[2].elided = {{5, 10}};
  const std::string first = "Return-Path: <x@y>\r\n" + kMail;
  for (const std::size_t most : {0UL, 7UL, 25UL, 131'072UL, 140'000UL, 1'000'000UL}) {
    const auto got = core_.run(session->read_beginnings(messages, most)).value();
    EXPECT_THAT(got, ElementsAre(first.substr(0, most), big.substr(0, most),
                                 (kMail.substr(0, 5) + kMail.substr(10)).substr(0, most)))
        << most;
  }
  EXPECT_THAT(core_.run(session->read_beginnings({}, 10)).value(), IsEmpty());
  messages[0].body_size += 10;
  EXPECT_EQ(core_.run(session->read_beginnings(messages, 1000)).error().code, Errc::corrupt);
}

/// Many rows side by side, with gaps, and few of many.
TEST_F(StoreTest, FindsRowsHoweverManyAreAskedFor) {
  add_account(kAnn);
  for (int i = 0; i < 60; ++i) ASSERT_TRUE(deliver({kAnn}));
  const auto session = open();
  const auto before = view(*session);
  std::vector<Uid> all;
  std::vector<Uid> odd;
  for (std::uint32_t uid = 1; uid <= 60; ++uid) {
    all.emplace_back(uid);
    if (uid % 2 == 1) odd.emplace_back(uid);
  }
  const auto inbox = before->info().id;
  flag(*session, odd, StoreMode::add, {.system = Flags::kDeleted});
  EXPECT_EQ(view(*session)->info().deleted, 30U);
  EXPECT_EQ(core_.run(session->expunge(inbox, odd)).value(), odd);
  const auto rest = flag(*session, all, StoreMode::add, {.system = Flags::kSeen});
  EXPECT_EQ(rest.missing, odd);
  EXPECT_EQ(view(*session)->info().unseen, 0U);
  const auto archive = box(*session, "Archive").id;
  EXPECT_THAT(core_.run(session->copy(inbox, all, archive)).value().uids, SizeIs(30));
  EXPECT_THAT(core_.run(session->move(inbox, all, archive)).value().uids, SizeIs(30));
  std::vector<MessageId> ids;
  for (std::size_t i = 0; i < before->size(); ++i) ids.push_back(before->at(i).message);
  ids.push_back(MessageId{ids.back().value() + 7});
  const auto found = core_.run(session->messages(ids)).value();
  for (std::size_t i = 0; i < 60; ++i) EXPECT_EQ(found.at(i).value().id, ids[i]);
  EXPECT_FALSE(found.back());
}

TEST_F(StoreTest, FlagsFollowTheRules) {
  add_account(kAnn);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(deliver({kAnn}));
  const auto session = open();
  const auto before = view(*session);
  const auto done = flag(*session, {Uid{1}, Uid{3}, Uid{9}}, StoreMode::add,
                         {.system = Flags::kSeen, .keywords = {"$Work"}});
  EXPECT_THAT(done.missing, ElementsAre(Uid{9}));
  const auto after = view(*session);
  EXPECT_THAT(diff(*before, *after).changed, ElementsAre(0U, 2U));
  EXPECT_EQ(after->info().unseen, 1U);
  EXPECT_EQ(after->at(0).modseq, done.modseq);
  EXPECT_GT(done.modseq, before->info().highest_modseq);
  EXPECT_THAT(to_names(after->at(0).flags, after->info().keywords).keywords, ElementsAre("$Work"));

  const auto stale = flag(*session, {Uid{1}, Uid{2}}, StoreMode::replace,
                          {.system = Flags::kFlagged}, before->info().highest_modseq);
  EXPECT_THAT(stale.modified, ElementsAre(Uid{1}));
  EXPECT_EQ(view(*session)->at(1).flags.bits, Flags::kFlagged);

  const auto nothing = flag(*session, {Uid{2}}, StoreMode::add, {.system = Flags::kFlagged});
  EXPECT_EQ(nothing.modseq.value(), 0U);

  flag(*session, {Uid{1}}, StoreMode::remove, {.system = Flags::kSeen, .keywords = {"$WORK"}});
  EXPECT_EQ(view(*session)->at(0).flags.bits, 0U);
  EXPECT_EQ(view(*session)->info().unseen, 2U);
}

TEST_F(StoreTest, CopiesShareTheMessageAndMovesKeepIt) {
  add_account(kAnn);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(deliver({kAnn}));
  const auto session = open();
  flag(*session, {Uid{2}}, StoreMode::add, {.system = Flags::kSeen, .keywords = {"x"}});
  const auto inbox = box(*session, "INBOX").id;
  const auto trash = box(*session, "Trash").id;
  const auto copied = core_.run(session->copy(inbox, {Uid{1}, Uid{2}, Uid{7}}, trash)).value();
  EXPECT_THAT(copied.uids, ElementsAre(Pair(Uid{1}, Uid{1}), Pair(Uid{2}, Uid{2})));
  const auto there = view(*session, "Trash");
  EXPECT_EQ(there->at(1).message, view(*session)->at(1).message);
  EXPECT_THAT(to_names(there->at(1).flags, there->info().keywords).keywords, ElementsAre("x"));

  const auto moved = core_.run(session->move(inbox, {Uid{3}, Uid{2}}, trash)).value();
  EXPECT_THAT(moved.uids, SizeIs(2));
  EXPECT_THAT(uids(*session), ElementsAre(1U));
  EXPECT_THAT(uids(*session, "Trash"), ElementsAre(1U, 2U, 3U, 4U));
  for (std::size_t i = 0; i < 4; ++i)
    EXPECT_EQ(content(*session, view(*session, "Trash")->at(i)), kMail);
}

TEST_F(StoreTest, OneCommitMayChangeTwoPlacesOfOneMessage) {
  add_account(kAnn);
  ASSERT_TRUE(deliver({kAnn}));
  const auto session = open();
  const auto inbox = box(*session, "INBOX").id;
  const auto archive = box(*session, "Archive").id;
  ASSERT_TRUE(core_.run(session->copy(inbox, {Uid{1}}, inbox)));
  ASSERT_TRUE(core_.run(session->copy(inbox, {Uid{1}, Uid{2}}, archive)));
  flag(*session, {Uid{1}, Uid{2}}, StoreMode::add, {.system = Flags::kDeleted});
  EXPECT_THAT(core_.run(session->expunge(inbox, std::nullopt)).value(), SizeIs(2));
  const auto message = view(*session, "Archive")->at(0).message;
  const auto found = core_.run(engine_->published()->get({layout::places_key(kAnn, message)}));
  const auto places = layout::decode_places(found.value().at(0).value()).value();
  EXPECT_THAT(places.living, ElementsAre(Pair(archive, Uid{1}), Pair(archive, Uid{2})));
  EXPECT_EQ(places.gone, 2U);
}

TEST_F(StoreTest, ExpungedMailIsKeptForAWhileAndThenErased) {
  settings_.retention = std::chrono::days{14};
  add_account(kAnn);
  ASSERT_TRUE(deliver({kAnn}));
  ASSERT_TRUE(deliver({kAnn}));
  const auto session = open();
  const auto before = view(*session);
  const auto inbox = before->info().id;
  ASSERT_TRUE(core_.run(session->copy(inbox, {Uid{1}}, box(*session, "Archive").id)));
  EXPECT_THAT(core_.run(session->expunge(inbox, {})).value(), IsEmpty());
  flag(*session, {Uid{1}, Uid{2}}, StoreMode::add, {.system = Flags::kDeleted});
  EXPECT_THAT(core_.run(session->expunge(inbox, std::vector{Uid{2}, Uid{5}})).value(),
              ElementsAre(Uid{2}));
  EXPECT_THAT(core_.run(session->expunge(inbox, {})).value(), ElementsAre(Uid{1}));
  EXPECT_EQ(view(*session)->size(), 0U);
  EXPECT_EQ(content(*session, before->at(1)), kMail) << "a session that saw it may still read it";
  EXPECT_EQ(core_.run(session->quota()).value().used, kMail.size());

  core_.advance(std::chrono::days{15});
  ASSERT_TRUE(core_.run(store_->sweep()));
  EXPECT_EQ(content(*session, before->at(1)), "(gone)");
  EXPECT_EQ(content(*session, view(*session, "Archive")->at(0)), kMail);
  EXPECT_EQ(store_->stats().swept_blobs, 1U);

  const auto archive = box(*session, "Archive").id;
  ASSERT_TRUE(core_.run(session->change_flags({.mailbox = archive,
                                               .uids = {Uid{1}},
                                               .mode = StoreMode::add,
                                               .flags = {.system = Flags::kDeleted}})));
  ASSERT_TRUE(core_.run(session->expunge(archive, {})));
  core_.advance(std::chrono::days{15});
  ASSERT_TRUE(core_.run(store_->sweep()));
  EXPECT_EQ(store_->stats().swept_blobs, 2U);
}

TEST_F(StoreTest, KnowsWhatWentLongAgo) {
  add_account(kAnn);
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(deliver({kAnn}));
  const auto session = open();
  const auto before = view(*session)->info();
  const auto began = core_.clock().now();
  const auto gone = [&](ModSeq modseq, Timestamp seen) {
    return core_.run(session->long_gone(before.id, modseq, seen)).value();
  };
  ASSERT_TRUE(core_.run(session->move(before.id, {Uid{3}}, box(*session, "Trash").id)));
  const auto after_move = view(*session)->info().highest_modseq;
  core_.advance(std::chrono::minutes{10});
  flag(*session, {Uid{1}, Uid{4}}, StoreMode::add, {.system = Flags::kDeleted});
  ASSERT_TRUE(core_.run(session->expunge(before.id, std::vector{Uid{1}})));
  core_.advance(std::chrono::minutes{49});
  EXPECT_THAT(gone(before.highest_modseq, began), IsEmpty());
  core_.advance(std::chrono::minutes{1});
  EXPECT_THAT(gone(before.highest_modseq, began), ElementsAre(Uid{3}));
  core_.advance(std::chrono::minutes{10});
  ASSERT_TRUE(core_.run(session->expunge(before.id, std::nullopt)));
  EXPECT_THAT(gone(before.highest_modseq, began), ElementsAre(Uid{1}, Uid{3}));
  EXPECT_THAT(gone(after_move, began), ElementsAre(Uid{1})) << "the rest was told";
  EXPECT_THAT(gone(before.highest_modseq, core_.clock().now()), IsEmpty());
  const auto none = core_.run(session->long_gone(MailboxId{77}, ModSeq{1}, began));
  EXPECT_EQ(none.error().code, Errc::not_found);
}

TEST_F(StoreTest, WithoutRetentionASessionStillReadsForAnHourWhatItSawGo) {
  settings_.retention = Duration{0};
  start(engine_->crash());
  add_account(kAnn);
  ASSERT_TRUE(deliver({kAnn}));
  ASSERT_TRUE(deliver({kAnn}));
  const auto session = open();
  const auto before = view(*session);
  const auto inbox = before->info().id;
  flag(*session, {Uid{1}, Uid{2}}, StoreMode::add, {.system = Flags::kDeleted});
  ASSERT_TRUE(core_.run(session->expunge(inbox, std::vector{Uid{1}})));
  core_.advance(std::chrono::minutes{59});
  ASSERT_TRUE(core_.run(store_->sweep()));
  EXPECT_EQ(content(*session, before->at(0)), kMail);
  core_.advance(std::chrono::minutes{2});
  ASSERT_TRUE(core_.run(store_->sweep()));
  EXPECT_EQ(content(*session, before->at(0)), "(gone)");

  engine_->set_low_space(true);
  ASSERT_TRUE(core_.run(session->expunge(inbox, std::vector{Uid{2}})));
  core_.advance(std::chrono::seconds{1});
  ASSERT_TRUE(core_.run(store_->sweep()));
  EXPECT_EQ(content(*session, before->at(1)), "(gone)") << "its room is needed";
}

TEST_F(StoreTest, MailboxesAreMadeRenamedAndRemoved) {
  add_account(kAnn);
  const auto session = open();
  ASSERT_TRUE(core_.run(session->create_mailbox("a/b/c", SpecialUse::none)));
  EXPECT_TRUE(core_.run(session->mailbox("a/b")));
  EXPECT_EQ(core_.run(session->create_mailbox("a/b", SpecialUse::none)).error().code,
            Errc::already_exists);
  EXPECT_EQ(core_.run(session->create_mailbox("x", SpecialUse::sent)).error().code, Errc::conflict);
  const auto validity = box(*session, "a/b").uid_validity;
  ASSERT_TRUE(core_.run(session->rename_mailbox("a", "z/y")));
  EXPECT_TRUE(core_.run(session->mailbox("z")));
  EXPECT_EQ(box(*session, "z/y/b").uid_validity, validity);
  EXPECT_TRUE(core_.run(session->mailbox("z/y/b/c")));
  EXPECT_EQ(core_.run(session->mailbox("a/b")).error().code, Errc::not_found);

  const auto box_b = box(*session, "z/y/b");
  ASSERT_TRUE(core_.run(session->append({{.mailbox = box_b.id, .message = staged()}})));
  ASSERT_TRUE(core_.run(session->delete_mailbox("z/y/b")));
  EXPECT_EQ(core_.run(session->mailbox("z/y/b")).error().code, Errc::not_found);
  EXPECT_TRUE(core_.run(session->mailbox("z/y/b/c"))) << "children stay";
  EXPECT_EQ(core_.run(session->quota()).value().used, 0U);
  const auto again = core_.run(session->create_mailbox("z/y/b", SpecialUse::none)).value();
  EXPECT_NE(again.id, box_b.id);
  EXPECT_GT(again.uid_validity, box_b.uid_validity);
  EXPECT_EQ(core_.run(session->delete_mailbox("inbox")).error().code, Errc::not_permitted);
}

TEST_F(StoreTest, RenamingInboxMovesItsMail) {
  add_account(kAnn);
  ASSERT_TRUE(deliver({kAnn}));
  const auto session = open();
  ASSERT_TRUE(core_.run(session->rename_mailbox("INBOX", "old/mail")));
  EXPECT_THAT(uids(*session), IsEmpty());
  EXPECT_THAT(uids(*session, "old/mail"), ElementsAre(1U));
  ASSERT_TRUE(deliver({kAnn}));
  EXPECT_THAT(uids(*session), ElementsAre(2U)) << "UIDs go on";
}

TEST_F(StoreTest, QuotaAnswersAsItShould) {
  add_account(kAnn, 1000);
  const auto check = [&](std::uint64_t size) {
    return core_.run(store_->check_quota(kAnn, size)).value();
  };
  EXPECT_EQ(check(1001), QuotaVerdict::never_fits);
  EXPECT_EQ(check(1000), QuotaVerdict::ok);
  ASSERT_TRUE(deliver({kAnn}, "\r\n" + std::string(950, 'x') + "\r\n"));
  EXPECT_EQ(check(0), QuotaVerdict::ok);
  EXPECT_EQ(check(100), QuotaVerdict::ok) << "the message that crosses is taken";
  EXPECT_EQ(check(200), QuotaVerdict::full);
  ASSERT_TRUE(deliver({kAnn}, "\r\n" + std::string(96, 'x') + "\r\n"));
  EXPECT_EQ(check(0), QuotaVerdict::full);
  core_.advance(std::chrono::hours{71});
  EXPECT_EQ(check(0), QuotaVerdict::full);
  core_.advance(std::chrono::hours{2});
  EXPECT_EQ(check(0), QuotaVerdict::full_long);
  const auto refused = deliver({kAnn}, "\r\n" + std::string(200, 'x') + "\r\n");
  EXPECT_EQ(refused.error().code, Errc::over_quota);
  const auto session = open();
  const auto appended =
      core_.run(session->append({{.mailbox = box(*session, "INBOX").id, .message = staged()}}));
  EXPECT_EQ(appended.error().code, Errc::over_quota);
  ASSERT_TRUE(core_.run(store_->set_quota(kAnn, 100'000)));
  EXPECT_EQ(check(0), QuotaVerdict::ok);
}

TEST_F(StoreTest, NothingIsShownBeforeItIsDurable) {
  engine_ = std::make_unique<kv::MemoryEngine>(
      kv::MemoryEngine::Options{.sync = kv::MemoryEngine::Sync::manual});
  store_ = make_mail_store(*engine_, cores_, settings_);
  kv::Batch batch;
  store_->add_account(kAnn, 0, batch);
  core_.try_run(commit(std::move(batch)));
  engine_->sync();
  core_.poll();
  const auto session = open();
  const auto before = view(*session);
  int told = 0;
  const auto subscription = session->subscribe_changes(core_.core().executor, [&told] { ++told; });
  core_.poll();
  EXPECT_EQ(told, 1) << "whoever subscribes looks once";
  told = 0;
  const auto message = staged();
  const auto done = core_.try_run(store_->deliver(message, {{.account = kAnn}}, {}, false));
  EXPECT_FALSE(done) << "250 must wait for the sync";
  EXPECT_EQ(view(*session)->size(), 0U);
  EXPECT_EQ(told, 0);
  engine_->sync();
  core_.poll();
  EXPECT_EQ(view(*session)->size(), 1U);
  EXPECT_EQ(told, 1);
  EXPECT_EQ(before->size(), 0U);
}

TEST_F(StoreTest, AFailedSyncShowsNothingAndEndsTheSession) {
  add_account(kAnn);
  ASSERT_TRUE(deliver({kAnn}));
  const auto session = open();
  engine_->fail_next_sync();
  EXPECT_EQ(deliver({kAnn}).error().code, Errc::outcome_unknown);
  EXPECT_EQ(view(*session)->size(), 1U) << "reading goes on";
  EXPECT_EQ(deliver({kAnn}).error().code, Errc::unavailable);
  EXPECT_FALSE(session->stale());
  engine_->reopen();
  EXPECT_TRUE(session->stale());
  const auto fresh = open();
  EXPECT_EQ(view(*fresh)->size(), 1U);
  const auto placed = deliver({kAnn}).value();
  EXPECT_EQ(placed.at(0).uid, Uid{2});
  EXPECT_EQ(view(*fresh)->size(), 2U);
}

TEST_F(StoreTest, RemovedAccountsLeaveNothing) {
  add_account(kAnn);
  add_account(kBob);
  ASSERT_TRUE(deliver({kAnn, kBob}));
  ASSERT_TRUE(deliver({kAnn}));
  ASSERT_TRUE(core_.run(store_->remove_account(kAnn)));
  ASSERT_TRUE(core_.run(store_->sweep()));
  EXPECT_EQ(store_->stats().swept_blobs, 1U) << "Bob still has the other";
  const auto bob = open(kBob);
  EXPECT_EQ(content(*bob, view(*bob)->at(0)), kMail);
  EXPECT_EQ(deliver({kAnn}).error().code, Errc::not_found);
}

TEST_F(StoreTest, ViewsReadWhileMailArrivesMissNothing) {
  add_account(kAnn);
  std::size_t before = 0;
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(deliver({kAnn}));
    start(engine_->crash());  // a fresh process: no views
    const auto session = open();
    const auto inbox = box(*session, "INBOX").id;
    // The view and a delivery, step by step together.
    Result<std::shared_ptr<const MailboxView>> seen = fail(Errc::io_failed);
    const auto look = [&]() -> Task<> { seen = co_await session->view(inbox); };
    const auto message = staged();
    const auto arrive = [&]() -> Task<> {
      const auto done = co_await store_->deliver(message, {{.account = kAnn}}, {}, false);
      EXPECT_TRUE(done);
    };
    core_.group().spawn(look());
    core_.group().spawn(arrive());
    core_.poll();
    ASSERT_TRUE(seen);
    before += 2;
    EXPECT_EQ(view(*session)->size(), before);
    EXPECT_GE((*seen)->size(), before - 1);
  }
}

}  // namespace
}  // namespace postern::store
