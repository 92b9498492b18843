#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/url.hpp"
#include "vocab/result.hpp"
#include "vocab/time.hpp"

namespace postern::http {

struct Field {
  std::string name;
  std::string value;
  friend bool operator==(const Field&, const Field&) = default;
};

enum class Method : std::uint8_t { get, head, post };

struct Request {
  Method method = Method::get;
  std::string url;
  /// Beside those that the client writes itself: Host, User-Agent, Connection, Accept-Encoding and
  /// Content-Length.
  std::vector<Field> headers = {};
  std::string body = {};
};

struct Response {
  unsigned status = 0;
  std::vector<Field> headers = {};  ///< In order; values without space at their ends.
  std::string body = {};

  [[nodiscard]] bool good() const { return status / 100 == 2; }
  /// The value of the first field of that name, in any case; borrowed from this.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
  friend bool operator==(const Response&, const Response&) = default;
};

/// How much an answer may be. `too_large` is what becomes of more.
struct ResponseLimits {
  std::size_t header_octets = std::size_t{16} << 10U;
  std::size_t body_octets = std::size_t{64} << 10U;
  bool want_body = true;  ///< False: the header says all; what follows it is not read.
};

struct Limits {
  ResponseLimits response = {};
  Duration connect = std::chrono::seconds{15};  ///< Of each address: connection and handshake.
  /// For everything together; only the answer of DNS has the resolver's own limit, at most.
  Duration whole = std::chrono::seconds{60};
};

/// `request` to `url` (its own, parsed) on the line. Every connection is for one request. Error
/// `bad_syntax`: a header field that is none, or one that the client writes itself. RFC 9112 §3,
/// §5, §9.6.
[[nodiscard]] Result<std::string> print(const Request& request, const Url& url,
                                        std::string_view user_agent);

}  // namespace postern::http
