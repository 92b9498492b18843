#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "vocab/time.hpp"

// Reports about mail authentication and TLS: what is seen of others' mail and servers is counted
// and stored, told once a day to who asks for it (DMARC aggregate reports, RFC 9990; TLS reports,
// RFC 8460), and what others tell of our domains is recognised, believed if its sender is proven,
// and kept to be looked at. Formats are wire/feedback's, DNS records of DMARC rules/dmarc's.
namespace postern::reports {

/// What a report is about. The values are stored.
enum class Topic : std::uint8_t {
  dmarc = 1,    ///< Aggregate reports.
  tls = 2,      ///< TLS reports.
  failure = 3,  ///< Single messages; received only.
};
/// "dmarc", "tls", "failure".
[[nodiscard]] std::string_view to_string(Topic topic);

/// Days since 1970-01-01, UTC; 0 for times before.
using Day = std::uint32_t;
[[nodiscard]] Day day_of(Timestamp time);
[[nodiscard]] std::chrono::sys_seconds begin_of(Day day);

/// What is counted apart from all else: one domain on one day.
struct Subject {
  Day day = 0;
  Topic topic = Topic::dmarc;
  std::string domain;  ///< A-label.

  friend auto operator<=>(const Subject&, const Subject&) = default;
};

}  // namespace postern::reports
