#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "dns/name.hpp"
#include "text/ip.hpp"
#include "vocab/result.hpp"

// What DNS records say, as values: read from the rdata of an answer, printed for people, and
// written again for tests and tools. Class IN only.
namespace postern::dns {

/// Record types we ask for; the value is the number on the wire (IANA DNS parameters).
enum class Type : std::uint16_t {
  a = 1,
  ns = 2,
  cname = 5,
  soa = 6,
  ptr = 12,
  mx = 15,
  txt = 16,
  aaaa = 28,
  srv = 33,
  ds = 43,
  tlsa = 52,
  caa = 257,
};

/// "MX", or "TYPE99" for a number without a name here.
[[nodiscard]] std::string to_string(Type type);
/// The reverse, ignoring case.
[[nodiscard]] std::optional<Type> parse_type(std::string_view word);

/// NS, CNAME and PTR.
struct Target {
  Name name;
  friend auto operator<=>(const Target&, const Target&) = default;
};

/// RFC 1035 §3.3.9. The root as exchange is the null MX of RFC 7505 §3.
struct Mx {
  std::uint16_t preference = 0;
  Name exchange;
  friend auto operator<=>(const Mx&, const Mx&) = default;
};

/// The strings of one record joined without anything between them (RFC 7208 §3.3). Any octets.
struct Txt {
  std::string text;
  friend auto operator<=>(const Txt&, const Txt&) = default;
};

/// RFC 1035 §3.3.13. Times in seconds.
struct Soa {
  Name primary;
  Name mailbox;
  std::uint32_t serial = 0;
  std::uint32_t refresh = 0;
  std::uint32_t retry = 0;
  std::uint32_t expire = 0;
  std::uint32_t minimum = 0;
  friend auto operator<=>(const Soa&, const Soa&) = default;
};

/// RFC 2782. The root as target: the service is not offered.
struct Srv {
  std::uint16_t priority = 0;
  std::uint16_t weight = 0;
  std::uint16_t port = 0;
  Name target;
  friend auto operator<=>(const Srv&, const Srv&) = default;
};

/// RFC 4034 §5.1. `digest` is binary.
struct Ds {
  std::uint16_t key_tag = 0;
  std::uint8_t algorithm = 0;
  std::uint8_t digest_type = 0;
  std::string digest;
  friend auto operator<=>(const Ds&, const Ds&) = default;
};

/// RFC 6698 §2.1. `data` is binary.
struct Tlsa {
  std::uint8_t usage = 0;
  std::uint8_t selector = 0;
  std::uint8_t matching = 0;
  std::string data;
  friend auto operator<=>(const Tlsa&, const Tlsa&) = default;
};

/// RFC 8659 §4.1. `tag` is lower-cased.
struct Caa {
  std::uint8_t flags = 0;
  std::string tag;
  std::string value;
  [[nodiscard]] bool critical() const { return (flags & 0x80U) != 0; }
  friend auto operator<=>(const Caa&, const Caa&) = default;
};

/// One record's data. A and AAAA are addresses (an AAAA record that holds an IPv4-mapped address is
/// that IPv4 address, see IpAddress).
using Record = std::variant<text::IpAddress, Target, Mx, Txt, Soa, Srv, Ds, Tlsa, Caa>;

/// Reads the rdata of one record without name compression, as libunbound hands it out; at most
/// 65,535 octets. Linear, no recursion.
/// Errors: `bad_syntax` (truncated, octets left over, a value out of its range), `unsupported` (a
/// type not listed above).
[[nodiscard]] Result<Record> parse_rdata(Type type, std::string_view rdata);

/// The rdata of `record`. An IPv6 address is AAAA's. `parse_rdata` reads it back equal.
[[nodiscard]] std::string to_rdata(const Record& record);

/// Presentation form, for traces and commands: `10 mx.example.`, `"v=spf1 -all"`.
[[nodiscard]] std::string to_string(const Record& record);

}  // namespace postern::dns
