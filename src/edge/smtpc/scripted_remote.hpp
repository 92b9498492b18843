#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "async/event.hpp"
#include "async/manual_core.hpp"
#include "net/memory_stream.hpp"
#include "net/stream.hpp"
#include "text/ascii.hpp"

// Test support: hosts that play a part. One line of a script is one step:
//
//   S: text     the host says the line
//   S~ text     the text alone, with \r and \n understood
//   C: text     the client must say that line; a * at its end stands for anything. After a BDAT the
//               octets that belong to it are taken too.
//   T: data     the client sends message data up to the dot
//   T: tls      the host turns to TLS
//   T: close    the connection breaks
//   T: slow     the host takes three seconds
//   T: silent   the host says nothing any more
//
// At the end of a script the host waits for QUIT or the end of the connection.
namespace postern::smtpc {

class ScriptedHosts final : public net::Dialer {
 public:
  explicit ScriptedHosts(ManualCore& machine) : machine_{machine} {}

  std::map<std::string, std::deque<std::string>> scripts;  ///< By address, one a connection.
  std::vector<std::string> dialled;
  std::vector<std::string> faults;
  std::vector<std::string> data;  ///< Message data as it came over the line.
  int quits = 0;

  Task<Result<std::unique_ptr<net::Stream>>> connect(net::Endpoint to,
                                                     std::optional<text::IpAddress>,
                                                     Duration) override {
    const auto ip = to.ip.to_string();
    dialled.push_back(ip);
    auto& waiting = scripts[ip];
    if (waiting.empty()) co_return fail(Errc::peer_closed, "refused");
    net::MemoryOptions options;
    options.server = to;
    auto pair = net::make_memory_pair(machine_.core(), options);
    machine_.group().spawn(play(std::move(pair.server), std::move(waiting.front())));
    waiting.pop_front();
    co_return std::move(pair.client);
  }

 private:
  static constexpr Duration kPatience = std::chrono::hours{24};

  struct Peer {
    std::unique_ptr<net::Stream> stream;
    std::string buffer;
    bool ended = false;
  };

  static std::string unescape(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const bool escape = text[i] == '\\' && i + 1 < text.size();
      out += !escape ? text[i] : text[i + 1] == 'r' ? '\r' : '\n';
      if (escape) ++i;
    }
    return out;
  }
  static Task<bool> more(Peer& peer) {
    const auto bytes = co_await peer.stream->read(kPatience);
    if (bytes) {
      peer.buffer += *bytes;
    } else {
      peer.ended = true;
    }
    co_return bytes.has_value();
  }
  static Task<std::string> line(Peer& peer) {
    auto end = peer.buffer.find("\r\n");
    while (end == std::string::npos) {
      const bool came = co_await more(peer);
      if (!came) co_return "(end)";
      end = peer.buffer.find("\r\n");
    }
    auto out = peer.buffer.substr(0, end);
    peer.buffer.erase(0, end + 2);
    co_return out;
  }
  Task<> take_chunk(Peer& peer, std::string command) {
    const auto words = text::split(command, ' ');
    const auto size = text::parse_number<std::size_t>(words.at(1)).value();
    while (peer.buffer.size() < size) {
      const bool came = co_await more(peer);
      if (!came) co_return;
    }
    data.push_back(peer.buffer.substr(0, size));
    peer.buffer.erase(0, size);
  }
  Task<> take_data(Peer& peer) {
    std::string all;
    while (true) {
      const auto next = co_await line(peer);
      if (peer.ended || next == ".") break;
      all += next + "\r\n";
    }
    data.push_back(all);
  }
  Task<> expect(Peer& peer, std::string_view wanted) {
    const auto got = co_await line(peer);
    const bool any = wanted.ends_with('*');
    const auto head = wanted.substr(0, wanted.size() - (any ? 1 : 0));
    if (any ? !got.starts_with(head) : got != head)
      faults.push_back("wanted '" + std::string{wanted} + "', got '" + got + "'");
    if (got.starts_with("BDAT ")) co_await take_chunk(peer, got);
  }
  Task<bool> step(Peer& peer, std::string_view mark, std::string_view rest) {
    if (mark == "S:" || mark == "S~") {
      const std::string out = mark == "S:" ? std::string{rest} + "\r\n" : unescape(rest);
      const auto sent = co_await peer.stream->write(out, kPatience);
      co_return sent.has_value();
    }
    if (mark == "C:") {
      co_await expect(peer, rest);
    } else if (rest == "data") {
      co_await take_data(peer);
    } else if (rest == "tls") {
      const auto done = co_await peer.stream->accept_tls(nullptr, kPatience);
      co_return done.has_value();
    } else if (rest == "slow") {
      Event never;
      co_await never.wait_for(machine_.core().timers, std::chrono::seconds{3});
    } else if (rest == "silent") {
      bool there = true;
      while (there) there = co_await more(peer);
      co_return false;
    } else {
      co_return false;
    }
    co_return true;
  }
  Task<> play(std::unique_ptr<net::Stream> stream, std::string script) {
    Peer peer{std::move(stream), {}};
    for (const auto raw : text::split(script, '\n')) {
      const auto one = text::trim(raw);
      if (one.size() < 3) continue;
      const bool going = co_await step(peer, one.substr(0, 2), one.substr(3));
      if (!going) co_return;
    }
    while (!peer.ended) {
      const auto last = co_await line(peer);
      if (last == "QUIT") {
        ++quits;
        co_return;
      }
      if (!peer.ended) faults.push_back("unexpected '" + last + "'");
    }
  }

  ManualCore& machine_;
};

}  // namespace postern::smtpc
