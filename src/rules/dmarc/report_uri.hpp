#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dns/name.hpp"
#include "vocab/result.hpp"

// Where a domain wants its reports: RFC 9989 §4.6.
namespace postern::dmarc {

/// The mailbox of a `mailto:` URI that can be written to.
struct ReportMailbox {
  std::string local;  ///< Letters, digits and the other characters of a dot-atom; ASCII.
  dns::Name domain;
  [[nodiscard]] std::string to_string() const { return local + '@' + domain.to_string(); }
  friend bool operator==(const ReportMailbox&, const ReportMailbox&) = default;
};

/// A URI that is valid as such (RFC 3986 §3). Only those with a mailbox can be used.
struct ReportUri {
  std::string text;  ///< As published, without the size.
  std::optional<ReportMailbox> mailbox = {};
  /// What `!10m` asks for, in octets. RFC 9989 §4.8 says to ignore it; it is read so that a report
  /// nobody there will take need not be sent.
  std::optional<std::uint64_t> max_size = {};
  friend bool operator==(const ReportUri&, const ReportUri&) = default;
};

/// No list of URIs is longer; what follows is dropped.
inline constexpr std::size_t kMaxReportUris = 10;

/// One URI with or without a size. Error `bad_syntax`: no scheme, nothing behind it, a character
/// that no URI has, a bare `!` that begins no size.
[[nodiscard]] Result<ReportUri> parse_report_uri(std::string_view text);

struct ReportUriList {
  std::vector<ReportUri> uris;
  std::size_t bad = 0;    ///< How many were passed over because they are no URIs.
  bool too_many = false;  ///< There were more than kMaxReportUris.
};

/// The value of `rua` or `ruf`: URIs between commas, bad ones skipped, doubles named once. Linear.
[[nodiscard]] ReportUriList parse_report_uris(std::string_view value);

}  // namespace postern::dmarc
