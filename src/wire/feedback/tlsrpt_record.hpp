#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vocab/result.hpp"

// The TXT record at _smtp._tls.DOMAIN that says where TLS reports go: RFC 8460 §3.
namespace postern::feedback {

inline constexpr std::size_t kMaxReportUris = 10;

struct TlsRptRecord {
  /// Addresses (addr-spec) of the mailto URIs, percent codes undone, without header fields.
  std::vector<std::string> mailto;
  /// The https URIs as they stand.
  std::vector<std::string> https;
  /// URIs of other schemes, mailto URIs without an address, and what is beyond kMaxReportUris.
  std::size_t ignored = 0;

  friend bool operator==(const TlsRptRecord&, const TlsRptRecord&) = default;
};

/// Reads one record, its strings joined. Several `rua` add up; extension fields are passed over.
/// Error `bad_syntax` with the place. RFC 8460 §3.
[[nodiscard]] Result<TlsRptRecord> parse_tlsrpt_record(std::string_view txt);

/// Out of all TXT records at the name: those that do not begin with `v=TLSRPTv1;` are discarded and
/// one must remain. Errors: `not_found` (none remains), `bad_syntax` (several, or broken). RFC 8460
/// §3.
[[nodiscard]] Result<TlsRptRecord> pick_tlsrpt_record(std::span<const std::string> txts);

}  // namespace postern::feedback
