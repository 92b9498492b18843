#include "directory/directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/manual_core.hpp"
#include "crypto/password_hash.hpp"
#include "directory/records.hpp"
#include "directory/view.hpp"
#include "kv/memory_engine.hpp"
#include "layout/keys.hpp"
#include "sasl/prep.hpp"
#include "store/mail_store.hpp"

namespace postern::directory {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;
using Kind = Resolution::Kind;

/// Runs at once, or when told; counts.
class CountingPool final : public Pool {
 public:
  bool post(std::move_only_function<void()> work) override {
    if (full) return false;
    ++runs;
    if (hold) {
      held.push_back(std::move(work));
    } else {
      work();
    }
    return true;
  }
  void release() {
    for (auto& work : std::exchange(held, {})) work();
  }
  int runs = 0;
  bool full = false;
  bool hold = false;
  std::vector<std::move_only_function<void()>> held;
};

class DirectoryTest : public ::testing::Test {
 protected:
  DirectoryTest() {
    for (int i = 0; i < 3; ++i) passwords_.push_back(text_of(random_.u64()));
    start({});
    EXPECT_TRUE(done(directory_->add_domain({.name = "example.org"})));
  }

  static std::string text_of(std::uint64_t number) { return "pass word " + std::to_string(number); }

  void start(const kv::MemoryDisk& disk) {
    directory_.reset();
    store_.reset();
    engine_ = std::make_unique<kv::MemoryEngine>(kv::MemoryEngine::Options{}, disk);
    store_ = store::make_mail_store(*engine_, cores_, {});
    auto opened =
        machine_.run(open_directory(*engine_, *store_, machine_.core(), pool_, settings_));
    ASSERT_TRUE(opened) << opened.error().detail;
    directory_ = *std::move(opened);
  }
  void restart(std::optional<std::uint64_t> seed = std::nullopt) { start(engine_->crash(seed)); }

  Result<void> done(Task<Result<void>> task) { return machine_.run(std::move(task)); }
  Errc error(Task<Result<void>> task) {
    const auto result = machine_.run(std::move(task));
    EXPECT_FALSE(result);
    return result ? Errc::shutting_down : result.error().code;
  }
  AccountId add(std::string address, std::uint64_t quota = 0) {
    machine_.clock().advance(1s);
    return machine_.run(directory_->add_account(std::move(address), secret(), quota)).value();
  }
  Secret<std::string> secret(std::size_t which = 0) const { return Secret{passwords_.at(which)}; }
  Resolution resolve(std::string_view address) {
    return directory_->resolve(parse_name(address).value());
  }
  std::vector<AccountId> accounts_of(std::string_view address) {
    std::vector<AccountId> out;
    for (const auto& local : resolve(address).accounts) out.push_back(local.account);
    return out;
  }
  Errc login(std::string name, std::size_t which = 0) {
    const auto result = machine_.run(directory_->authenticate(std::move(name), secret(which)));
    if (!result) return result.error().code;
    EXPECT_EQ(result->session->id(), result->account);
    return Errc::shutting_down;  // stands for "good" here
  }
  static constexpr Errc kGood = Errc::shutting_down;

  SystemRandom random_;
  std::vector<std::string> passwords_;
  ManualCore machine_;
  std::vector<Core*> cores_{&machine_.core()};
  CountingPool pool_;
  Settings settings_{.argon2_memory_kib = 64, .argon2_passes = 1, .scram_iterations = 4096};
  std::unique_ptr<kv::MemoryEngine> engine_;
  std::unique_ptr<store::MailStore> store_;
  std::unique_ptr<Directory> directory_;
};

TEST_F(DirectoryTest, AccountsResolveInAnyCaseWithSubaddresses) {
  const auto bob = add("Bob.Smith@Example.ORG");
  EXPECT_EQ(directory_->account(bob)->address, "Bob.Smith@Example.ORG");
  EXPECT_THAT(accounts_of("bOB.sMITH@example.org"), ElementsAre(bob));
  const auto found = resolve("bob.smith+a+b@example.org");
  ASSERT_EQ(found.kind, Kind::found);
  EXPECT_EQ(found.accounts.at(0).subaddress, "a+b");
  EXPECT_FALSE(found.catch_all);
  EXPECT_EQ(resolve("bobsmith@example.org").kind, Kind::unknown);
  EXPECT_EQ(resolve("+x@example.org").kind, Kind::unknown);
  EXPECT_EQ(resolve("bob.smith@example.net").kind, Kind::not_local);
  EXPECT_EQ(resolve("bob.smith@[192.0.2.1]").kind, Kind::not_local);
  EXPECT_TRUE(directory_->is_local_domain("EXAMPLE.org"));
  EXPECT_FALSE(directory_->is_local_domain("example.net"));
}

TEST_F(DirectoryTest, DomainOptionsSayWhatIsTheSameName) {
  ASSERT_TRUE(done(directory_->add_domain(
      {.name = "strict.example", .separators = "-=", .fold_case = false, .fold_dots = true})));
  const auto a = add("a.b-c@strict.example");
  EXPECT_THAT(accounts_of("ab-c@strict.example"), ElementsAre(a));
  EXPECT_THAT(accounts_of("A.b-c@strict.example"), IsEmpty());
  EXPECT_EQ(resolve("a.b-c-x=y@strict.example").accounts.at(0).subaddress, "x=y");
  EXPECT_EQ(resolve("a.b-c+x@strict.example").kind, Kind::unknown);
}

TEST_F(DirectoryTest, ChangedOptionsRenameOrAreRefused) {
  ASSERT_TRUE(done(directory_->add_domain({.name = "strict.example", .fold_case = false})));
  const auto upper = add("Ann@strict.example");
  ASSERT_TRUE(done(directory_->change_domain({.name = "strict.example"})));
  EXPECT_THAT(accounts_of("aNN@strict.example"), ElementsAre(upper));
  restart();
  EXPECT_THAT(accounts_of("aNN@strict.example"), ElementsAre(upper));
  ASSERT_TRUE(done(directory_->change_domain({.name = "strict.example", .fold_case = false})));
  EXPECT_THAT(accounts_of("aNN@strict.example"), IsEmpty());
  const auto lower = add("ann@strict.example");
  EXPECT_NE(lower, upper);
  EXPECT_EQ(error(directory_->change_domain({.name = "strict.example"})), Errc::conflict);
  EXPECT_THAT(accounts_of("Ann@strict.example"), ElementsAre(upper));
}

TEST_F(DirectoryTest, DomainAliasesShareTheNames) {
  const auto bob = add("bob@example.org");
  ASSERT_TRUE(done(directory_->add_domain({.name = "Example.NET", .alias_of = "example.org"})));
  EXPECT_THAT(accounts_of("bob+x@example.net"), ElementsAre(bob));
  EXPECT_EQ(error(directory_->add_domain({.name = "x.example", .alias_of = "example.net"})),
            Errc::conflict);
  EXPECT_EQ(error(directory_->remove_domain("example.org")), Errc::conflict);
  EXPECT_EQ(error(directory_->put_alias({.address = "a@example.net", .members = {"b@c.example"}})),
            Errc::conflict);
  EXPECT_EQ(login("bob@example.net"), Errc::auth_failed) << "the whole primary address alone";
  EXPECT_TRUE(done(directory_->remove_domain("example.net")));
  EXPECT_EQ(resolve("bob@example.net").kind, Kind::not_local);
}

TEST_F(DirectoryTest, AliasesLeadHereAndElsewhereOnceEach) {
  const auto ann = add("ann@example.org");
  const auto bob = add("bob@example.org");
  ASSERT_TRUE(done(directory_->put_alias({.address = "Team@example.org",
                                          .members = {"ann@example.org", "bob+team@example.org",
                                                      "x@example.com", "all@example.org"}})));
  ASSERT_TRUE(done(directory_->put_alias(
      {.address = "all@example.org",
       .members = {"team@example.org", "x@example.com", "ann@example.org"}})));
  const auto found = resolve("team@example.org");
  EXPECT_THAT(accounts_of("team@example.org"), UnorderedElementsAre(ann, bob));
  ASSERT_THAT(found.remote, SizeIs(1));
  EXPECT_EQ(smtp::to_string(found.remote.at(0)), "x@example.com");
  EXPECT_EQ(found.accounts.at(1).subaddress, "team");
  restart();
  EXPECT_THAT(accounts_of("all@example.org"), UnorderedElementsAre(ann, bob));
  EXPECT_THAT(directory_->aliases(), SizeIs(2));
  ASSERT_TRUE(done(directory_->remove_alias("team@example.org")));
  EXPECT_EQ(resolve("team@example.org").kind, Kind::unknown);
}

TEST_F(DirectoryTest, LoopsEndNowhere) {
  ASSERT_TRUE(
      done(directory_->put_alias({.address = "a@example.org", .members = {"b@example.org"}})));
  ASSERT_TRUE(
      done(directory_->put_alias({.address = "b@example.org", .members = {"a@example.org"}})));
  EXPECT_EQ(resolve("a@example.org").kind, Kind::unknown);
  ASSERT_TRUE(
      done(directory_->change_domain({.name = "example.org", .catch_all = "none@example.org"})));
  EXPECT_EQ(resolve("x@example.org").kind, Kind::unknown);
}

TEST_F(DirectoryTest, TooLongChainsAndTooManyTargetsAreRefusedWhole) {
  const auto ann = add("ann@example.org");
  for (int i = 0; i < 12; ++i) {
    const auto next = i == 0 ? "ann@example.org" : "c" + std::to_string(i - 1) + "@example.org";
    ASSERT_TRUE(done(directory_->put_alias(
        {.address = "c" + std::to_string(i) + "@example.org", .members = {next}})));
  }
  EXPECT_THAT(accounts_of("c9@example.org"), ElementsAre(ann));
  EXPECT_EQ(resolve("c10@example.org").kind, Kind::disabled);
  EXPECT_THAT(accounts_of("c11@example.org"), IsEmpty());

  std::vector<std::string> members;
  for (int i = 0; i < 100; ++i) members.push_back("u" + std::to_string(i) + "@example.com");
  ASSERT_TRUE(done(directory_->put_alias({.address = "l@example.org", .members = members})));
  EXPECT_THAT(resolve("l@example.org").remote, SizeIs(100));
  ASSERT_TRUE(done(directory_->put_alias(
      {.address = "m@example.org", .members = {"l@example.org", "ann@example.org"}})));
  EXPECT_EQ(resolve("m@example.org").kind, Kind::disabled);
  EXPECT_THAT(resolve("m@example.org").remote, IsEmpty());
  members.emplace_back("one@more.example");
  EXPECT_EQ(error(directory_->put_alias({.address = "l@example.org", .members = members})),
            Errc::too_large);
}

TEST_F(DirectoryTest, TheCatchAllTakesWhatIsUnknown) {
  const auto bob = add("bob@example.org");
  ASSERT_TRUE(
      done(directory_->change_domain({.name = "example.org", .catch_all = "bob@example.org"})));
  const auto found = resolve("whoever@example.org");
  EXPECT_TRUE(found.catch_all);
  EXPECT_EQ(found.accounts.at(0).account, bob);
  EXPECT_FALSE(resolve("bob@example.org").catch_all);
  EXPECT_TRUE(directory_->may_send_as(bob, parse_name("whoever@example.org").value()));
}

TEST_F(DirectoryTest, DisabledOnesSayTheirText) {
  ASSERT_TRUE(done(directory_->put_alias(
      {.address = "old@example.org", .members = {}, .refusal = "Moved to new@"})));
  EXPECT_EQ(resolve("old@example.org").kind, Kind::disabled);
  EXPECT_EQ(resolve("old@example.org").text, "Moved to new@");
  add("bob@example.org");
  ASSERT_TRUE(done(directory_->set_disabled("bob@example.org", true)));
  EXPECT_EQ(resolve("bob@example.org").kind, Kind::disabled);
  EXPECT_EQ(login("bob@example.org"), Errc::auth_failed);
  ASSERT_TRUE(done(directory_->set_disabled("bob@example.org", false)));
  EXPECT_EQ(login("bob@example.org"), kGood);
  EXPECT_EQ(error(directory_->put_alias({.address = "x@example.org", .members = {}})),
            Errc::bad_syntax);
  EXPECT_EQ(error(directory_->put_alias(
                {.address = "x@example.org", .members = {}, .refusal = "a\r\n250 b"})),
            Errc::bad_syntax);
}

TEST_F(DirectoryTest, PostmasterAndAbuseAlwaysReachSomebody) {
  EXPECT_EQ(resolve("postmaster@example.org").kind, Kind::unknown) << "nobody is there yet";
  const auto first = add("first@example.org");
  add("second@example.org");
  ASSERT_TRUE(done(directory_->add_domain({.name = "other.example"})));
  for (const auto* name :
       {"postmaster@example.org", "PostMaster@other.example", "ABUSE@other.example"})
    EXPECT_THAT(accounts_of(name), ElementsAre(first)) << name;
  const smtp::Address bare{.local = "Postmaster", .domain = {}};
  EXPECT_EQ(directory_->resolve(bare).accounts.at(0).account, first);
  ASSERT_TRUE(done(directory_->put_alias(
      {.address = "postmaster@example.org", .members = {"second@example.org"}})));
  EXPECT_THAT(accounts_of("postmaster@other.example"),
              ElementsAre(accounts_of("second@example.org").at(0)));
  ASSERT_TRUE(done(directory_->put_alias(
      {.address = "postmaster@example.org", .members = {}, .refusal = "go away"})));
  EXPECT_THAT(accounts_of("postmaster@example.org"), ElementsAre(first));
  ASSERT_TRUE(done(directory_->set_disabled("first@example.org", true)));
  EXPECT_THAT(accounts_of("abuse@other.example"),
              ElementsAre(accounts_of("second@example.org").at(0)));
}

TEST_F(DirectoryTest, RepliesToOurNoticesReachTheAdministrator) {
  settings_.hostname = "MX.example.org";
  restart();
  EXPECT_EQ(resolve("postmaster@mx.example.org").kind, Kind::unknown) << "nobody is there yet";
  const auto first = add("first@example.org");
  for (const auto* to : {"postmaster@mx.example.org", "Abuse@MX.EXAMPLE.ORG"})
    EXPECT_THAT(accounts_of(to), ElementsAre(first)) << to;
  for (const auto* to : {"first@mx.example.org", "postmaster@mx.example.net"})
    EXPECT_EQ(resolve(to).kind, Kind::not_local) << to;
}

TEST_F(DirectoryTest, WhoMaySendAsWhom) {
  const auto ann = add("ann@example.org");
  const auto bob = add("bob@example.org");
  ASSERT_TRUE(done(directory_->put_alias(
      {.address = "team@example.org", .members = {"bob@example.org", "x@example.com"}})));
  const auto may = [this](AccountId who, const char* as) {
    return directory_->may_send_as(who, parse_name(as).value());
  };
  EXPECT_TRUE(may(bob, "BOB+x@example.org"));
  EXPECT_TRUE(may(bob, "team@example.org"));
  EXPECT_FALSE(may(ann, "team@example.org"));
  EXPECT_FALSE(may(bob, "ann@example.org"));
  EXPECT_FALSE(may(bob, "x@example.com"));
  EXPECT_FALSE(may(bob, "nobody@example.org"));
}

TEST_F(DirectoryTest, PasswordsAreCheckedOnceAndThenRemembered) {
  add("bob@example.org");
  const int before = pool_.runs;
  EXPECT_EQ(login("BOB@example.org"), kGood);
  EXPECT_EQ(pool_.runs, before + 1);
  EXPECT_EQ(login("bob@example.org"), kGood);
  EXPECT_EQ(pool_.runs, before + 1) << "remembered";
  EXPECT_EQ(login("bob@example.org", 1), Errc::auth_failed);
  EXPECT_EQ(pool_.runs, before + 2) << "another password is another question";
  machine_.clock().advance(10min);
  EXPECT_EQ(login("bob@example.org"), kGood);
  EXPECT_EQ(pool_.runs, before + 3) << "forgotten";
}

TEST_F(DirectoryTest, LoginsWithoutADomainGetTheOneThatIsSet) {
  add("ann@example.org");
  EXPECT_FALSE(machine_.run(directory_->authenticate("ann", secret())));
  settings_.login_domain = "example.org";
  restart();
  EXPECT_TRUE(machine_.run(directory_->authenticate("ann", secret())));
  EXPECT_TRUE(directory_->scram_credentials("ann").known);
  EXPECT_TRUE(
      machine_.run(directory_->login_proven("ann", directory_->scram_credentials("ann").keys)));
  EXPECT_FALSE(machine_.run(directory_->authenticate("bob", secret())));
}

TEST_F(DirectoryTest, AChangedPasswordHoldsAtOnce) {
  add("bob@example.org");
  EXPECT_EQ(login("bob@example.org"), kGood);
  ASSERT_TRUE(done(directory_->set_password("bob@example.org", secret(1))));
  EXPECT_EQ(login("bob@example.org", 0), Errc::auth_failed);
  EXPECT_EQ(login("bob@example.org", 1), kGood);
  restart();
  EXPECT_EQ(login("bob@example.org", 0), Errc::auth_failed);
  EXPECT_EQ(login("bob@example.org", 1), kGood);
}

TEST_F(DirectoryTest, ALoginIsGoodTillThePasswordChanges) {
  const auto bob = add("bob@example.org");
  const auto log_in = [this](std::size_t which) {
    return machine_.run(directory_->authenticate("bob@example.org", secret(which))).value();
  };
  const auto old = log_in(0);
  EXPECT_TRUE(directory_->still_good(bob, old.credential));
  EXPECT_FALSE(directory_->still_good(bob, nullptr));
  EXPECT_FALSE(directory_->still_good(AccountId{bob.value() + 1}, old.credential));
  ASSERT_TRUE(done(directory_->set_quota("bob@example.org", 1'000'000)));
  EXPECT_TRUE(directory_->still_good(bob, old.credential));
  ASSERT_TRUE(done(directory_->set_password("bob@example.org", secret(0))));
  EXPECT_FALSE(directory_->still_good(bob, old.credential)) << "changed, if into the same";
  const auto fresh = log_in(0);
  restart();
  EXPECT_TRUE(directory_->still_good(bob, fresh.credential)) << "loaded anew";
  EXPECT_FALSE(directory_->still_good(bob, old.credential));
  ASSERT_TRUE(done(directory_->set_disabled("bob@example.org", true)));
  EXPECT_FALSE(directory_->still_good(bob, fresh.credential));
  ASSERT_TRUE(done(directory_->remove_account("bob@example.org")));
  EXPECT_FALSE(directory_->still_good(bob, fresh.credential));
}

TEST_F(DirectoryTest, WhoWaitsIsToldThatALoginMayBeGoodNoMore) {
  add("bob@example.org");
  add("eve@example.org");
  const auto login = machine_.run(directory_->authenticate("bob@example.org", secret())).value();
  int told = 0;
  const auto subscription =
      login.session->subscribe_changes(machine_.core().executor, [&told] { ++told; });
  machine_.poll();
  told = 0;  // Subscribing calls once.
  ASSERT_TRUE(done(directory_->set_password("eve@example.org", secret(1))));
  machine_.poll();
  EXPECT_EQ(told, 0) << "that is somebody else's";
  ASSERT_TRUE(done(directory_->set_password("bob@example.org", secret(1))));
  machine_.poll();
  EXPECT_EQ(told, 1);
  ASSERT_TRUE(done(directory_->set_disabled("bob@example.org", true)));
  machine_.poll();
  EXPECT_EQ(told, 2);
}

TEST_F(DirectoryTest, APermissionToRelayIsKept) {
  const auto bob = add("bob@example.org");
  EXPECT_FALSE(directory_->account(bob)->may_relay);
  ASSERT_TRUE(done(directory_->set_relay("bob@example.org", true)));
  restart();
  EXPECT_TRUE(directory_->account(bob)->may_relay);
  EXPECT_FALSE(directory_->account(bob)->disabled);
  ASSERT_TRUE(done(directory_->set_relay("bob@example.org", false)));
  EXPECT_FALSE(directory_->account(bob)->may_relay);
  EXPECT_EQ(error(directory_->set_relay("x@example.org", true)), Errc::not_found);
}

TEST_F(DirectoryTest, APasswordChangedDuringItsCheckIsGoodNoMore) {
  add("bob@example.org");
  pool_.hold = true;
  std::optional<Errc> code;
  const auto ask = [](Directory& directory, Secret<std::string> password,
                      std::optional<Errc>& out) -> Task<> {
    const auto result = co_await directory.authenticate("bob@example.org", std::move(password));
    out = result ? kGood : result.error().code;
  };
  machine_.group().spawn(ask(*directory_, secret(), code));
  machine_.poll();
  pool_.hold = false;
  ASSERT_TRUE(done(directory_->set_password("bob@example.org", secret(1))));
  pool_.release();
  machine_.poll();
  EXPECT_EQ(code, Errc::auth_failed);
}

TEST_F(DirectoryTest, UnknownUsersCostAHashToo) {
  add("bob@example.org");
  for (const auto* name : {"nobody@example.org", "bob@example.com", "no address", ""}) {
    const int before = pool_.runs;
    EXPECT_EQ(login(name), Errc::auth_failed) << name;
    EXPECT_EQ(pool_.runs, before + 1) << name;
  }
  ASSERT_TRUE(done(directory_->set_disabled("bob@example.org", true)));
  const int before = pool_.runs;
  EXPECT_EQ(login("bob@example.org"), Errc::auth_failed);
  EXPECT_EQ(pool_.runs, before + 1) << "disabled";
}

TEST_F(DirectoryTest, TheSameQuestionIsAskedOnceAtATime) {
  add("bob@example.org");
  pool_.hold = true;
  const int before = pool_.runs;
  int good = 0;
  const auto ask = [](Directory& directory, Secret<std::string> password, int& out) -> Task<> {
    const auto result = co_await directory.authenticate("bob@example.org", std::move(password));
    out += result ? 1 : 0;
  };
  for (int i = 0; i < 5; ++i) machine_.group().spawn(ask(*directory_, secret(), good));
  machine_.group().spawn(ask(*directory_, secret(1), good));
  machine_.poll();
  EXPECT_EQ(pool_.runs, before + 2);
  pool_.release();
  machine_.poll();
  EXPECT_EQ(good, 5);
}

TEST_F(DirectoryTest, AFullPoolSaysTryLater) {
  add("bob@example.org");
  pool_.full = true;
  EXPECT_EQ(login("bob@example.org"), Errc::limit_reached);
  EXPECT_EQ(login("nobody@example.org"), Errc::limit_reached);
  pool_.full = false;
  EXPECT_EQ(login("bob@example.org"), kGood);
}

TEST_F(DirectoryTest, ScramKeysAreThoseOfThePassword) {
  add("bob@example.org");
  const auto stored = directory_->scram_credentials("Bob@EXAMPLE.org");
  EXPECT_TRUE(stored.known);
  const auto prepared = sasl::prepare_scram_password(passwords_.at(0)).value();
  const auto derived = crypto::derive_scram_keys(prepared, stored.salt, stored.iterations);
  EXPECT_EQ(derived.stored_key, stored.keys.stored_key);
  EXPECT_EQ(derived.server_key, stored.keys.server_key);
  const auto in = machine_.run(directory_->login_proven("bob@example.org", stored.keys));
  ASSERT_TRUE(in);
  EXPECT_TRUE(directory_->still_good(in->account, in->credential));
  ASSERT_TRUE(done(directory_->set_password("bob@example.org", secret(1))));
  EXPECT_EQ(machine_.run(directory_->login_proven("bob@example.org", stored.keys)).error().code,
            Errc::auth_failed)
      << "proven was the old one";
  const auto fresh = directory_->scram_credentials("bob@example.org").keys;
  EXPECT_TRUE(machine_.run(directory_->login_proven("bob@example.org", fresh)));
  ASSERT_TRUE(done(directory_->set_disabled("bob@example.org", true)));
  EXPECT_FALSE(directory_->scram_credentials("bob@example.org").known);
  EXPECT_EQ(machine_.run(directory_->login_proven("bob@example.org", fresh)).error().code,
            Errc::auth_failed);
  EXPECT_EQ(machine_.run(directory_->login_proven("x@example.org", fresh)).error().code,
            Errc::auth_failed);
}

TEST_F(DirectoryTest, MadeUpSaltsOutliveARestart) {
  const auto before = directory_->scram_credentials("nobody@example.org");
  EXPECT_FALSE(before.known);
  EXPECT_EQ(before.iterations, settings_.scram_iterations);
  EXPECT_NE(before.salt, directory_->scram_credentials("else@example.org").salt);
  restart();
  EXPECT_EQ(before.salt, directory_->scram_credentials("NoBody@example.org").salt);
}

TEST_F(DirectoryTest, ChangesAreDurableOrNotThere) {
  add("bob@example.org", 1000);
  const auto appends = engine_->stats().appends;
  engine_->fail_next_sync();
  EXPECT_EQ(
      error(directory_->put_alias({.address = "x@example.org", .members = {"bob@example.org"}})),
      Errc::outcome_unknown);
  EXPECT_EQ(engine_->stats().appends, appends + 1) << "one batch";
  EXPECT_EQ(resolve("x@example.org").kind, Kind::unknown);
  EXPECT_EQ(error(directory_->add_domain({.name = "y.example"})), Errc::unavailable);
  engine_->reopen();
  ASSERT_TRUE(done(directory_->add_domain({.name = "y.example"})));
  EXPECT_EQ(resolve("x@example.org").kind, Kind::unknown);
  EXPECT_EQ(directory_->accounts().at(0).quota, 1000U);
}

TEST_F(DirectoryTest, AnAccountIsThereWithItsMailboxesOrNotAtAll) {
  int there = 0;
  for (std::uint64_t seed = 0; seed < 16; ++seed) {
    const auto name = "u" + std::to_string(seed) + "@example.org";
    engine_->fail_next_sync();
    EXPECT_FALSE(machine_.run(directory_->add_account(name, secret(), 0)));
    restart(seed);
    const auto accounts = accounts_of(name);
    if (accounts.empty()) continue;
    ++there;
    const auto session = store_->open(accounts.at(0), name);
    EXPECT_TRUE(machine_.run(session->mailbox("INBOX")));
    EXPECT_EQ(login(name), kGood);
  }
  EXPECT_GT(there, 0) << "both cases were seen";
  EXPECT_LT(there, 16);
}

TEST_F(DirectoryTest, RemovedAccountsLeaveNoName) {
  const auto bob = add("bob@example.org");
  EXPECT_EQ(error(directory_->remove_domain("example.org")), Errc::conflict);
  ASSERT_TRUE(done(directory_->remove_account("BOB@example.org")));
  EXPECT_EQ(resolve("bob@example.org").kind, Kind::unknown);
  EXPECT_FALSE(directory_->account(bob));
  EXPECT_EQ(login("bob@example.org"), Errc::auth_failed);
  EXPECT_EQ(error(directory_->remove_account("bob@example.org")), Errc::not_found);
  restart();
  EXPECT_THAT(directory_->accounts(), IsEmpty());
  EXPECT_TRUE(done(directory_->remove_domain("example.org")));
}

TEST_F(DirectoryTest, MistakesAreNamed) {
  add("bob@example.org");
  const auto add_error = [this](std::string address) {
    return machine_.run(directory_->add_account(std::move(address), secret(), 0)).error().code;
  };
  EXPECT_EQ(add_error("BOB@example.org"), Errc::already_exists);
  EXPECT_EQ(add_error("bob@nowhere.example"), Errc::not_found);
  EXPECT_EQ(add_error("bob"), Errc::bad_syntax);
  EXPECT_EQ(
      machine_.run(directory_->add_account("c@example.org", Secret<std::string>{}, 0)).error().code,
      Errc::bad_syntax);
  EXPECT_EQ(error(directory_->add_domain({.name = "EXAMPLE.org"})), Errc::already_exists);
  EXPECT_EQ(error(directory_->add_domain({.name = "[192.0.2.1]"})), Errc::bad_syntax);
  EXPECT_EQ(error(directory_->add_domain({.name = "a.example", .separators = "a"})),
            Errc::bad_syntax);
  EXPECT_EQ(
      error(directory_->put_alias({.address = "bob@example.org", .members = {"x@y.example"}})),
      Errc::already_exists);
  EXPECT_EQ(error(directory_->set_quota("x@example.org", 1)), Errc::not_found);
  EXPECT_EQ(error(directory_->set_password("x@example.org", secret())), Errc::not_found);
  EXPECT_EQ(error(directory_->remove_alias("bob@example.org")), Errc::not_found);
  EXPECT_EQ(error(directory_->remove_domain("nowhere.example")), Errc::not_found);
}

TEST_F(DirectoryTest, TheQuotaIsTheStores) {
  const auto bob = add("bob@example.org", 1000);
  EXPECT_EQ(machine_.run(store_->check_quota(bob, 2000)).value(), store::QuotaVerdict::never_fits);
  ASSERT_TRUE(done(directory_->set_quota("bob@example.org", 5000)));
  EXPECT_EQ(machine_.run(store_->check_quota(bob, 2000)).value(), store::QuotaVerdict::ok);
  EXPECT_EQ(directory_->account(bob)->quota, 5000U);
}

TEST(DirectoryRecords, UnknownFieldsSurvive) {
  auto domain = decode_domain(std::string_view{"\x01\xf8\x01\x05", 4}).value();
  EXPECT_EQ(encode(domain), (std::string{"\x01\xf8\x01\x05", 4}));
  EXPECT_FALSE(decode_domain("\x02"));
  EXPECT_FALSE(decode_credential(std::string{"\x01\x09\x01x", 4})) << "a key of one octet";
}

}  // namespace
}  // namespace postern::directory
