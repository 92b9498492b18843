#include <filesystem>
#include <fstream>
#include <future>
#include <sstream>

#include <boost/asio/post.hpp>
#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/core_loop.hpp"
#include "async/task_group.hpp"
#include "commands/command.hpp"
#include "commands/run.hpp"
#include "commands/text.hpp"
#include "commands/version.hpp"
#include "control/server.hpp"

namespace postern::commands {
namespace {

namespace json = boost::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

struct Outcome {
  int status = 0;
  std::string out;
  std::string err;
};

Outcome postern(std::vector<std::string> words, const Servers& servers = {}) {
  std::vector<const char*> argv{"postern"};
  for (const auto& word : words) argv.push_back(word.c_str());
  std::ostringstream out;
  std::ostringstream err;
  const int status = run(static_cast<int>(argv.size()), argv.data(), out, err, servers);
  return {status, out.str(), err.str()};
}

std::vector<const Command*> every_command() {
  std::vector<const Command*> out;
  for (const auto commands :
       {server_commands(), domain_commands(), account_commands(), alias_commands(),
        queue_commands(), store_commands(), trace_commands(), report_commands(), check_commands(),
        test_commands()}) {
    for (const auto& command : commands) out.push_back(&command);
  }
  return out;
}

std::vector<std::string> words_of(const Command& command) {
  std::istringstream in{std::string{command.words}};
  return {std::istream_iterator<std::string>{in}, {}};
}

TEST(Commands, TestCommandsAreNotListed) {
  const auto listed = postern({"store", "--help"});
  EXPECT_EQ(listed.status, 0);
  EXPECT_THAT(listed.out, HasSubstr("verify"));
  EXPECT_THAT(listed.out, Not(HasSubstr("power-cut")));
}

TEST(Commands, PowerCutTouchesOnlyStoresWithAJournal) {
  const auto refused = postern({"store", "power-cut", "--dir", "/nonexistent"});
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.err, HasSubstr("no journal"));
}

TEST(Commands, EveryOneHasHelpWithItsOptionsAndAnExample) {
  for (const auto* const command : every_command()) {
    auto words = words_of(*command);
    words.emplace_back("--help");
    const auto help = postern(words);
    EXPECT_EQ(help.status, 0) << command->words;
    EXPECT_THAT(help.out, HasSubstr("Example"));
    EXPECT_THAT(help.out, HasSubstr(std::string{command->summary}));
    for (const auto& option : command->options)
      EXPECT_THAT(help.out, HasSubstr(std::string{option.name})) << command->words;
  }
  EXPECT_THAT(postern({"--help"}).out, HasSubstr("What waits to be sent"));
}

TEST(Commands, AnUnknownCommandIsNamed) {
  EXPECT_EQ(postern({"nonsense", "--x"}).err,
            "postern: no command `nonsense`; --help tells more\n");
  EXPECT_EQ(postern({"queue", "lisst"}).err,
            "postern: no command `queue lisst`; --help tells more\n");
  EXPECT_THAT(postern({"queue", "list", "extra"}).err, Not(HasSubstr("no command")));
}

TEST(Commands, WhatMakesNoSenseIsTwo) {
  for (const auto& words : std::vector<std::vector<std::string>>{
           {},
           {"nonsense"},
           {"queue"},
           {"queue", "list", "--nonsense"},
           {"queue", "list", "extra"},
           {"queue", "hold"},
           {"queue", "drop", "--all", "--domain", "x.example"},
           {"queue", "list", "--limit", "many"},
           {"account", "add"},
           {"account", "add", "a@b.c", "--batch", "x"},
           {"account", "add", "a@b.c", "--quota", "huge"},
           {"account", "quota", "a@b.c"},
           {"account", "relay", "a@b.c"},
           {"account", "relay", "a@b.c", "perhaps"},
           {"alias", "add", "a@b.c"},
           {"localserve"},
           {"localserve", "--dir", "x", "--port-offset", "-1"},
           {"domain", "add", "one.example", "--alias-of", "a", "--alias-of", "b"}}) {
    const auto outcome = postern(words);
    EXPECT_EQ(outcome.status, 2) << testing::PrintToString(words);
    EXPECT_THAT(outcome.err, StartsWith("postern: "));
    EXPECT_EQ(outcome.out, "");
  }
}

TEST(Commands, VersionIsTheProjects) {
  EXPECT_EQ(postern({"version"}).out, "postern " + std::string{kVersion} + "\n");
  EXPECT_THAT(postern({"version", "--json"}).out, HasSubstr("{\"version\":\""));
  std::ifstream file{POSTERN_TEST_DATA "/../../CMakeLists.txt"};
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  EXPECT_THAT(text, HasSubstr("project(postern VERSION " + std::string{kVersion} + " "));
}

TEST(Commands, ServersAreStartedAsAsked) {
  std::string seen;
  const Servers servers{.serve =
                            [&](const std::string& file) {
                              seen = file;
                              return 7;
                            },
                        .localserve =
                            [&](const Servers::Local& local) {
                              seen = local.directory + " " + local.ip + " " +
                                     std::to_string(local.port_offset);
                              return 8;
                            }};
  EXPECT_EQ(postern({"serve"}, servers).status, 7);
  EXPECT_EQ(seen, "/etc/postern/postern.toml");
  EXPECT_EQ(postern({"serve", "--config", "x.toml"}, servers).status, 7);
  EXPECT_EQ(seen, "x.toml");
  EXPECT_EQ(postern({"localserve", "--dir", "d", "--ip", "::1"}, servers).status, 8);
  EXPECT_EQ(seen, "d ::1 1000");
}

TEST(Commands, ConfigIsCheckedAndPrinted) {
  const auto missing = postern({"config", "check", "/nonexistent.toml"});
  EXPECT_EQ(missing.status, 1);
  EXPECT_THAT(missing.err, HasSubstr("/nonexistent.toml"));
  EXPECT_THAT(postern({"config", "default"}).out, HasSubstr("[storage]"));
  EXPECT_THAT(postern({"config", "reference"}).out, HasSubstr("storage"));
}

TEST(Text, Sizes) {
  EXPECT_EQ(parse_size("none"), 0U);
  EXPECT_EQ(parse_size("1000"), 1000U);
  EXPECT_EQ(parse_size("1.5k"), 1536U);
  EXPECT_EQ(parse_size("10G"), 10U * (std::uint64_t{1} << 30U));
  for (const auto* const bad : {"", "G", "-1", "1X", "1e9", "99999999T", "1 G", "nan"})
    EXPECT_FALSE(parse_size(bad)) << bad;
  EXPECT_EQ(show_size(12), "12 B");
  EXPECT_EQ(show_size(1536), "1.5 KiB");
  EXPECT_EQ(show_size(std::uint64_t{3} << 40U), "3.0 TiB");
}

TEST(Text, NothingMovesTheCursor) {
  std::ostringstream out;
  print_table(out, {"A", "B"}, {{"\x1b[2J\r\n\xc2\x9b", "\xff"}, {"ü", "x"}});
  EXPECT_EQ(out.str(), "A         B\n?[2J????  \xEF\xBF\xBD\nü         x\n");
}

/// A store that no server has open.
class StoppedTest : public ::testing::Test {
 protected:
  StoppedTest() {
    std::string name = (std::filesystem::temp_directory_path() / "postern-cli-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~StoppedTest() override { std::filesystem::remove_all(folder_); }
  [[nodiscard]] std::string file(const std::string& name, const std::string& text) const {
    std::ofstream{folder_ / name} << text;
    return (folder_ / name).string();
  }
  [[nodiscard]] std::string dir() const { return (folder_ / "data").string(); }
  Outcome on_dir(std::vector<std::string> words) const {
    words.insert(words.end(), {"--dir", dir()});
    return postern(std::move(words));
  }

  std::filesystem::path folder_;
};

TEST_F(StoppedTest, NothingIsMadeByAsking) {
  const auto outcome = on_dir({"domain", "list"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, HasSubstr("there is no store"));
  EXPECT_EQ(on_dir({"store", "verify"}).status, 1);
  EXPECT_FALSE(std::filesystem::exists(dir()));
}

TEST_F(StoppedTest, SigningKeys) {
  ASSERT_EQ(on_dir({"domain", "add", "example.org"}).status, 0);
  const auto listed = on_dir({"dkim", "list", "example.org"});
  EXPECT_THAT(listed.out,
              AllOf(HasSubstr("rsa 2048"), HasSubstr("ed25519 256"), HasSubstr("pending"),
                    HasSubstr("._domainkey.example.org. IN TXT")));
  const auto unseen = on_dir({"dkim", "activate", "example.org"});
  EXPECT_EQ(unseen.status, 1);
  EXPECT_THAT(unseen.err, HasSubstr("without a running server nobody can ask DNS"));
  EXPECT_EQ(on_dir({"dkim", "activate", "example.org", "--force"}).status, 0);
  EXPECT_THAT(on_dir({"dkim", "list"}).out, AllOf(HasSubstr("active"), Not(HasSubstr("IN TXT"))));
  EXPECT_EQ(
      on_dir({"dkim", "add", "example.org", "--selector", "mine", "--kind", "ed25519"}).status, 0);
  EXPECT_THAT(on_dir({"dkim", "add", "example.org", "--kind", "dsa"}).err,
              HasSubstr("rsa or ed25519"));
  EXPECT_THAT(on_dir({"dkim", "add", "example.com"}).err, HasSubstr("not found"));
  EXPECT_THAT(on_dir({"dkim", "rotate", "example.org"}).err, HasSubstr("wait already"));
  EXPECT_EQ(on_dir({"dkim", "remove", "example.org", "mine"}).status, 0);
  EXPECT_THAT(on_dir({"dkim", "retire", "example.org", "mine"}).err, HasSubstr("not found"));
  EXPECT_EQ(on_dir({"domain", "remove", "example.org"}).status, 0);
  EXPECT_EQ(on_dir({"dkim", "list", "--json"}).out, "[]\n");
  EXPECT_THAT(on_dir({"store", "verify"}).out, HasSubstr("clean"));
}

TEST_F(StoppedTest, WhatDmarcDoesToAnAccount) {
  ASSERT_EQ(on_dir({"domain", "add", "example.org"}).status, 0);
  const auto word = file("password", "a good word\n");
  ASSERT_EQ(on_dir({"account", "add", "ann@example.org", "--password-file", word}).status, 0);
  EXPECT_EQ(on_dir({"account", "dmarc", "ann@example.org", "junk", "--exception",
                    "Lists.Example.net", "--exception", "192.0.2.9/24"})
                .out,
            "ann@example.org: junk, but for lists.example.net, but for 192.0.2.0/24\n");
  EXPECT_EQ(on_dir({"account", "dmarc", "ann@example.org", "strict"}).out,
            "ann@example.org: strict, but for lists.example.net, but for 192.0.2.0/24\n");
  EXPECT_EQ(on_dir({"account", "dmarc", "ann@example.org", "--exception", ""}).out,
            "ann@example.org: strict\n");
  EXPECT_THAT(on_dir({"account", "list", "--json"}).out, HasSubstr("\"dmarc\":\"strict\""));
  EXPECT_THAT(on_dir({"account", "dmarc", "ann@example.org", "maybe"}).err,
              HasSubstr("follow, accept, junk or strict"));
  EXPECT_THAT(on_dir({"account", "dmarc", "ann@example.org", "--exception", "a b"}).err,
              HasSubstr("neither a domain nor a net"));
  EXPECT_EQ(on_dir({"account", "dmarc", "bob@example.org", "junk"}).status, 1);
}

TEST_F(StoppedTest, AWholeInstallation) {
  EXPECT_THAT(on_dir({"domain", "add", "example.org"}).out,
              AllOf(StartsWith("added the domain example.org\n"), HasSubstr("IN TXT (")));
  const auto again = on_dir({"domain", "add", "example.org"});
  EXPECT_EQ(again.status, 1);
  EXPECT_EQ(again.err, "postern: already exists: example.org\n");
  const auto word = file("password", "a good word\nmore\n");
  EXPECT_EQ(on_dir({"account", "add", "ann@example.org", "--password-file", word}).status, 0);
  const auto list = file("batch", "# people\nbob@example.org secret word\n\nann@example.org x\n");
  const auto batch = on_dir({"account", "add", "--batch", list, "--json"});
  EXPECT_EQ(batch.status, 1);
  EXPECT_THAT(batch.out, StartsWith("{\"added\":1,"));
  EXPECT_THAT(batch.err, HasSubstr("ann@example.org: already exists"));
  EXPECT_EQ(on_dir({"account", "quota", "bob@example.org", "2G"}).out,
            "bob@example.org may hold 2.0 GiB\n");
  const auto accounts = json::parse(on_dir({"account", "list", "--json"}).out).as_array();
  ASSERT_EQ(accounts.size(), 2U);
  EXPECT_EQ(accounts[1].at("quota").to_number<std::uint64_t>(), std::uint64_t{2} << 30U);
  EXPECT_THAT(on_dir({"account", "list"}).out, HasSubstr("bob@example.org  0 B   2.0 GiB  active"));
  EXPECT_EQ(on_dir({"account", "relay", "bob@example.org", "on"}).out,
            "bob@example.org may submit the mail of others\n");
  EXPECT_THAT(on_dir({"account", "list"}).out, HasSubstr("  active, relays  "));
  EXPECT_EQ(on_dir({"account", "relay", "bob@example.org", "off"}).out,
            "bob@example.org may submit its own mail only\n");
  EXPECT_THAT(on_dir({"account", "list"}).out, Not(HasSubstr("relays")));
  EXPECT_EQ(
      on_dir({"alias", "add", "all@example.org", "ann@example.org", "bob@example.org"}).status, 0);
  EXPECT_THAT(on_dir({"alias", "list"}).out, HasSubstr("ann@example.org bob@example.org"));
  EXPECT_EQ(on_dir({"account", "remove", "bob@example.org", "--yes"}).status, 0);
  EXPECT_EQ(on_dir({"queue", "list", "--json"}).out, "[]\n");
  EXPECT_EQ(on_dir({"queue", "retry", "--all"}).out, "messages to be tried now: 0\n");
  EXPECT_EQ(on_dir({"queue", "show", "00c0ffee00c0ffee"}).status, 1);
  EXPECT_THAT(on_dir({"trace", "ann@example.org"}).err, HasSubstr("nothing is known"));
  EXPECT_THAT(on_dir({"store", "stats"}).out, HasSubstr("accounts"));
  const auto sound = on_dir({"store", "verify"});
  EXPECT_EQ(sound.status, 0) << sound.err;
  EXPECT_THAT(sound.out, HasSubstr("1 accounts, 6 mailboxes"));
}

TEST_F(StoppedTest, PasswordsAreNeverEmpty) {
  EXPECT_EQ(on_dir({"domain", "add", "example.org"}).status, 0);
  const auto empty =
      on_dir({"account", "add", "a@example.org", "--password-file", file("p", "\n")});
  EXPECT_EQ(empty.status, 1);
  EXPECT_THAT(empty.err, HasSubstr("the password is empty"));
  EXPECT_EQ(on_dir({"account", "add", "--batch", file("b", "a@example.org\n")}).status, 1);
}

/// A server that answers every request with what it was asked.
class RunningTest : public StoppedTest {
 protected:
  RunningTest() {
    std::filesystem::create_directories(dir());
    auto made = control::Server::listen(loop_.core(), std::filesystem::path{dir()} / "control.sock",
                                        log::Logger{backend_});
    server_ = *std::move(made);
    const auto work = [](RunningTest& test) -> Task<> {
      co_await test.server_->run([&test](std::string request) -> Task<std::string> {
        test.asked_ = std::move(request);
        co_return test.answer_;
      });
      test.over_.set_value();
    };
    group_.spawn(work(*this));
    loop_.start("commands-test");
  }
  ~RunningTest() override {
    asio::post(loop_.core().executor, [this] { server_->stop(); });
    over_.get_future().wait();
    loop_.stop();
    loop_.join();
  }

  std::string asked_;
  std::string answer_;
  SystemClock clock_;
  SystemRandom random_;
  log::NullSink sink_;
  log::Backend backend_{sink_, {}, [this] { return clock_.now(); }};
  CoreLoop loop_{clock_, random_};
  TaskGroup group_{loop_.core().executor, [](const std::exception_ptr&) { std::abort(); }};
  std::promise<void> over_;
  std::unique_ptr<control::Server> server_;
};

TEST_F(RunningTest, TheServerIsAsked) {
  answer_ = R"({"ok":true,"data":[{"id":"00000000000000aa","held":true,"size":2048,)"
            R"("from":"","recipients":[{"address":"x@y.example"}]}]})";
  const auto list = on_dir({"queue", "list", "--domain", "y.example"});
  EXPECT_EQ(asked_, R"({"cmd":"queue.list","domain":"y.example"})");
  EXPECT_EQ(list.out,
            "ID                SIZE     NEXT ATTEMPT  TRIED  FROM  TO\n"
            "00000000000000aa  2.0 KiB  held          0      <>    x@y.example\n");
}

TEST_F(RunningTest, ItsRefusalsAreTold) {
  answer_ = R"({"ok":false,"error":"not found: ann@x.org","code":"not_found"})";
  const auto outcome = on_dir({"account", "disable", "ann@x.org"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.err, "postern: not found: ann@x.org\n");
  answer_ = "what?";
  EXPECT_EQ(on_dir({"account", "disable", "ann@x.org"}).status, 1);
}

TEST_F(RunningTest, FindingsGoToStandardError) {
  answer_ = R"({"ok":true,"data":{"clean":false,"found":3,"findings":[{"where":"account 1",)"
            R"("what":"has no INBOX"}],"counts":{"accounts":1}}})";
  const auto outcome = on_dir({"store", "verify"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, HasSubstr("account 1: has no INBOX\n... and 2 more\n"));
  EXPECT_THAT(outcome.out, HasSubstr("3 findings"));
}

TEST_F(RunningTest, StoriesAreToldInLines) {
  answer_ =
      R"({"ok":true,"data":[{"id":"00000000000000aa","events":[)"
      R"({"time":"2026-01-02T03:04:05.678901Z","kind":"sent",)"
      R"("facts":[{"key":"host","value":"mx.example"},{"key":"reply","value":"250 ok"}]}]}]})";
  EXPECT_EQ(on_dir({"trace", "00000000000000aa"}).out,
            "trace 00000000000000aa\n"
            "  2026-01-02 03:04:05.678901Z  sent       host=mx.example  reply=250 ok\n");
}

TEST_F(RunningTest, QueueAdviceIsShown) {
  answer_ = R"({"ok":true,"data":{"id":"00000000000000aa","trace":"00000000000000bb","from":"a@b",)"
            R"("size":1,"created":"2026-01-02T03:04:05.678901Z","attempts":2,"held":false,)"
            R"("due":"2026-01-02T04:04:05.678901Z","expires":"2026-01-07T03:04:05.678901Z",)"
            R"("recipients":[{"address":"x@y","state":"waiting","host":"mx.y","reply":"550 no",)"
            R"("explanation":{"id":"ptr","cause":"Because.","advice":"Do this."}}]}})";
  const auto shown = on_dir({"queue", "show", "00000000000000aa"}).out;
  EXPECT_THAT(shown, HasSubstr("next try   2026-01-02 04:04:05, after 2\n"));
  EXPECT_THAT(shown,
              HasSubstr("mx.y said: 550 no\n    meaning: Because.\n    what to do: Do this."));
}

}  // namespace
}  // namespace postern::commands
