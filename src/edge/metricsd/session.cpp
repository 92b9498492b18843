#include "metricsd/session.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <vector>

#include "text/ascii.hpp"
#include "vocab/time.hpp"

namespace postern::metricsd {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMaxHead = std::size_t{8} * 1024;
constexpr Duration kReadLimit = 10s;
constexpr Duration kWriteLimit = 10s;

std::string response(std::string_view status, std::string_view body, bool with_body = true,
                     std::string_view more = {}) {
  std::string out{"HTTP/1.1 "};
  out.append(status).append("\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8");
  out.append("\r\nContent-Length: ").append(std::to_string(body.size()));
  out.append("\r\nConnection: close\r\n").append(more).append("\r\n");
  if (with_body) out += body;
  return out;
}

/// Reads up to the empty line. Nothing when the peer leaves or takes too long.
Task<std::optional<std::string>> read_head(Core& core, net::Stream& stream) {
  const Instant deadline = core.clock.instant() + kReadLimit;
  std::string head;
  while (head.find("\r\n\r\n") == std::string::npos && head.size() <= kMaxHead) {
    const Duration left = deadline - core.clock.instant();
    if (left <= Duration{0}) co_return std::nullopt;
    const auto got = co_await stream.read(left);
    if (!got) co_return std::nullopt;
    head += got->substr(0, kMaxHead + 1 - std::min(head.size(), kMaxHead));
  }
  co_return head;
}

}  // namespace

std::string respond(std::string_view head, const metrics::Registry& registry) {
  const auto words = text::split(head.substr(0, head.find("\r\n")), ' ');
  if (words.size() != 3 || !words[2].starts_with("HTTP/"))
    return response("400 Bad Request", "This is not HTTP.\n");
  if (!words[2].starts_with("HTTP/1.")) return response("505 HTTP Version Not Supported", "");
  const bool get = words[0] == "GET";
  if (!get && words[0] != "HEAD")
    return response("405 Method Not Allowed", "", true, "Allow: GET, HEAD\r\n");
  const auto path = words[1].substr(0, words[1].find('?'));
  if (path == "/metrics") return response("200 OK", registry.render(), get);
  if (path == "/") return response("200 OK", "Metrics are at /metrics.\n", get);
  return response("404 Not Found", "Metrics are at /metrics.\n", get);
}

Task<> serve(Core& core, std::unique_ptr<net::Stream> stream, const metrics::Registry& registry) {
  const auto head = co_await read_head(core, *stream);
  if (!head) co_return;
  const std::string answer = head->size() > kMaxHead
                                 ? response("431 Request Header Fields Too Large", "")
                                 : respond(*head, registry);
  const auto wrote = co_await stream->write(answer, kWriteLimit);
  if (wrote) stream->close();
}

}  // namespace postern::metricsd
