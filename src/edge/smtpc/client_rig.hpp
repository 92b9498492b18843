#pragma once

#include <algorithm>
#include <stdexcept>

#include "resolver/scripted.hpp"
#include "smtpc/client.hpp"
#include "smtpc/scripted_remote.hpp"

// What the client's tests share. For tests alone.
namespace postern::smtpc {

using Kind = queue::RecipientOutcome::Kind;
using std::chrono::minutes;
using std::chrono::seconds;

inline constexpr std::string_view kBody = "Subject: hi\r\n\r\n.dot\r\nbye\r\n";
inline constexpr std::string_view kHello = R"(
  S: 220 mx.example ESMTP
  C: EHLO us.example
  S: 250-mx.example
)";
inline constexpr std::string_view kPlainHello = R"(
  S: 220 mx.example ESMTP
  C: EHLO us.example
  S: 250 mx.example
)";

inline std::string with(std::string_view capabilities, std::string_view rest) {
  return std::string{kHello} + "\nS: 250 " + std::string{capabilities} + '\n' + std::string{rest};
}
inline std::string plain(std::string_view rest) {
  return std::string{kPlainHello} + std::string{rest};
}

/// A client, its DNS (x.example: two hosts) and hosts.
struct Stage {
  explicit Stage(bool tls = false) {
    settings.hostname = "us.example";
    settings.route.own_names = {dns::Name::parse("us.example").value()};
    dns.add_mx("x.example", 10, "mx1.x.example");
    dns.add_mx("x.example", 20, "mx2.x.example");
    dns.add_address("mx1.x.example", "198.51.100.1");
    dns.add_address("mx2.x.example", "198.51.100.2");
    if (tls) context = net::TlsContext::client({.system_trust = false}).value();
    start();
  }
  void start() { client = make_client(dns, hosts, context, machine.core(), settings); }
  ~Stage() {
    machine.group().spawn(client->close());
    machine.advance(minutes{1});
  }

  queue::Job job(std::vector<std::string> to, std::string body = std::string{kBody}) {
    queue::Job out;
    out.domain = "x.example";
    out.envelope.from = smtp::parse_address("me@us.example").value();
    for (const auto& one : to)
      out.recipients.push_back({.address = smtp::parse_address(one, {.utf8 = true}).value()});
    out.size = body.size();
    out.own = true;
    out.read = [body](std::uint64_t offset, std::uint64_t length) -> Task<Result<std::string>> {
      const auto read = [](std::string piece) -> Task<Result<std::string>> { co_return piece; };
      return read(body.substr(offset, length));
    };
    return out;
  }
  /// `into` has outcomes once the attempt has ended.
  void begin(queue::Job what, queue::Attempt& into) {
    const auto run = [](Client& by, queue::Job one, queue::Attempt& to) -> Task<> {
      to = co_await by.attempt(std::move(one));
    };
    machine.group().spawn(run(*client, std::move(what), into));
    machine.poll();
  }
  queue::Attempt send(queue::Job what, Duration patience = seconds{1}) {
    queue::Attempt out;
    begin(std::move(what), out);
    if (out.outcomes.empty()) machine.advance(patience);
    if (out.outcomes.empty()) throw std::logic_error{"the attempt has not ended"};
    if (!hosts.faults.empty()) throw std::logic_error{hosts.faults.front()};
    return out;
  }
  std::deque<std::string>& first() { return hosts.scripts["198.51.100.1"]; }
  std::deque<std::string>& second() { return hosts.scripts["198.51.100.2"]; }

  ManualCore machine;
  resolver::ScriptedResolver dns{machine.core().timers};
  ScriptedHosts hosts{machine};
  std::shared_ptr<const net::TlsContext> context;
  Settings settings;
  std::unique_ptr<Client> client;
};

}  // namespace postern::smtpc
