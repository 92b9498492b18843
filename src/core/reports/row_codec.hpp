#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "feedback/aggregate.hpp"
#include "feedback/tls_report.hpp"
#include "record/record.hpp"

// What records of space `reports` have in common: rows and policies, as nested records. Words that
// a later release may add are read as `unspecified` (of TLS results: `other`).
namespace postern::reports {

/// The version of every record of the space.
inline constexpr std::uint8_t kVersion = 1;

[[nodiscard]] std::string encode_row(const feedback::AggregateRecord& row);
[[nodiscard]] std::string encode_policy(const feedback::PolicyPublished& policy);
[[nodiscard]] std::string encode_tls(const feedback::TlsPolicyReport& policy);

/// Each reads the current field of `in`, which gets the fault if there is one.
[[nodiscard]] feedback::AggregateRecord take_row(record::Reader& in);
[[nodiscard]] feedback::PolicyPublished take_policy(record::Reader& in);
[[nodiscard]] feedback::TlsPolicyReport take_tls(record::Reader& in);

/// Enumerations from 0 to `last`: a value beyond is one that a later release added.
template <class E>
[[nodiscard]] E take_word(record::Reader& in, E last) {
  const auto value = in.number();
  return value <= static_cast<std::uint64_t>(last) ? static_cast<E>(value) : E{};
}

/// An address as its octets; a fault unless there are 4 or 16.
[[nodiscard]] std::string octets_of(const text::IpAddress& ip);
[[nodiscard]] text::IpAddress take_address(record::Reader& in);

}  // namespace postern::reports
