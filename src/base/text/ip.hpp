#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

// IP addresses as plain values: read, printed and judged without a system call or a locale.
namespace postern::text {

/// An IPv4 or IPv6 address. One address has one value: an IPv4-mapped IPv6 address
/// (RFC 4291 §2.5.5.2) *is* the IPv4 address, so lists and limits cannot be passed by writing it
/// differently. The default is `::`. No zone ids.
class IpAddress {
 public:
  constexpr IpAddress() = default;
  [[nodiscard]] static IpAddress v4(std::array<std::uint8_t, 4> octets);
  [[nodiscard]] static IpAddress v6(std::array<std::uint8_t, 16> octets);
  /// Dotted decimal of four parts without leading zeros, or the forms of RFC 4291 §2.2.
  [[nodiscard]] static std::optional<IpAddress> parse(std::string_view text);

  [[nodiscard]] bool is_v4() const;
  [[nodiscard]] bool is_v6() const { return !is_v4(); }
  /// Network order: 4 octets or 16. Borrowed from this value.
  [[nodiscard]] std::span<const std::uint8_t> octets() const;
  [[nodiscard]] unsigned bits() const { return is_v4() ? 32 : 128; }
  /// RFC 5952 §4 for IPv6.
  [[nodiscard]] std::string to_string() const;

  [[nodiscard]] bool is_loopback() const;     ///< 127.0.0.0/8, ::1
  [[nodiscard]] bool is_private() const;      ///< RFC 1918 §3, RFC 6598 §7, RFC 4193 §3.1
  [[nodiscard]] bool is_link_local() const;   ///< 169.254.0.0/16, fe80::/10
  [[nodiscard]] bool is_unspecified() const;  ///< 0.0.0.0, ::
  [[nodiscard]] bool is_multicast() const;    ///< 224.0.0.0/4, ff00::/8

  /// The first `prefix` bits, the others zero; a prefix beyond `bits()` changes nothing.
  [[nodiscard]] IpAddress net(unsigned prefix) const;
  /// The key under which a peer is counted: its /24 (IPv4) or /64 (IPv6).
  [[nodiscard]] IpAddress peer_net() const { return net(is_v4() ? 24 : 64); }

  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;

 private:
  std::array<std::uint8_t, 16> octets_{};  ///< IPv4 as ::ffff:a.b.c.d.
};

/// A block of addresses.
struct Cidr {
  IpAddress base;  ///< Bits beyond `prefix` are zero.
  unsigned prefix = 0;

  /// `192.0.2.0/24`, `2001:db8::/32`, or an address alone. Bits beyond the prefix are dropped.
  [[nodiscard]] static std::optional<Cidr> parse(std::string_view text);
  /// Never true across families: `::/0` holds no IPv4 address.
  [[nodiscard]] bool contains(const IpAddress& ip) const;
  [[nodiscard]] std::string to_string() const;

  friend auto operator<=>(const Cidr&, const Cidr&) = default;
};

}  // namespace postern::text

template <>
struct std::hash<postern::text::IpAddress> {
  std::size_t operator()(const postern::text::IpAddress& ip) const noexcept {
    const auto octets = ip.octets();
    return std::hash<std::string_view>{}(
        {reinterpret_cast<const char*>(octets.data()), octets.size()});
  }
};
