// The real resolver against a real authoritative server: NSD on a loopback port with zones that
// ldns signs with a key made for the run.
#include "resolver/unbound.hpp"

#include <chrono>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include <arpa/inet.h>
#include <boost/asio/co_spawn.hpp>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace postern::resolver {
namespace {

using namespace std::chrono_literals;
using dns::Outcome;
using dns::Status;
using dns::Type;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view kSigned = R"($ORIGIN signed.test.
$TTL 60
@     IN SOA ns hostmaster 1 3600 900 86400 60
@     IN NS  ns
ns    IN A   127.0.0.1
@     IN MX  10 mx
@     IN TXT "v=spf1 " "-all"
mx    IN A   192.0.2.1
mx    IN AAAA 2001:db8::1
nick  IN CNAME mx
_25._tcp.mx IN TLSA 3 1 1 aabbccdd
bad   IN TXT "as signed"
plain IN NS  ns.plain
ns.plain IN A 127.0.0.1
)";
constexpr std::string_view kPlain = R"($ORIGIN plain.signed.test.
$TTL 60
@   IN SOA ns hostmaster 1 3600 900 86400 60
@   IN NS  ns
ns  IN A   127.0.0.1
@   IN MX  0 .
)";

constexpr std::string_view kElsewhere = R"($ORIGIN elsewhere.example.
$TTL 60
@   IN SOA ns hostmaster 1 3600 900 86400 60
@   IN NS  ns
ns  IN A   127.0.0.1
@   IN MX  5 mx
)";

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in{path};
  return {std::istreambuf_iterator<char>{in}, {}};
}

/// An IPv4 loopback socket on a port of the system's choice.
class Socket {
 public:
  explicit Socket(int type) : fd_{::socket(AF_INET, type | SOCK_CLOEXEC, 0)} {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    if (::bind(fd_, reinterpret_cast<sockaddr*>(&at), size) != 0 ||
        ::getsockname(fd_, reinterpret_cast<sockaddr*>(&at), &size) != 0)
      ADD_FAILURE() << "no socket";
    port_ = ntohs(at.sin_port);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() { ::close(fd_); }
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  int fd_;
  std::uint16_t port_ = 0;
};

Server at_port(std::uint16_t port) {
  return {.ip = text::IpAddress::v4({127, 0, 0, 1}), .port = port};
}

/// A child process whose standard output and error we read.
class Child {
 public:
  Child(const std::filesystem::path& dir, std::vector<std::string> words) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error{"pipe"};
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
    ::posix_spawn_file_actions_addchdir_np(&actions, dir.c_str());
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    const int rc = ::posix_spawnp(&pid_, argv[0], &actions, nullptr, argv.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    out_ = ends[0];
    if (rc != 0) throw std::runtime_error{"cannot start " + words[0]};
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    end();
    ::close(out_);
  }

  /// What it writes, up to its end or until `word` was seen.
  std::string output(std::string_view word = {}) {
    std::string all;
    char buffer[4096];
    while (word.empty() || !all.contains(word)) {
      const auto got = ::read(out_, buffer, sizeof buffer);
      if (got <= 0) break;
      all.append(buffer, static_cast<std::size_t>(got));
    }
    return all;
  }
  void end() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

 private:
  pid_t pid_ = 0;
  int out_ = -1;
};

/// NSD with signed.test (whose bad.signed.test was changed after signing) and the unsigned
/// plain.signed.test below it.
class NameServer {
 public:
  NameServer() {
    std::string name = (std::filesystem::temp_directory_path() / "postern-dns-XXXXXX").string();
    if (!::mkdtemp(name.data())) throw std::runtime_error{"mkdtemp"};
    dir_ = name;
    sign();
    port_ = Socket{SOCK_DGRAM}.port();
    write("plain.zone", kPlain);
    write("elsewhere.zone", kElsewhere);
    write("nsd.conf", "server:\n ip-address: 127.0.0.1@" + std::to_string(port_) +
                          "\n username: \"\"\n zonesdir: \"" + name +
                          "\"\n database: \"\"\n server-count: 1\n verbosity: 1\n" +
                          " pidfile: \"nsd.pid\"\n xfrdfile: \"xfrd.state\"\n" +
                          " zonelistfile: \"zone.list\"\n cookie-secret-file: \"\"\n" +
                          "remote-control:\n control-enable: no\n" +
                          "zone:\n name: signed.test\n zonefile: signed.zone.signed\n" +
                          "zone:\n name: plain.signed.test\n zonefile: plain.zone\n" +
                          "zone:\n name: elsewhere.example\n zonefile: elsewhere.zone\n");
    nsd_.emplace(dir_, std::vector<std::string>{"/usr/sbin/nsd", "-d", "-c", name + "/nsd.conf"});
    const auto log = nsd_->output("nsd started");
    if (!log.contains("nsd started")) throw std::runtime_error{"nsd: " + log};
  }
  NameServer(const NameServer&) = delete;
  NameServer& operator=(const NameServer&) = delete;
  ~NameServer() {
    stop();
    std::filesystem::remove_all(dir_);
  }
  void stop() { nsd_.reset(); }
  [[nodiscard]] Server address() const { return at_port(port_); }

  /// Questions about both zones go to NSD; the proof begins at signed.test's key.
  [[nodiscard]] Settings settings() const {
    return {.root_trust_anchor = false,
            .trust_anchors = {anchor_},
            .stubs = {stub("signed.test"), stub("plain.signed.test")}};
  }

 private:
  void sign() {
    write("signed.zone", kSigned);
    std::string key = run({"ldns-keygen", "-a", "ECDSAP256SHA256", "-k", "signed.test"});
    key.erase(key.find_last_not_of("\r\n") + 1);
    run({"ldns-signzone", "signed.zone", key});
    anchor_ = read_file(dir_ / (key + ".key"));
    std::string zone = read_file(dir_ / "signed.zone.signed");
    const auto at = zone.find("as signed");
    if (at == zone.npos) throw std::runtime_error{"ldns-signzone made no zone"};
    write("signed.zone.signed", zone.replace(at, 9, "otherwise"));
  }
  std::string run(std::vector<std::string> words) const {
    return Child{dir_, std::move(words)}.output();
  }
  void write(const std::string& name, std::string_view text) const {
    std::ofstream{dir_ / name} << text;
  }
  [[nodiscard]] Stub stub(std::string_view zone) const {
    return {.zone = dns::Name::parse(zone).value(), .servers = {at_port(port_)}};
  }

  std::filesystem::path dir_;
  std::string anchor_;
  std::uint16_t port_ = 0;
  std::optional<Child> nsd_;
};

/// A core, and the thread that runs it is the test's.
class Loop {
 public:
  template <class T>
  T run(Task<T> task) {
    std::optional<T> out;
    asio::co_spawn(io_, std::move(task), [&out](std::exception_ptr error, T value) {
      if (error) std::rethrow_exception(error);
      out = std::move(value);
    });
    run_until([&out] { return out.has_value(); });
    return *std::move(out);
  }
  void run_until(const auto& reached) {
    while (!reached()) {
      io_.restart();
      io_.run_one_for(2ms);
      timers_.run_due(clock_.instant());
    }
  }
  [[nodiscard]] Core core() { return {io_.get_executor(), clock_, timers_, random_}; }
  [[nodiscard]] asio::io_context& io() { return io_; }

 private:
  asio::io_context io_;
  SystemClock clock_;
  Timers timers_{clock_};
  SeededRandom random_{1};
};

dns::Question question(std::string_view name, Type type) {
  return {dns::Name::parse(name).value(), type};
}

class UnboundResolverTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { server().emplace(); }
  static void TearDownTestSuite() { server().reset(); }
  static std::optional<NameServer>& server() {
    static std::optional<NameServer> nsd;
    return nsd;
  }

  dns::Answer ask(std::string_view name, Type type) {
    return loop.run(resolver->lookup(question(name, type)));
  }
  std::vector<std::string> texts(const dns::Answer& answer) {
    std::vector<std::string> out;
    for (const auto& record : answer.records) out.push_back(dns::to_string(record));
    return out;
  }
  void use(const Settings& settings) {
    auto made = UnboundResolver::create(loop.core(), settings);
    ASSERT_TRUE(made) << made.error().detail;
    resolver = *std::move(made);
  }
  void SetUp() override { use(server()->settings()); }

  Loop loop;
  std::unique_ptr<UnboundResolver> resolver;
};

TEST_F(UnboundResolverTest, SignedAnswersAreSecure) {
  const auto mx = ask("Signed.Test", Type::mx);
  EXPECT_EQ(mx.status, Status::secure) << mx.why;
  EXPECT_EQ(mx.outcome, Outcome::found);
  EXPECT_THAT(texts(mx), ElementsAre("10 mx.signed.test."));
  EXPECT_GT(mx.ttl, 0s);
  EXPECT_LE(mx.ttl, 60s);
  EXPECT_THAT(texts(ask("signed.test", Type::txt)), ElementsAre("\"v=spf1 -all\""));
  EXPECT_THAT(texts(ask("mx.signed.test", Type::aaaa)), ElementsAre("2001:db8::1"));
  EXPECT_THAT(texts(ask("_25._tcp.mx.signed.test", Type::tlsa)), ElementsAre("3 1 1 aabbccdd"));
  EXPECT_EQ(resolver->stats().secure, 4U);
  EXPECT_EQ(resolver->stats().pending, 0U);
}

TEST_F(UnboundResolverTest, FollowsAliases) {
  const auto answer = ask("nick.signed.test", Type::a);
  EXPECT_TRUE(answer.secure());
  EXPECT_THAT(texts(answer), ElementsAre("192.0.2.1"));
  EXPECT_EQ(answer.canonical.to_string(), "mx.signed.test");
}

TEST_F(UnboundResolverTest, AbsenceIsProvenToo) {
  const auto none = ask("nobody.signed.test", Type::mx);
  EXPECT_EQ(none.outcome, Outcome::nxdomain);
  EXPECT_TRUE(none.secure());
  const auto no_data = ask("mx.signed.test", Type::mx);
  EXPECT_EQ(no_data.outcome, Outcome::no_data);
  EXPECT_TRUE(no_data.secure());
  EXPECT_THAT(no_data.records, IsEmpty());
}

TEST_F(UnboundResolverTest, AnUnsignedDelegationIsInsecure) {
  const auto answer = ask("plain.signed.test", Type::mx);
  EXPECT_EQ(answer.status, Status::insecure) << answer.why;
  EXPECT_THAT(texts(answer), ElementsAre("0 ."));
}

TEST_F(UnboundResolverTest, WhatWasChangedAfterSigningIsBogusAndHasNoRecords) {
  const auto answer = ask("bad.signed.test", Type::txt);
  EXPECT_EQ(answer.status, Status::bogus);
  EXPECT_EQ(answer.outcome, Outcome::servfail);
  EXPECT_THAT(answer.records, IsEmpty());
  EXPECT_THAT(answer.why, HasSubstr("bad.signed.test"));
  EXPECT_EQ(resolver->stats().bogus, 1U);
}

TEST_F(UnboundResolverTest, ForwardersAnswerForEverything) {
  use({.root_trust_anchor = false, .forwarders = {server()->address()}});
  const auto answer = ask("elsewhere.example", Type::mx);
  EXPECT_EQ(answer.status, Status::insecure) << answer.why;
  EXPECT_THAT(texts(answer), ElementsAre("5 mx.elsewhere.example."));
}

TEST_F(UnboundResolverTest, AWrongAnchorMakesAllBogus) {
  auto settings = server()->settings();
  settings.trust_anchors = {"signed.test. IN DS 1 13 2 " + std::string(64, 'a')};
  use(settings);
  EXPECT_EQ(ask("signed.test", Type::mx).status, Status::bogus);
}

TEST_F(UnboundResolverTest, AsksManyAtOnceAndTheSameOnlyOnce) {
  const auto mx = question("signed.test", Type::mx);
  const auto a = question("mx.signed.test", Type::a);
  const auto answers = loop.run(resolver->lookup_all({mx, a, mx, mx}));
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_TRUE(answers.at(mx).found());
  EXPECT_TRUE(answers.at(a).found());
  EXPECT_EQ(resolver->stats().lookups, 4U);
  EXPECT_EQ(resolver->stats().merged, 2U);
  EXPECT_THAT(loop.run(resolver->lookup_all({})), IsEmpty());
}

TEST_F(UnboundResolverTest, RemembersAnswersWhenTheServerIsGone) {
  NameServer own;
  use(own.settings());
  EXPECT_TRUE(ask("signed.test", Type::mx).found());
  own.stop();
  const auto again = ask("signed.test", Type::mx);
  EXPECT_TRUE(again.found());
  EXPECT_TRUE(again.secure());
}

/// A name server that takes questions and never answers.
class DeadServerTest : public UnboundResolverTest {
 protected:
  void use_dead(Duration limit, std::size_t max_pending = 1000) {
    use({.limit = limit,
         .max_pending = max_pending,
         .root_trust_anchor = false,
         .stubs = {{.zone = dns::Name::parse("dead.test").value(),
                    .servers = {at_port(silent.port())}}}});
  }
  void SetUp() override {}
  Socket silent{SOCK_DGRAM};
};

TEST_F(DeadServerTest, TimesOut) {
  use_dead(100ms);
  const auto answer = ask("a.dead.test", Type::mx);
  EXPECT_EQ(answer.outcome, Outcome::timeout);
  EXPECT_TRUE(answer.temporary());
  EXPECT_EQ(resolver->stats().timeouts, 1U);
  EXPECT_EQ(ask("a.dead.test", Type::mx).outcome, Outcome::timeout);
}

TEST_F(DeadServerTest, StopAnswersWhatIsUnderWayAndWhatComesLater) {
  use_dead(60s);
  std::vector<dns::Answer> answers;
  for (const auto* name : {"a.dead.test", "b.dead.test"}) {
    asio::co_spawn(loop.io(), resolver->lookup(question(name, Type::mx)),
                   [&](const std::exception_ptr&, dns::Answer answer) {
                     answers.push_back(std::move(answer));
                   });
  }
  loop.run_until([&] { return resolver->stats().pending == 2; });
  resolver->stop();
  loop.run_until([&] { return answers.size() == 2; });
  for (const auto& answer : answers) EXPECT_EQ(answer.outcome, Outcome::servfail);
  EXPECT_EQ(ask("c.dead.test", Type::mx).outcome, Outcome::servfail);
}

TEST_F(DeadServerTest, BoundsWhatIsUnderWay) {
  use_dead(300ms, 1);
  const auto first = question("a.dead.test", Type::mx);
  const auto second = question("b.dead.test", Type::mx);
  const auto answers = loop.run(resolver->lookup_all({first, second}));
  EXPECT_EQ(answers.at(first).outcome, Outcome::timeout);
  EXPECT_EQ(answers.at(second).outcome, Outcome::servfail);
  EXPECT_EQ(resolver->stats().refused, 1U);
}

TEST_F(UnboundResolverTest, AnswersOnTheCallersCore) {
  Loop other;
  std::jthread home{[this](const std::stop_token& stop) {
    loop.run_until([&stop] { return stop.stop_requested(); });
  }};
  const auto answer = other.run(resolver->lookup(question("signed.test", Type::mx)));
  EXPECT_TRUE(answer.secure());
}

TEST(UnboundSettings, TheBuiltInRootKeysAreTaken) {
  Loop loop;
  EXPECT_TRUE(UnboundResolver::create(loop.core(), {}));
}

class RootKeys : public testing::Test {
 protected:
  RootKeys() {
    std::string name = (std::filesystem::temp_directory_path() / "postern-key-XXXXXX").string();
    if (!::mkdtemp(name.data())) throw std::runtime_error{"mkdtemp"};
    dir_ = name;
  }
  ~RootKeys() override { std::filesystem::remove_all(dir_); }
  [[nodiscard]] std::string file() const { return (dir_ / "root.key").string(); }
  [[nodiscard]] std::string content() const {
    std::ifstream in{file()};
    return {std::istreambuf_iterator<char>{in}, {}};
  }
  void write(std::string_view text) const { std::ofstream{file()} << text; }
  [[nodiscard]] bool starts() {
    return UnboundResolver::create(loop_.core(), {.root_key_file = file()}).has_value();
  }

 private:
  std::filesystem::path dir_;

 protected:
  Loop loop_;
};

TEST_F(RootKeys, BeginWithTheBuiltInOnes) {
  EXPECT_TRUE(starts());
  EXPECT_THAT(content(), HasSubstr("20326 8 2"));
}

TEST_F(RootKeys, GoOnFromWhatWasKept) {
  // The key of 2017 gone: as after a rollover.
  const std::string kept =
      ". IN DS 38696 8 2 683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16\n";
  write(kept);
  EXPECT_TRUE(starts());
  EXPECT_EQ(content(), kept);
}

TEST_F(RootKeys, WhoOnlyReadsThemNeverWrites) {
  const auto starts_reading = [this] {
    return UnboundResolver::create(loop_.core(),
                                   {.root_key_file = file(), .root_key_read_only = true})
        .has_value();
  };
  EXPECT_TRUE(starts_reading());
  EXPECT_FALSE(std::filesystem::exists(file()));
  for (const std::string kept :
       {"", "not a key\n", ". IN DS 1 2\n",
        ". IN DS 38696 8 2 683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16\n"}) {
    write(kept);
    EXPECT_TRUE(starts_reading()) << kept;
    EXPECT_EQ(content(), kept);
  }
  EXPECT_FALSE(std::filesystem::exists(file() + ".bad"));
}

TEST_F(RootKeys, ADamagedOrEmptyFileIsMadeAnew) {
  for (const auto* const damage : {"\x01\x02 no keys", "", ". IN DS 38696 8"}) {
    write(damage);
    EXPECT_TRUE(starts()) << damage;
    EXPECT_THAT(content(), HasSubstr("20326 8 2")) << damage;
  }
}

TEST(UnboundSettings, WhatCannotBeUsedIsToldAtOnce) {
  Loop loop;
  const auto anchor = UnboundResolver::create(loop.core(), {.trust_anchors = {"no anchor"}});
  ASSERT_FALSE(anchor);
  EXPECT_EQ(anchor.error().code, Errc::bad_config);
}

}  // namespace
}  // namespace postern::resolver
