#include "verify/verify.hpp"

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/manual_core.hpp"
#include "directory/directory.hpp"
#include "kv/memory_engine.hpp"
#include "layout/keys.hpp"
#include "layout/records.hpp"
#include "queue/codec.hpp"
#include "reports/received_codec.hpp"
#include "reports/seen_codec.hpp"
#include "store/mail_store.hpp"
#include "trace/trace.hpp"
#include "vocab/try.hpp"

namespace postern::verify {
namespace {

using ::testing::Contains;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const std::string kMail =
    "From: a@example.org\r\nTo: b@example.org\r\nSubject: hello\r\n\r\nA body.\r\n";

/// A store with everything in it that there is, as a disk would hold it.
class Sample {
 public:
  Sample() {
    core_.run(fill()).value();
    engine_.sync();
    disk = engine_.crash();
  }

  kv::MemoryDisk disk;
  AccountId ann;
  AccountId bob;
  MailboxId inbox;

 private:
  Task<Result<void>> fill() {
    POSTERN_CO_TRY(const auto people,
                   co_await directory::open_directory(
                       engine_, *store_, core_.core(), pool_,
                       {.argon2_memory_kib = 64, .argon2_passes = 1, .scram_iterations = 4096}));
    POSTERN_CO_CHECK(co_await people->add_domain({.name = "example.org"}));
    POSTERN_CO_CHECK(
        co_await people->add_domain({.name = "other.example", .alias_of = "example.org"}));
    const Secret<std::string> word{"a word"};
    POSTERN_CO_TRY(ann, co_await people->add_account("Ann@example.org", word, 1'000'000));
    POSTERN_CO_TRY(bob, co_await people->add_account("bob@example.org", word, 0));
    POSTERN_CO_CHECK(
        co_await people->put_alias({.address = "all@example.org", .members = {"ann@example.org"}}));
    POSTERN_CO_CHECK(co_await deliver(kMail, {ann, bob, ann}));
    POSTERN_CO_CHECK(co_await deliver(kMail + std::string(300'000, 'x') + "\r\n", {ann}));
    POSTERN_CO_CHECK(co_await deliver(kMail, {}));
    co_return co_await use_mailboxes();
  }

  /// Without accounts: into the queue.
  Task<Result<void>> deliver(std::string octets, std::vector<AccountId> to) {
    const auto draft = store_->new_draft();
    POSTERN_CO_CHECK(co_await draft->feed(octets));
    POSTERN_CO_TRY(const auto staged, co_await draft->finish());
    std::vector<store::Placement> placements;
    for (const auto account : to) {
      placements.push_back({.account = account,
                            .mailbox = store::SpecialUse::none,
                            .prefix = "Return-Path: <>\r\n",
                            .elided = {{.begin = 0, .end = 21}}});
    }
    kv::Batch also;
    const auto now = core_.clock().now();
    const trace::Event event{.id = TraceId{7}, .time = now, .fields = {{"size", "12"}}};
    log_->add(also, event, {"ann@example.org"});
    if (to.empty()) {
      queue::Message message{
          .id = QueueId{99}, .blob = staged->blob, .body_size = staged->size, .due = now};
      message.recipients.push_back({.address = smtp::parse_address("x@remote.example").value()});
      also.put(queue::message_key(message.id), queue::encode(message));
      also.put(queue::due_key(message.due, message.id), {});
    }
    POSTERN_CO_CHECK(
        co_await store_->deliver(staged, std::move(placements), std::move(also), to.empty()));
    co_return Result<void>{};
  }

  Task<Result<void>> use_mailboxes() {
    const auto session = store_->open(ann, "ann@example.org");
    POSTERN_CO_TRY(const auto from, co_await session->mailbox("INBOX"));
    POSTERN_CO_TRY(const auto to, co_await session->mailbox("Archive"));
    inbox = from.id;
    store::FlagChange flags{.mailbox = inbox, .uids = {Uid{1}, Uid{2}}};
    flags.flags = {.system = store::Flags::kDeleted, .keywords = {"$Work"}};
    POSTERN_CO_CHECK(co_await session->change_flags(std::move(flags)));
    POSTERN_CO_CHECK(co_await session->copy(inbox, {Uid{1}, Uid{3}}, to.id));
    POSTERN_CO_CHECK(co_await session->expunge(inbox, std::vector<Uid>{Uid{2}}));
    co_return Result<void>{};
  }

  ManualCore core_;
  InlinePool pool_;
  std::vector<Core*> cores_{&core_.core()};
  kv::MemoryEngine engine_;
  std::unique_ptr<store::MailStore> store_ = store::make_mail_store(engine_, cores_, {});
  std::unique_ptr<trace::Log> log_ = trace::make_log(engine_, core_.core());
};

const Sample& sample() {
  static const Sample made;
  return made;
}

Report check(const kv::MemoryDisk& disk) {
  ManualCore core;
  const kv::MemoryEngine engine{kv::MemoryEngine::Options{}, disk};
  return core.run(verify_store(engine.published())).value();
}

std::string kind_of(const std::string& key) {
  return key.substr(1, 1) + key.substr(key[1] == '\x02' ? 10 : 4, 1);
}
std::string kind(layout::Space space, auto of) {
  return {static_cast<char>(space), static_cast<char>(of)};
}

TEST(Verify, SoundStoreIsClean) {
  const auto report = check(sample().disk);
  EXPECT_THAT(report.findings, IsEmpty())
      << report.findings.front().where << ": " << report.findings.front().what;
  EXPECT_TRUE(report.clean());
  EXPECT_EQ(report.counts.keys, sample().disk.size());
  EXPECT_EQ(report.counts.domains, 2U);
  EXPECT_EQ(report.counts.accounts, 2U);
  EXPECT_EQ(report.counts.addresses, 3U);
  EXPECT_EQ(report.counts.mailboxes, 12U);
  EXPECT_EQ(report.counts.messages, 4U);
  EXPECT_EQ(report.counts.entries, 5U);
  EXPECT_EQ(report.counts.gone, 1U);
  EXPECT_EQ(report.counts.bodies, 3U);
  EXPECT_EQ(report.counts.chunks, 5U);
  EXPECT_EQ(report.counts.queued, 1U);
  EXPECT_EQ(report.counts.trace_events, 3U);
}

/// Space `reports`, which refers to nothing.
kv::MemoryDisk with_reports() {
  auto disk = sample().disk;
  const reports::Subject subject{.day = 20'000, .domain = "example.net"};
  disk[reports::seen_key({.subject = subject, .run = 1})] =
      reports::encode_chunk({.rows = {{.count = 1, .header_from = "example.net"}}});
  disk[reports::done_key(subject)] = reports::encode_done({.report_id = "1"});
  const reports::Received report{.reporter = "example.com", .domain = "example.org"};
  disk[reports::received_key(report)] = reports::encode_received(report);
  return disk;
}

TEST(Verify, ReadsReports) {
  EXPECT_TRUE(check(with_reports()).clean());
  for (const auto& [key, value] : with_reports()) {
    if (sample().disk.contains(key)) continue;
    auto broken = with_reports();
    broken[key] = std::string(1, '\0') + value;
    EXPECT_FALSE(check(broken).clean()) << testing::PrintToString(key);
    auto moved = sample().disk;
    moved[key.substr(0, key.size() - 1)] = value;
    EXPECT_FALSE(check(moved).clean()) << testing::PrintToString(key);
    auto elsewhere = sample().disk;
    auto other = key;
    other.back() = static_cast<char>(other.back() ^ 1);
    elsewhere[other] = value;
    EXPECT_FALSE(check(elsewhere).clean()) << testing::PrintToString(key);
  }
}

TEST(Verify, SampleHoldsEveryKindOfRecord) {
  std::set<std::string> seen;
  for (const auto& [key, value] : sample().disk) seen.insert(kind_of(key));
  using layout::Space;
  for (int of = 1; of <= 5; ++of) EXPECT_THAT(seen, Contains(kind(Space::system, of)));
  for (int of = 1; of <= 8; ++of) EXPECT_THAT(seen, Contains(kind(Space::account, of)));
  for (int of = 1; of <= 2; ++of) {
    EXPECT_THAT(seen, Contains(kind(Space::blob, of)));
    EXPECT_THAT(seen, Contains(kind(Space::queue, of)));
    EXPECT_THAT(seen, Contains(kind(Space::trace, of)));
  }
}

/// What nothing else counts or refers to.
bool may_be_missing(const std::string& key) {
  const auto of = kind_of(key);
  const auto name = key.substr(std::min<std::size_t>(key.size(), 5));
  return of[0] == '\x05' || of == kind(layout::Space::account, layout::AccountKind::vanished) ||
         (of == kind(layout::Space::system, layout::SystemKind::domain) &&
          name == "other.example") ||
         (of == kind(layout::Space::system, layout::SystemKind::address) &&
          name.ends_with("all")) ||
         // An account's folders may be fewer; which are empty and not counted by anyone.
         of == kind(layout::Space::account, layout::AccountKind::mailbox);
}

TEST(Verify, MissesWhateverIsTakenAway) {
  for (const auto& [key, value] : sample().disk) {
    if (may_be_missing(key)) continue;
    auto disk = sample().disk;
    disk.erase(key);
    EXPECT_FALSE(check(disk).clean()) << testing::PrintToString(key);
  }
}

TEST(Verify, SeesEveryRecordThatCannotBeRead) {
  for (const auto& [key, value] : sample().disk) {
    if (value.empty()) continue;
    auto disk = sample().disk;
    disk[key] = std::string(1, '\0') + value;
    EXPECT_FALSE(check(disk).clean()) << testing::PrintToString(key);
  }
}

TEST(Verify, SeesKeysThatAreNotOurs) {
  for (const auto& [key, value] : sample().disk) {
    // The end of a domain, an address and a vanished record's neighbours is free text or a number.
    for (const auto& strange : {std::string{'\x02'} + key.substr(1), key.substr(0, 3),
                                key.substr(0, 1) + "\x09" + key.substr(2)}) {
      auto disk = sample().disk;
      disk[strange] = value;
      EXPECT_FALSE(check(disk).clean()) << testing::PrintToString(strange);
    }
  }
}

/// One invariant broken by hand, and the words for it.
struct Breach {
  std::string name;
  std::function<void(kv::MemoryDisk&)> make;
  std::string what;
};

template <class Record>
void change(kv::MemoryDisk& disk, const std::string& key,
            Result<Record> (*decode)(std::string_view), const std::function<void(Record&)>& edit) {
  auto record = decode(disk.at(key)).value();
  edit(record);
  disk[key] = layout::encode(record);
}
void state(kv::MemoryDisk& disk, const std::function<void(layout::StateRecord&)>& edit) {
  change<layout::StateRecord>(disk, layout::state_key(sample().ann), layout::decode_state, edit);
}
void inbox(kv::MemoryDisk& disk, const std::function<void(layout::MailboxRecord&)>& edit) {
  change<layout::MailboxRecord>(disk, layout::mailbox_key(sample().ann, sample().inbox),
                                layout::decode_mailbox, edit);
}
void entry(kv::MemoryDisk& disk, const std::function<void(layout::EntryRecord&)>& edit) {
  change<layout::EntryRecord>(disk, layout::entry_key(sample().ann, sample().inbox, Uid{1}),
                              layout::decode_entry, edit);
}
MessageId first_message(const kv::MemoryDisk& disk) {
  return layout::decode_entry(disk.at(layout::entry_key(sample().ann, sample().inbox, Uid{1})))
      .value()
      .message;
}
void message(kv::MemoryDisk& disk, const std::function<void(layout::MessageRecord&)>& edit) {
  change<layout::MessageRecord>(disk, layout::message_key(sample().ann, first_message(disk)),
                                layout::decode_message, edit);
}
void places(kv::MemoryDisk& disk, const std::function<void(layout::PlacesRecord&)>& edit) {
  change<layout::PlacesRecord>(disk, layout::places_key(sample().ann, first_message(disk)),
                               layout::decode_places, edit);
}
BlobId first_blob(const kv::MemoryDisk& disk) {
  return layout::decode_message(disk.at(layout::message_key(sample().ann, first_message(disk))))
      .value()
      .blob;
}
void queued(kv::MemoryDisk& disk, const std::function<void(queue::Message&)>& edit) {
  const auto key = queue::message_key(QueueId{99});
  auto record = queue::decode_message(QueueId{99}, disk.at(key)).value();
  edit(record);
  disk[key] = queue::encode(record);
}

const BlobId kStrange{1, 2, 3};

std::vector<Breach> breaches() {
  using Disk = kv::MemoryDisk;
  return {
      {"Used", [](Disk& d) { state(d, [](auto& r) { ++r.used; }); }, "octets are used"},
      {"FullSince", [](Disk& d) { state(d, [](auto& r) { r.full_since = from_micros(1); }); },
       "not full"},
      {"Full", [](Disk& d) { state(d, [](auto& r) { r.quota = 1; }); }, "since when"},
      {"Counter", [](Disk& d) { state(d, [](auto& r) { r.counter = 3; }); }, "change counter"},
      {"Validity", [](Disk& d) { state(d, [](auto& r) { r.uid_validity = 1; }); },
       "UIDVALIDITY was never"},
      {"Messages", [](Disk& d) { inbox(d, [](auto& r) { ++r.messages; }); }, "messages, and has"},
      {"Unseen", [](Disk& d) { inbox(d, [](auto& r) { ++r.unseen; }); }, "unseen, and has"},
      {"Deleted", [](Disk& d) { inbox(d, [](auto& r) { ++r.deleted; }); }, "deleted, and has"},
      {"Octets", [](Disk& d) { inbox(d, [](auto& r) { ++r.octets; }); }, "octets, and has"},
      {"UidNext", [](Disk& d) { inbox(d, [](auto& r) { r.uid_next = Uid{1}; }); },
       "UID was never given out"},
      {"HighestModSeq", [](Disk& d) { inbox(d, [](auto& r) { r.highest_modseq = ModSeq{1}; }); },
       "MODSEQ is above"},
      {"Name", [](Disk& d) { inbox(d, [](auto& r) { r.name = "a//b"; }); }, "its name is none"},
      {"NoInbox", [](Disk& d) { inbox(d, [](auto& r) { r.name = "a"; }); }, "has no INBOX"},
      {"SameName", [](Disk& d) { inbox(d, [](auto& r) { r.name = "Sent"; }); },
       "another mailbox has its name"},
      {"SameUse", [](Disk& d) { inbox(d, [](auto& r) { r.special_use = 3; }); },
       "another mailbox has its special use"},
      {"UnknownUse", [](Disk& d) { inbox(d, [](auto& r) { r.special_use = 200; }); },
       "special use is unknown"},
      {"SameValidity",
       [](Disk& d) {
         inbox(d, [](auto& r) { r.uid_validity = UidValidity{r.uid_validity.value() + 1}; });
       },
       "another mailbox has its UIDVALIDITY"},
      {"Keywords", [](Disk& d) { inbox(d, [](auto& r) { r.keywords.clear(); }); },
       "flags without a name"},
      {"EntrySize", [](Disk& d) { entry(d, [](auto& r) { ++r.size; }); }, "and its message has"},
      {"EntryModSeq", [](Disk& d) { entry(d, [](auto& r) { r.modseq = ModSeq{1U << 30U}; }); },
       "MODSEQ is above"},
      {"EntryOfNothing", [](Disk& d) { entry(d, [](auto& r) { r.message = MessageId{3}; }); },
       "its message does not exist"},
      {"EntryNotShared", [](Disk& d) { entry(d, [](auto& r) { r.shared = false; }); },
       "does not know that its message is shared"},
      {"Places",
       [](Disk& d) { places(d, [](auto& r) { r.living.emplace_back(MailboxId{2}, Uid{77}); }); },
       "not those of its entries"},
      {"Gone", [](Disk& d) { places(d, [](auto& r) { ++r.gone; }); }, "it is gone from"},
      {"Envelope", [](Disk& d) { message(d, [](auto& r) { r.envelope = "?"; }); }, "its envelope"},
      {"Structure", [](Disk& d) { message(d, [](auto& r) { r.structure = "?"; }); },
       "its body structure"},
      {"Thread", [](Disk& d) { message(d, [](auto& r) { r.thread = 1U << 30U; }); },
       "id or thread"},
      {"BodySize", [](Disk& d) { message(d, [](auto& r) { ++r.body_size; }); }, "needs"},
      {"Blob", [](Disk& d) { message(d, [](auto& r) { r.blob = kStrange; }); }, "has no link"},
      {"BlobCount",
       [](Disk& d) {
         d[layout::blob_count_key(sample().ann, first_blob(d))] = layout::encode_count(5);
       },
       "says 5 messages share it"},
      {"CountOfNothing",
       [](Disk& d) { d[layout::blob_count_key(sample().ann, kStrange)] = layout::encode_count(2); },
       "is counted, and no message has it"},
      {"VanishedLives",
       [](Disk& d) {
         d[layout::vanished_key(sample().ann, sample().inbox, ModSeq{9})] =
             layout::encode(layout::VanishedRecord{.uids = {Uid{1}}});
       },
       "has vanished and is there"},
      {"VanishedTwice",
       [](Disk& d) {
         d[layout::vanished_key(sample().ann, sample().inbox, ModSeq{9})] =
             layout::encode(layout::VanishedRecord{.uids = {Uid{2}}});
       },
       "vanished twice"},
      {"VanishedBefore",
       [](Disk& d) {
         d[layout::vanished_key(sample().ann, sample().inbox, ModSeq{9})] =
             layout::encode(layout::VanishedRecord{.uids = {Uid{400}}});
       },
       "never given out"},
      {"VanishedFromNowhere",
       [](Disk& d) {
         d[layout::vanished_key(sample().ann, MailboxId{1}, ModSeq{9})] =
             layout::encode(layout::VanishedRecord{.uids = {Uid{1}}});
       },
       "it does not exist"},
      {"GoneLives",
       [](Disk& d) {
         layout::GoneRecord gone;
         gone.message = first_message(d);
         d[layout::gone_key(sample().ann, from_micros(9), sample().inbox, Uid{1})] =
             layout::encode(gone);
       },
       "is gone and is there"},
      {"StrangeAccount",
       [](Disk& d) { d[layout::state_key(AccountId{5})] = layout::encode(layout::StateRecord{}); },
       "the directory does not know it"},
      {"StrangeLink", [](Disk& d) { d[layout::link_key(first_blob(d), AccountId{5})] = ""; },
       "has a link to it, and no message"},
      {"QueueLink", [](Disk& d) { d[layout::link_key(first_blob(d), layout::kQueueAccount)] = ""; },
       "the queue has a link to it, and no message"},
      {"Orphan",
       [](Disk& d) {
         d[layout::chunk_key(kStrange, 0)] = d.at(layout::chunk_key(first_blob(d), 0));
       },
       "nobody will erase it"},
      {"PendingInUse", [](Disk& d) { d[layout::pending_key(first_blob(d))] = "\x01"; },
       "will be erased at the next start"},
      {"ChunkGap",
       [](Disk& d) {
         d[layout::chunk_key(first_blob(d), 2)] = d.at(layout::chunk_key(first_blob(d), 0));
       },
       "stands where chunk 1 should"},
      {"ChunkDamage",
       [](Disk& d) {
         auto& chunk = d.at(layout::chunk_key(first_blob(d), 0));
         chunk.back() = static_cast<char>(chunk.back() ^ 1);
       },
       "chunk 0: corrupt"},
      {"QueueDue", [](Disk& d) { queued(d, [](auto& r) { r.due += Duration{1}; }); },
       "another time than its own"},
      {"QueueDueTwice", [](Disk& d) { d[queue::due_key(from_micros(5), QueueId{99})] = ""; },
       "due more than once"},
      {"QueueDueNothing", [](Disk& d) { d[queue::due_key(from_micros(5), QueueId{98})] = ""; },
       "does not exist"},
      {"QueueOrder",
       [](Disk& d) { d[queue::order_key(QueueId{98})] = queue::encode(queue::Order{}); },
       "has an order, and"},
      {"QueueOrderDamage", [](Disk& d) { d[queue::order_key(QueueId{99})] = "\x01\x02"; },
       "an order about it: corrupt"},
      {"QueueRecipients", [](Disk& d) { queued(d, [](auto& r) { r.recipients.clear(); }); },
       "has no recipients"},
      {"QueueBody", [](Disk& d) { queued(d, [](auto& r) { r.body_size = 3; }); },
       "the queue needs 3"},
  };
}

class VerifyBreach : public testing::TestWithParam<Breach> {};

TEST_P(VerifyBreach, IsFound) {
  auto disk = sample().disk;
  GetParam().make(disk);
  const auto report = check(disk);
  EXPECT_FALSE(report.clean());
  EXPECT_THAT(report.findings, Contains(Field(&Finding::what, HasSubstr(GetParam().what))));
}

INSTANTIATE_TEST_SUITE_P(Every, VerifyBreach, testing::ValuesIn(breaches()),
                         [](const auto& instance) { return instance.param.name; });

TEST(Verify, WhatTheSweeperWillTakeIsNoFinding) {
  auto disk = sample().disk;
  const auto chunk = disk.at(layout::chunk_key(first_blob(disk), 0));
  const BlobId late{2, 2};
  disk[layout::chunk_key(kStrange, 0)] = chunk;
  disk[layout::pending_key(kStrange)] = "\x01";
  disk[layout::chunk_key(late, 0)] = chunk;
  disk[layout::erase_key(layout::shard_of(late), from_micros(1), late)] = "";
  const auto report = check(disk);
  EXPECT_TRUE(report.clean()) << report.findings.front().what;
  EXPECT_EQ(report.counts.pending, 1U);
}

TEST(Verify, ListsSomeOfManyFindings) {
  auto disk = sample().disk;
  for (std::uint64_t i = 0; i < 2 * Report::kMaxFindings; ++i)
    disk[queue::due_key(from_micros(5), QueueId{1000 + i})] = "";
  const auto report = check(disk);
  EXPECT_EQ(report.findings.size(), Report::kMaxFindings);
  EXPECT_EQ(report.found, 2 * Report::kMaxFindings);
}

TEST(Verify, AnEmptyStoreLacksItsIdentity) {
  EXPECT_EQ(check({}).found, 1U);
}

}  // namespace
}  // namespace postern::verify
