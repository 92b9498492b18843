#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dns/name.hpp"
#include "vocab/result.hpp"

namespace postern::mtasts {

inline constexpr std::size_t kMaxPolicy = std::size_t{64} << 10U;  ///< Octets: RFC 8461 §3.3.
inline constexpr std::size_t kMaxPatterns = 1000;
inline constexpr std::chrono::seconds kMaxAge{31'557'600};  ///< A year: RFC 8461 §3.2.

enum class Mode : std::uint8_t {
  none,     ///< There is no policy (any more).
  testing,  ///< Deliver whatever happens, and report it.
  enforce,  ///< Deliver to the named hosts under verified TLS, or not at all.
};
[[nodiscard]] std::string_view to_string(Mode mode);

/// Which hosts may take the domain's mail.
struct Pattern {
  dns::Name name;         ///< Of the host; or what must stand behind its first label.
  bool wildcard = false;  ///< Written `*.name`.

  [[nodiscard]] std::string to_string() const;
  friend bool operator==(const Pattern&, const Pattern&) = default;
};

struct Policy {
  Mode mode = Mode::none;
  std::chrono::seconds max_age{};
  std::vector<Pattern> mx;  ///< Empty only with mode none.

  /// Whether `host` is covered: by its name, or by a wildcard for exactly its first label. Names
  /// are compared as A-labels. RFC 8461 §4.1.
  [[nodiscard]] bool covers(const dns::Name& host) const;
  friend bool operator==(const Policy&, const Policy&) = default;
};

/// Reads a policy file. Lines end in CRLF or LF, fields come in any order, the first of a kind
/// counts (but for mx, which are all kept), unknown ones are passed over, as are empty lines at the
/// end. A max_age beyond a year makes the policy invalid. Errors: `bad_syntax` with the place;
/// `too_large`: more than `kMaxPolicy` octets or `kMaxPatterns` patterns. RFC 8461 §3.2.
[[nodiscard]] Result<Policy> parse_policy(std::string_view text);

/// The file for `policy`, with CRLF.
[[nodiscard]] std::string print(const Policy& policy);

/// Whether the media type of a response may be a policy's: text/plain, whatever its parameters.
/// RFC 8461 §3.2.
[[nodiscard]] bool is_policy_type(std::string_view content_type);

/// "mta-sts.DOMAIN": where the policy of `domain` is. Error `bad_syntax`: the name is too long.
[[nodiscard]] Result<dns::Name> policy_host(const dns::Name& domain);
/// The URL of the policy at that host. RFC 8461 §3.3.
[[nodiscard]] std::string policy_url(const dns::Name& policy_host);

}  // namespace postern::mtasts
