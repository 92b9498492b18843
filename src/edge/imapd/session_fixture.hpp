#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "async/manual_core.hpp"
#include "async/pool.hpp"
#include "directory/directory.hpp"
#include "imapd/session.hpp"
#include "kv/memory_engine.hpp"
#include "net/memory_stream.hpp"
#include "net/tls_context.hpp"
#include "store/mail_store.hpp"

// Test support: the IMAP server over the real store and directory, in memory and in its own time,
// and clients that speak to it.
namespace postern::imapd {

class NoSink final : public log::Sink {
 public:
  void write(log::Level /*level*/, std::string_view /*line*/) override {}
};

/// Remembers what it was told; a failed login costs two seconds. Has so many places.
class CountingGuard final : public LoginGuard {
 public:
  [[nodiscard]] std::shared_ptr<void> enter(const text::IpAddress& /*peer*/) override {
    if (places.use_count() > most) return nullptr;
    return places;
  }
  Duration failed(const text::IpAddress& /*peer*/) override {
    ++failures;
    return std::chrono::seconds{2};
  }
  void good(const text::IpAddress& /*peer*/) override { ++successes; }
  int failures = 0;
  int successes = 0;
  std::shared_ptr<void> places = std::make_shared<char>();
  long most = 1000;
};

struct Rig {
  static constexpr std::string_view kUser = "ann@example.org";

  explicit Rig(store::Settings of_store = {}) : store_settings{of_store} {
    settings->implicit_tls = true;
    settings->hostname = "mail.example.org";
    // Memory streams look at no context; it must only be there.
    settings->tls =
        net::TlsContext::client({.system_trust = false, .trust_files = {}, .sessions = 0}).value();
    (void)machine.run(directory->add_domain({.name = "example.org"}));
    (void)machine.run(directory->add_account(std::string{kUser}, Secret{password}, 0));
  }
  Rig(const Rig&) = delete;
  Rig& operator=(const Rig&) = delete;

  SystemRandom random;
  std::string password = "pass" + std::to_string(random.u64());
  ManualCore machine;
  std::vector<Core*> cores{&machine.core()};
  InlinePool pool;
  std::unique_ptr<kv::MemoryEngine> engine =
      std::make_unique<kv::MemoryEngine>(kv::MemoryEngine::Options{}, kv::MemoryDisk{});
  store::Settings store_settings;
  std::unique_ptr<store::MailStore> mail = store::make_mail_store(*engine, cores, store_settings);
  std::unique_ptr<directory::Directory> directory =
      machine
          .run(directory::open_directory(
              *engine, *mail, machine.core(), pool,
              {.argon2_memory_kib = 64, .argon2_passes = 1, .scram_iterations = 4096}))
          .value();
  NoSink sink;
  log::Backend backend{sink, {.level = log::Level::off}, [] { return Timestamp{}; }};
  metrics::Registry registry;
  Metrics metrics{registry};
  CountingGuard guard;
  AccountPlaces places;
  Services services{.directory = *directory,
                    .guard = guard,
                    .places = places,
                    .metrics = metrics,
                    .logger = log::Logger{backend}};
  std::shared_ptr<Settings> settings = std::make_shared<Settings>();
};

/// A client of a rig, which outlives it. In texts LF stands for CRLF.
class Client {
 public:
  explicit Client(Rig& rig, net::MemoryOptions options = {}) : rig_{rig} {
    auto pair = net::make_memory_pair(rig.machine.core(), options);
    server_ = pair.server.get();
    wire_->stream = std::move(pair.client);
    rig.machine.group().spawn(
        serve(rig.machine.core(), std::move(pair.server), rig.services, rig.settings));
    rig.machine.group().spawn(listen(wire_, rig.settings->implicit_tls));
    rig.machine.poll();
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() {
    wire_->stream->close();
    rig_.machine.poll();
  }

  /// What the server said since the last time.
  std::string heard() {
    rig_.machine.poll();
    std::string out;
    for (const char c : std::exchange(wire_->got, {})) {
      if (c != '\r') out.push_back(c);
    }
    return out;
  }
  void say(std::string_view text) {
    std::string octets;
    for (const char c : text) {
      if (c == '\n') octets.push_back('\r');
      octets.push_back(c);
    }
    rig_.machine.group().spawn(speak(wire_, std::move(octets)));
    rig_.machine.poll();
  }
  std::string ask(std::string_view text) {
    say(text);
    return heard();
  }
  [[nodiscard]] bool closed() const { return wire_->ended; }
  /// The server's end, while it lives.
  [[nodiscard]] net::Stream& server() { return *server_; }
  [[nodiscard]] net::Stream& stream() { return *wire_->stream; }
  [[nodiscard]] Rig& rig() { return rig_; }

  std::string log_in() {
    return ask("L LOGIN " + std::string{Rig::kUser} + " " + rig_.password + "\n");
  }
  /// A message whose subject and text are `word`.
  std::string append(const std::string& mailbox, const std::string& word,
                     const std::string& flags = "") {
    const std::string message = "Subject: " + word + "\n\n" + word + "\n";
    const auto size = message.size() + 3;  // three line ends
    return ask("P APPEND " + mailbox + " " + flags + "{" + std::to_string(size) + "+}\n" + message +
               "\n");
  }

 private:
  struct Wire {
    std::unique_ptr<net::Stream> stream;
    std::string got;
    bool ended = false;
  };
  static Task<> listen(std::shared_ptr<Wire> wire, bool tls) {
    constexpr Duration kLong = std::chrono::days{10};
    if (tls) (void)co_await wire->stream->connect_tls(nullptr, {}, kLong);
    while (!wire->ended) {
      const auto octets = co_await wire->stream->read(kLong);
      if (octets) wire->got += *octets;
      wire->ended = !octets;
    }
  }
  static Task<> speak(std::shared_ptr<Wire> wire, std::string octets) {
    (void)co_await wire->stream->write(octets, std::chrono::hours{1});
  }

  Rig& rig_;
  net::Stream* server_ = nullptr;
  std::shared_ptr<Wire> wire_ = std::make_shared<Wire>();
};

}  // namespace postern::imapd
