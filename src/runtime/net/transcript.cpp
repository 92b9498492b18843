#include "net/transcript.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

#include "text/ascii.hpp"

namespace postern::net {
namespace {

using namespace std::chrono_literals;

constexpr Duration kForever = std::chrono::hours{24 * 365};

/// `*` in `pattern` stands for anything. Linear but for the backtracking to the last star.
bool matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::optional<std::size_t> star;
  std::size_t resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star) {
      p = *star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    switch (const char c = text[++i]) {
      case 'r': out += '\r'; break;
      case 'n': out += '\n'; break;
      case 't': out += '\t'; break;
      case 'x': {
        const auto digits = text.substr(i + 1, 2);
        if (digits.size() == 2 && text::hex_value(digits[0]) >= 0 &&
            text::hex_value(digits[1]) >= 0) {
          out += static_cast<char>(text::hex_value(digits[0]) * 16 + text::hex_value(digits[1]));
          i += 2;
        }
        break;
      }
      default: out += c;
    }
  }
  return out;
}

std::optional<Duration> parse_duration(std::string_view text) {
  const std::size_t unit_at = text.find_first_not_of("0123456789");
  if (unit_at == std::string_view::npos) return std::nullopt;
  const auto count = text::parse_number<std::uint32_t>(text.substr(0, unit_at));
  const std::string_view unit = text.substr(unit_at);
  if (!count) return std::nullopt;
  if (unit == "us") return Duration{*count};
  if (unit == "ms") return std::chrono::milliseconds{*count};
  if (unit == "s") return std::chrono::seconds{*count};
  if (unit == "m") return std::chrono::minutes{*count};
  if (unit == "h") return std::chrono::hours{*count};
  if (unit == "d") return std::chrono::hours{24} * *count;
  return std::nullopt;
}

/// The client's side: all that came, as it came.
struct Client {
  std::unique_ptr<Stream> stream;
  std::string unread;
  bool reading = false;
  bool closed = false;
};

Task<> keep_reading(Client& client) {
  client.reading = true;
  for (;;) {
    const auto got = co_await client.stream->read(kForever);
    if (got) {
      client.unread += *got;
      continue;
    }
    client.closed = got.error().code != Errc::woken;
    client.reading = false;
    co_return;
  }
}

Task<Result<void>> send(Client& client, std::string text) {
  co_return co_await client.stream->write(text, kForever);
}

Task<Result<void>> turn_to_tls(Client& client, std::string name) {
  co_return co_await client.stream->connect_tls(nullptr, {.server_name = std::move(name)},
                                                kForever);
}

/// Owns all it needs: a session that does not end may outlive the player.
Task<> serve(TranscriptSession session, std::unique_ptr<Stream> stream,
             std::shared_ptr<bool> ended) {
  co_await session(std::move(stream));
  *ended = true;
}

class Player {
 public:
  Player(ManualCore& machine, const TranscriptSession& session, const MemoryOptions& options)
      : machine_{machine} {
    auto pair = make_memory_pair(machine_.core(), options);
    client_.stream = std::move(pair.client);
    machine_.group().spawn(serve(session, std::move(pair.server), ended_));
    machine_.poll();
  }

  std::string play(std::string_view script) {
    std::size_t number = 0;
    for (std::string_view line : text::split(script, '\n')) {
      ++number;
      line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (line.empty() || line.front() == '#') continue;
      if (auto trouble = step(line); !trouble.empty())
        return account("line " + std::to_string(number) + ": " + std::string{line} + "\n" +
                       trouble);
    }
    return finish();
  }

  ~Player() { hang_up(); }  // ends the client's coroutines, which refer to it

 private:
  std::string step(std::string_view line) {
    const std::string_view kind = line.substr(0, 2);
    std::string_view rest = line.substr(kind.size());
    if (rest.starts_with(' ')) rest.remove_prefix(1);
    if (kind == "C:") return say(std::string{rest} + "\r\n", line);
    if (kind == "C~") return say(unescape(rest), line);
    if (kind == "S:" && rest == "...") return skipping_ = true, "";
    if (kind == "S:") return expect(rest, matches);
    if (kind == "S=")
      return expect(rest, [](std::string_view a, std::string_view b) { return a == b; });
    if (kind == "T:") return stage(rest);
    return "  not a step of a transcript\n";
  }

  std::string say(std::string octets, std::string_view line) {
    if (skipping_) skip_rest();
    if (client_.stream == nullptr) return "  the client has hung up before\n";
    log(line);
    const auto sent = machine_.try_run(send(client_, std::move(octets)));
    if (!sent) return "  the server does not read\n";
    if (!*sent) return "  could not be sent: the server has hung up\n" + unread();
    return {};
  }

  template <class Match>
  std::string expect(std::string_view wanted, Match match) {
    listen();
    for (;;) {
      const std::size_t end = client_.unread.find('\n');
      if (end == std::string::npos) return "  got: " + silence() + "\n";
      std::string got = client_.unread.substr(0, end);
      client_.unread.erase(0, end + 1);
      if (got.ends_with('\r')) {
        got.pop_back();
      } else {
        got += "<LF without CR>";
      }
      if (match(wanted, got)) {
        log("S: " + got);
        skipping_ = false;
        return {};
      }
      if (!skipping_) return "  got: " + got + "\n" + unread();
      log("S: " + got);
    }
  }

  std::string stage(std::string_view what) {
    log("T: " + std::string{what});
    if (what.starts_with("tls")) return start_tls(std::string{text::trim(what.substr(3))});
    if (what.starts_with("wait ")) {
      const auto length = parse_duration(what.substr(5));
      if (!length) return "  not a length of time\n";
      listen();
      machine_.advance(*length);
      return {};
    }
    listen();
    if (skipping_) skip_rest();
    if (what == "quiet") return unread();
    if (what == "eof") return hang_up(), "";
    if (what != "closed") return "  not a step of a transcript\n";
    if (!client_.unread.empty()) return unread();
    return client_.closed ? "" : "  got: " + silence() + "\n";
  }

  std::string start_tls(std::string name) {
    stop_listening();
    const auto agreed = machine_.try_run(turn_to_tls(client_, std::move(name)));
    if (!agreed) return "  the server does not begin TLS\n" + unread();
    if (!*agreed) return "  TLS failed: " + agreed->error().detail + "\n";
    return {};
  }

  void listen() {
    if (client_.stream && !client_.reading && !client_.closed)
      machine_.group().spawn(keep_reading(client_));
    machine_.poll();
  }
  void stop_listening() {
    if (client_.reading) client_.stream->wake();
    machine_.poll();
  }
  void skip_rest() {
    listen();
    skipping_ = false;
    client_.unread.clear();
  }
  void hang_up() {
    if (!client_.stream) return;
    client_.stream->close();
    machine_.poll();
    client_.stream.reset();
    machine_.poll();
  }

  std::string finish() {
    listen();
    if (!skipping_ && !client_.unread.empty()) return account("after the last line\n" + unread());
    hang_up();
    if (!*ended_) machine_.advance(1h);
    if (!*ended_) return account("the session goes on though the client hung up an hour ago\n");
    return {};
  }

  [[nodiscard]] std::string silence() const {
    if (!client_.unread.empty()) return "an unfinished line: " + client_.unread;
    return client_.closed ? "the server has hung up" : "nothing";
  }
  [[nodiscard]] std::string unread() const {
    return client_.unread.empty() ? "" : "  and unread:\n" + client_.unread + "\n";
  }
  void log(std::string_view line) { log_.append("  ").append(line).append("\n"); }
  [[nodiscard]] std::string account(const std::string& trouble) const {
    return "the conversation so far:\n" + log_ + trouble;
  }

  ManualCore& machine_;
  Client client_;
  std::shared_ptr<bool> ended_ = std::make_shared<bool>(false);
  bool skipping_ = false;
  std::string log_;
};

}  // namespace

std::string play_transcript(ManualCore& machine, const TranscriptSession& session,
                            std::string_view script, const MemoryOptions& options) {
  Player player{machine, session, options};
  return player.play(script);
}

}  // namespace postern::net
