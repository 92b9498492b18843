#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "vocab/result.hpp"

// The wrappings reports come in: gzip (RFC 1952), zip, or none. With zlib alone: see
// docs/decisions/0009-report-formats.md.
namespace postern::feedback {

/// Octets that are looked at, and that come out, at most. What a wrapping says of its size is never
/// believed; the ratio does not matter, since neither side can grow beyond its limit.
inline constexpr std::size_t kMaxPacked = std::size_t{10} * 1024 * 1024;
inline constexpr std::size_t kMaxUnpacked = std::size_t{10} * 1024 * 1024;
inline constexpr int kMaxWrappings = 2;    ///< gzip in gzip, zip in gzip, ...: some send that.
inline constexpr int kMaxZipMembers = 16;  ///< Passed over in search of the report.

/// Takes the wrappings off, which are known by their first octets and not by any name. Of a zip the
/// first member is taken whose name ends in .xml or .json, else the first file; its name is not
/// used for anything. What is in no wrapping is given back as it is. Behind a wrapping anything may
/// follow.
/// Errors: `too_large` (kMaxPacked, kMaxUnpacked); `bad_syntax` (cut off, wrong checksum, no file
/// within, more than kMaxWrappings); `unsupported` (encrypted, a method other than deflate, ZIP64).
[[nodiscard]] Result<std::string> unpack(std::string_view bytes);

/// One gzip member of `bytes` without name and time, so that the same comes out at any time.
[[nodiscard]] std::string gzip(std::string_view bytes);

}  // namespace postern::feedback
