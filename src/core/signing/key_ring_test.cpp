#include "signing/key_ring.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/manual_core.hpp"
#include "dkim/key_record.hpp"
#include "dkim/sign.hpp"
#include "dkim/verify.hpp"
#include "kv/memory_engine.hpp"
#include "log/log.hpp"
#include "resolver/scripted.hpp"
#include "signing/key_codec.hpp"

namespace postern::signing {
namespace {

using crypto::KeyKind;
using std::chrono::days;
using std::chrono::hours;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const std::string kMail = "From: Ann <ann@example.org>\r\nSubject: hi\r\n\r\nHello.\r\n";

class KeyRingTest : public ::testing::Test, private log::Sink {
 protected:
  KeyRingTest() { start({}); }

  void start(const kv::MemoryDisk& disk) { start(disk, secret_); }
  void start(const kv::MemoryDisk& disk, const InstallationSecret& secret) {
    ring_.reset();
    engine_ = std::make_unique<kv::MemoryEngine>(kv::MemoryEngine::Options{}, disk);
    auto opened = machine_.run(KeyRing::open({.engine = *engine_,
                                              .home = machine_.core(),
                                              .pool = pool_,
                                              .logger = log::Logger{backend_}},
                                             secret));
    ASSERT_TRUE(opened) << opened.error().detail;
    ring_ = *std::move(opened);
  }
  void restart() { start(engine_->crash(std::nullopt)); }

  KeyRing::Listed make(KeyKind kind = KeyKind::ed25519, std::string domain = "example.org") {
    auto made = machine_.run(ring_->make(std::move(domain), {}, kind));
    EXPECT_TRUE(made);
    return made.value_or(KeyRing::Listed{});
  }
  Result<void> done(Task<Result<void>> task) { return machine_.run(std::move(task)); }
  std::string sign(const std::string& mail) {
    const auto read = dkim::read_message(mail, {.bodies = {dkim::kSignedBody}});
    return machine_.run(ring_->sign(read)).value().fields;
  }
  KeyFacts facts(const KeyName& name) {
    for (const auto& key : ring_->list()) {
      if (key.name == name) return key.facts;
    }
    ADD_FAILURE() << "no key " << name.selector;
    return {};
  }
  void publish(const KeyRing::Listed& key) {
    dns_.add(key.name.selector + "._domainkey." + key.name.domain, dns::Type::txt,
             dns::Txt{key.facts.publish});
  }
  void tend(Schedule schedule = {}) {
    machine_.group().spawn(ring_->tend(dns_, schedule));
    machine_.poll();
  }
  /// What a verifier says of every signature.
  std::vector<dkim::Verdict> verify(const std::string& mail) {
    const auto message = dkim::read_message(mail);
    dns::Answers answers;
    for (const auto& key : ring_->list()) {
      answers[{dkim::key_name(key.name.selector, key.name.domain).value(), dns::Type::txt}] = {
          .status = dns::Status::insecure,
          .outcome = dns::Outcome::found,
          .records = {dns::Txt{key.facts.publish}}};
    }
    const auto step = dkim::verify(message, answers, machine_.clock().now());
    std::vector<dkim::Verdict> out;
    for (const auto& one : std::get<dkim::Report>(step).signatures) out.push_back(one.verdict);
    return out;
  }

  void write(log::Level, std::string_view line) override { log_ += line; }

  SystemRandom random_;
  InstallationSecret secret_{random_.bytes(32)};
  std::string log_;
  ManualCore machine_;
  log::Backend backend_{*this, {}, [] { return Timestamp{}; }};
  InlinePool pool_;
  resolver::ScriptedResolver dns_{machine_.core().timers};
  std::unique_ptr<kv::MemoryEngine> engine_;
  std::unique_ptr<KeyRing> ring_;
};

TEST_F(KeyRingTest, SignsWithBothKindsSideBySide) {
  EXPECT_EQ(sign(kMail), "");
  const auto pair = machine_.run(ring_->make_pair("Example.ORG")).value();
  ASSERT_THAT(pair, SizeIs(2));
  EXPECT_EQ(sign(kMail), "") << "nobody could verify it yet";
  for (const auto& key : pair) EXPECT_TRUE(done(ring_->activate(key.name)));
  const auto fields = sign(kMail);
  EXPECT_THAT(fields, HasSubstr("a=rsa-sha256"));
  EXPECT_THAT(fields, HasSubstr("a=ed25519-sha256"));
  EXPECT_THAT(verify(fields + kMail),
              ::testing::ElementsAre(dkim::Verdict::pass, dkim::Verdict::pass));
  EXPECT_THAT(verify(fields + "Subject: bye\r\n" + kMail), ::testing::Each(dkim::Verdict::fail))
      << "oversigned";
}

TEST_F(KeyRingTest, SignsForHostsBelowTheDomainAndForNobodyElse) {
  const auto key = make();
  ASSERT_TRUE(done(ring_->activate(key.name)));
  EXPECT_THAT(sign("From: <postmaster@mx.example.org>\r\n\r\n"), HasSubstr("d=example.org"));
  EXPECT_EQ(sign("From: <ann@example.com>\r\n\r\n"), "");
  EXPECT_EQ(sign("From: <ann@badexample.org>\r\n\r\n"), "");
  EXPECT_EQ(sign("Subject: no author\r\n\r\n"), "");
  const auto own = make(KeyKind::ed25519, "mx.example.org");
  ASSERT_TRUE(done(ring_->activate(own.name)));
  EXPECT_THAT(sign("From: <postmaster@mx.example.org>\r\n\r\n"), HasSubstr("d=mx.example.org"));
}

TEST_F(KeyRingTest, WhoSendsAgainSignsForThemselves) {
  const auto bank = make(KeyKind::ed25519, "bank.example");
  const auto ours = make();
  ASSERT_TRUE(done(ring_->activate(bank.name)));
  ASSERT_TRUE(done(ring_->activate(ours.name)));
  const std::string from = "From: ceo@bank.example\r\n";
  EXPECT_THAT(sign(from + "\r\n"), HasSubstr("d=bank.example"));
  const auto again = sign("Resent-From: ann@example.org\r\n" + from + "\r\n");
  EXPECT_THAT(again, HasSubstr("d=example.org"));
  EXPECT_THAT(again, ::testing::Not(HasSubstr("bank.example")));
  // The uppermost is the latest; the others were there when it was handed in.
  EXPECT_THAT(
      sign("resent-from: ann@example.org\r\nResent-From: ceo@bank.example\r\n" + from + "\r\n"),
      HasSubstr("d=example.org"));
  EXPECT_EQ(sign("Resent-To: x@example.net\r\n" + from + "\r\n"), "");
}

TEST_F(KeyRingTest, WhatIsNotReadIsNotTakenForUnsigned) {
  std::string mail;
  for (int i = 0; i < 10'001; ++i) mail += "X: y\r\n";
  const auto read = dkim::read_message(mail + kMail, {.bodies = {dkim::kSignedBody}});
  EXPECT_EQ(machine_.run(ring_->sign(read)).error().code, Errc::too_large);
}

TEST_F(KeyRingTest, TheYoungestOfSeveralThatWaitTakesOver) {
  const auto first = make();
  machine_.clock().advance(hours{1});
  const auto second = make();
  publish(first);
  publish(second);
  for (int i = 0; i < 3; ++i) {
    tend();
    machine_.clock().advance(hours{1});
  }
  EXPECT_EQ(facts(second.name).state, State::active);
  EXPECT_EQ(facts(first.name).state, State::pending);
}

TEST_F(KeyRingTest, KeysOutliveARestartAndLieEncrypted) {
  const auto key = make(KeyKind::rsa);
  ASSERT_TRUE(done(ring_->activate(key.name)));
  const auto reader = engine_->published();
  const auto page = machine_.run(reader->scan({.begin = "", .end = std::string(8, '\xff')}));
  ASSERT_THAT(page->pairs, SizeIs(1));
  EXPECT_THAT(page->pairs.front().value, ::testing::Not(HasSubstr("PRIVATE")));
  restart();
  EXPECT_THAT(verify(sign(kMail) + kMail), ::testing::ElementsAre(dkim::Verdict::pass));
}

TEST_F(KeyRingTest, AnotherSecretLosesTheKeysAndSaysSo) {
  const auto key = make();
  ASSERT_TRUE(done(ring_->activate(key.name)));
  const auto waiting = make(KeyKind::rsa);
  start(engine_->crash(std::nullopt), InstallationSecret{random_.bytes(32)});
  ASSERT_THAT(ring_->list(), SizeIs(2));
  EXPECT_EQ(ring_->list().front().lost, Loss::other_secret);
  EXPECT_EQ(sign(kMail), "");
  EXPECT_EQ(done(ring_->activate(waiting.name)).error().code, Errc::conflict);
  EXPECT_TRUE(done(ring_->remove(key.name)));
  EXPECT_THAT(ring_->list(), SizeIs(1));
}

TEST_F(KeyRingTest, ARecordCannotBeMovedToAnotherName) {
  const auto key = make();
  const auto reader = engine_->published();
  auto value = machine_.run(reader->get({record_key(key.name)}))->front().value();
  kv::Batch batch;
  batch.put(record_key({.domain = "example.com", .selector = "x"}), std::move(value));
  ASSERT_TRUE(machine_.run(engine_->append(std::move(batch), kv::Engine::Purpose::housekeeping)));
  ASSERT_TRUE(done(engine_->durable(engine_->tip()->ticket())));
  restart();
  ASSERT_THAT(ring_->list(), SizeIs(2));
  EXPECT_EQ(ring_->list().front().lost, Loss::damaged);
  EXPECT_EQ(ring_->list().back().lost, Loss::none);
}

TEST_F(KeyRingTest, ASuccessorRetiresItsPredecessorsKey) {
  const auto old = make();
  const auto other = make(KeyKind::rsa);
  const auto fresh = make();
  for (const auto* const key : {&old, &other, &fresh})
    ASSERT_TRUE(done(ring_->activate(key->name)));
  EXPECT_EQ(facts(old.name).state, State::retired);
  EXPECT_EQ(facts(other.name).state, State::active);
  EXPECT_EQ(facts(fresh.name).state, State::active);
  EXPECT_EQ(done(ring_->activate(old.name)).error().code, Errc::conflict);
  EXPECT_EQ(done(ring_->retire(old.name)).error().code, Errc::conflict);
  const auto stored =
      decode(*machine_.run(engine_->published()->get({record_key(old.name)}))->front());
  EXPECT_EQ(stored->sealed, "") << "its private key is gone";
  EXPECT_TRUE(done(ring_->activate(fresh.name))) << "again: nothing to do";
}

TEST_F(KeyRingTest, ChangesThatAreNotDurableDidNotHappen) {
  const auto key = make();
  engine_->fail_next_sync();
  EXPECT_FALSE(done(ring_->activate(key.name)));
  EXPECT_EQ(facts(key.name).state, State::pending);
  EXPECT_EQ(sign(kMail), "");
  engine_->reopen();
  EXPECT_TRUE(done(ring_->activate(key.name))) << "from what the disk holds";
  EXPECT_THAT(sign(kMail), HasSubstr("d=example.org"));
}

TEST_F(KeyRingTest, GoesByWhatDnsShows) {
  const auto key = make();
  tend();
  EXPECT_EQ(facts(key.name).seen_since, Timestamp{});
  publish(key);
  machine_.advance(hours{1});
  tend();
  EXPECT_EQ(facts(key.name).state, State::pending);
  EXPECT_NE(facts(key.name).seen_since, Timestamp{});
  machine_.advance(hours{1});
  tend();
  EXPECT_EQ(facts(key.name).state, State::active);
  EXPECT_THAT(sign(kMail), HasSubstr(key.name.selector));
  // A server that does not answer says nothing about the key; one that denies it does.
  const auto name = key.name.selector + "._domainkey.example.org";
  dns_.fail(name, dns::Type::txt, dns::Outcome::timeout);
  machine_.advance(days{1});
  tend();
  EXPECT_NE(facts(key.name).seen_since, Timestamp{});
  dns_.fail(name, dns::Type::txt, dns::Outcome::nxdomain);
  machine_.advance(days{1});
  tend();
  EXPECT_EQ(facts(key.name).seen_since, Timestamp{});
  EXPECT_EQ(facts(key.name).state, State::active);
  EXPECT_THAT(log_, HasSubstr("DNS does not show a key that signs"));
}

TEST_F(KeyRingTest, AnotherKeyUnderTheNameIsNotOurs) {
  const auto key = make();
  const auto other = crypto::PrivateKey::generate(KeyKind::ed25519).value();
  dns_.add(key.name.selector + "._domainkey.example.org", dns::Type::txt,
           dns::Txt{dkim::to_key_record(other)});
  tend();
  EXPECT_EQ(facts(key.name).seen_since, Timestamp{});
}

TEST_F(KeyRingTest, RotatesOnScheduleAndForgetsWhatIsRetired) {
  const auto old = make();
  publish(old);
  ASSERT_TRUE(done(ring_->activate(old.name)));
  machine_.clock().advance(days{180});
  tend();
  ASSERT_THAT(ring_->list(), SizeIs(2));
  EXPECT_THAT(log_, HasSubstr("publish its successor"));
  tend();
  ASSERT_THAT(ring_->list(), SizeIs(2)) << "one successor is enough";
  auto fresh = ring_->list().back();
  if (fresh.name == old.name) fresh = ring_->list().front();
  EXPECT_EQ(fresh.facts.state, State::pending);
  publish(fresh);
  for (int i = 0; i < 3; ++i) {
    machine_.clock().advance(hours{1});
    tend();
  }
  EXPECT_EQ(facts(fresh.name).state, State::active);
  EXPECT_EQ(facts(old.name).state, State::retired);
  machine_.clock().advance(days{14});
  tend();
  EXPECT_THAT(ring_->list(), SizeIs(1));
  EXPECT_THAT(log_, HasSubstr("its DNS record may be removed"));
}

TEST_F(KeyRingTest, RefusesWhatMakesNoSense) {
  const auto make_named = [&](std::string domain, std::string selector) {
    return machine_.run(ring_->make(std::move(domain), std::move(selector), KeyKind::ed25519));
  };
  EXPECT_EQ(make_named("example.org", "a b").error().code, Errc::bad_config);
  EXPECT_EQ(make_named("", "s").error().code, Errc::bad_config);
  EXPECT_TRUE(make_named("bücher.example", "S1"));
  EXPECT_EQ(ring_->list().front().name.domain, "xn--bcher-kva.example");
  EXPECT_EQ(make_named("xn--bcher-kva.example", "s1").error().code, Errc::already_exists);
  EXPECT_EQ(done(ring_->remove({.domain = "example.org", .selector = "s"})).error().code,
            Errc::not_found);
  EXPECT_TRUE(done(ring_->remove_all("bücher.example")));
  EXPECT_THAT(ring_->list(), IsEmpty());
  for (std::size_t i = 0; i < KeyRing::kMaxKeys; ++i)
    ASSERT_TRUE(make_named("example.org", "s" + std::to_string(i)));
  EXPECT_EQ(make_named("example.org", "more").error().code, Errc::limit_reached);
}

TEST_F(KeyRingTest, SealsWhatItPassesOn) {
  const auto key = make(KeyKind::rsa);
  ASSERT_TRUE(done(ring_->activate(key.name)));
  const auto read = dkim::read_message(kMail, {.bodies = {dkim::kSignedBody}});
  arc::Validation found;
  const auto seal = [&](std::string_view domain) {
    return machine_.run(ring_->seal(read, found, "mx.example.org; none", domain)).value();
  };
  EXPECT_THAT(seal("example.org"), HasSubstr("cv=none"));
  EXPECT_EQ(seal("example.com"), "");
  found.dns_failed = true;
  EXPECT_EQ(seal("example.org"), "");
  found = {};
  found.ended = true;
  EXPECT_EQ(seal("example.org"), "") << "the chain has ended";
}

TEST(KeyCodec, KeepsAllAndRefusesRubbish) {
  StoredKey key{.facts = {.kind = KeyKind::ed25519,
                          .bits = 256,
                          .state = State::active,
                          .created = Timestamp{days{1}},
                          .activated = Timestamp{days{2}},
                          .retired = {},
                          .seen_since = Timestamp{days{3}},
                          .publish = "v=DKIM1; p="},
                .nonce = "n",
                .sealed = "s",
                .secret_id = "i",
                .unknown = {}};
  const auto value = encode(key);
  EXPECT_EQ(decode(value).value(), key);
  for (std::size_t i = 0; i < value.size(); ++i) {
    const auto cut = decode(value.substr(0, i));
    EXPECT_TRUE(!cut || cut.value() != key);
  }
  auto odd = value;
  odd.at(2) = 9;  // the kind
  EXPECT_EQ(decode(odd).error().code, Errc::corrupt);
  const KeyName name{.domain = "example.org", .selector = "s"};
  EXPECT_EQ(name_of(record_key(name)), name);
  EXPECT_EQ(name_of(record_prefix()), std::nullopt);
  EXPECT_EQ(name_of(record_prefix() + "example.org"), std::nullopt);
}

}  // namespace
}  // namespace postern::signing
