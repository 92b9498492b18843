#pragma once

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "async/manual_core.hpp"
#include "net/local_ca.hpp"
#include "net/stream.hpp"
#include "net/tcp_stream.hpp"
#include "net/tls_context.hpp"

// Test support: real sockets over loopback, in time that stands still.
namespace postern::net {

/// Two connected streams, and turns of the core until something is so.
class Loopback {
 public:
  Loopback() { reconnect(); }

  void reconnect() {
    server.reset();
    client.reset();
    auto [a, b] = sockets();
    client = make_tcp_stream(machine.core(), std::move(a)).value();
    server = make_tcp_stream(machine.core(), std::move(b)).value();
  }

  std::pair<TcpSocket, TcpSocket> sockets() {
    TcpSocket a{machine.core().executor};
    a.connect(acceptor_.local_endpoint());
    TcpSocket b{machine.core().executor};
    acceptor_.accept(b);
    return {std::move(a), std::move(b)};
  }

  /// False when it has not come true after ten seconds of the machine's time.
  template <class Condition>
  bool until(Condition condition) {
    const auto end = SystemClock{}.instant() + std::chrono::seconds{10};
    while (!condition()) {
      if (SystemClock{}.instant() > end) return false;
      machine.poll();
    }
    return true;
  }

  /// Begins `task`; its result appears in what is returned.
  template <class T>
  std::shared_ptr<std::optional<T>> start(Task<T> task) {
    auto out = std::make_shared<std::optional<T>>();
    machine.group().spawn(keep(out, std::move(task)));
    machine.poll();
    return out;
  }
  template <class T>
  T run(Task<T> task) {
    const auto out = start(std::move(task));
    if (!until([&] { return out->has_value(); })) std::abort();
    return *std::move(*out);
  }

  ManualCore machine{1, SystemClock{}.now()};
  std::unique_ptr<Stream> client;
  std::unique_ptr<Stream> server;

 private:
  template <class T>
  static Task<> keep(std::shared_ptr<std::optional<T>> out, Task<T> task) {
    *out = co_await std::move(task);
  }
  /// One for all connections: sessions are remembered by address and port.
  asio::basic_socket_acceptor<asio::ip::tcp, Executor> acceptor_{
      machine.core().executor, {asio::ip::address_v4::loopback(), 0}};
};

/// Certificates made for one test, in a folder that goes with it.
class TestCertificates {
 public:
  explicit TestCertificates(std::vector<std::string> names) {
    std::string pattern = std::filesystem::temp_directory_path().string() + "/postern_XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
    SystemRandom random;
    const auto now = SystemClock{}.now();
    files = ensure_local_ca({directory_, std::move(names), {text::IpAddress::v4({127, 0, 0, 1})}},
                            now, random)
                .value();
  }
  TestCertificates(const TestCertificates&) = delete;
  TestCertificates& operator=(const TestCertificates&) = delete;
  ~TestCertificates() { std::filesystem::remove_all(directory_); }

  [[nodiscard]] CertificateFiles certificate() const { return {files.chain_file, files.key_file}; }
  [[nodiscard]] std::shared_ptr<const TlsContext> trusting_client(
      TlsProfile profile = TlsProfile::modern) const {
    return TlsContext::client(
               {.profile = profile, .system_trust = false, .trust_files = {files.ca_file}})
        .value();
  }
  LocalCaFiles files;

 private:
  std::string directory_;
};

}  // namespace postern::net
