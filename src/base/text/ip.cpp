#include "text/ip.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "text/ascii.hpp"

namespace postern::text {
namespace {

constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr std::size_t kGroups = 8;

std::optional<std::array<std::uint8_t, 4>> parse_v4(std::string_view text) {
  std::array<std::uint8_t, 4> octets{};
  if (text.size() > 15) return std::nullopt;
  const auto parts = split(text, '.');
  if (parts.size() != octets.size()) return std::nullopt;
  for (std::size_t i = 0; i < octets.size(); ++i) {
    const auto value = parse_number<std::uint8_t>(parts[i]);
    if (!value || (parts[i].size() > 1 && parts[i].front() == '0')) return std::nullopt;
    octets[i] = *value;
  }
  return octets;
}

/// Up to eight groups of 16 bits as they stand in the text, and where `::` stood.
struct Groups {
  std::array<std::uint16_t, kGroups> value{};
  std::size_t count = 0;
  std::optional<std::size_t> gap;

  bool add(std::uint16_t group) {
    if (count == kGroups) return false;
    value[count++] = group;
    return true;
  }
};

/// 1 to 4 hexadecimal digits.
std::optional<std::uint16_t> parse_group(std::string_view text) {
  if (text.empty() || text.size() > 4) return std::nullopt;
  unsigned value = 0;
  for (const char c : text) {
    const int digit = hex_value(c);
    if (digit < 0) return std::nullopt;
    value = value << 4U | static_cast<unsigned>(digit);
  }
  return static_cast<std::uint16_t>(value);
}

bool add_v4_tail(Groups& groups, std::string_view text) {
  const auto v4 = parse_v4(text);
  if (!v4) return false;
  const auto& o = *v4;
  return groups.add(static_cast<std::uint16_t>(o[0] << 8 | o[1])) &&
         groups.add(static_cast<std::uint16_t>(o[2] << 8 | o[3]));
}

std::optional<Groups> parse_groups(std::string_view text) {
  Groups groups;
  if (text.starts_with("::")) {
    groups.gap = 0;
    text.remove_prefix(2);
    if (text.empty()) return groups;
  }
  for (;;) {
    const std::size_t colon = text.find(':');
    const std::string_view word = text.substr(0, colon);
    if (colon == std::string_view::npos && word.find('.') != std::string_view::npos)
      return add_v4_tail(groups, word) ? std::optional{groups} : std::nullopt;
    const auto group = parse_group(word);
    if (!group || !groups.add(*group)) return std::nullopt;
    if (colon == std::string_view::npos) return groups;
    text.remove_prefix(colon + 1);
    if (!text.starts_with(':')) continue;
    if (groups.gap) return std::nullopt;
    groups.gap = groups.count;
    text.remove_prefix(1);
    if (text.empty()) return groups;
  }
}

std::optional<std::array<std::uint8_t, 16>> parse_v6(std::string_view text) {
  if (text.size() > 45) return std::nullopt;
  const auto groups = parse_groups(text);
  if (!groups) return std::nullopt;
  // `::` stands for one group at least (RFC 4291 §2.2).
  if (groups->gap ? groups->count == kGroups : groups->count != kGroups) return std::nullopt;
  const std::size_t head = groups->gap.value_or(groups->count);
  const std::size_t zeros = kGroups - groups->count;
  std::array<std::uint8_t, 16> octets{};
  for (std::size_t i = 0; i < groups->count; ++i) {
    const std::size_t at = 2 * (i < head ? i : i + zeros);
    octets[at] = static_cast<std::uint8_t>(groups->value[i] >> 8U);
    octets[at + 1] = static_cast<std::uint8_t>(groups->value[i] & 0xffU);
  }
  return octets;
}

/// The first longest run of at least two zero groups: begin and length.
std::pair<std::size_t, std::size_t> zero_run(const std::array<std::uint16_t, kGroups>& groups) {
  std::pair<std::size_t, std::size_t> best{kGroups, 1};
  for (std::size_t begin = 0; begin < kGroups;) {
    std::size_t end = begin;
    while (end < kGroups && groups[end] == 0) ++end;
    if (end - begin > best.second) best = {begin, end - begin};
    begin = end + 1;
  }
  return best;
}

std::string print_v6(std::span<const std::uint8_t> octets) {
  std::array<std::uint16_t, kGroups> groups{};
  for (std::size_t i = 0; i < kGroups; ++i)
    groups[i] = static_cast<std::uint16_t>(octets[2 * i] << 8 | octets[2 * i + 1]);
  const auto [gap, length] = zero_run(groups);
  std::string out;
  for (std::size_t i = 0; i < kGroups;) {
    if (i == gap) {
      out += "::";
      i += length;
      continue;
    }
    if (!out.empty() && out.back() != ':') out += ':';
    std::array<char, 4> digits{};
    const auto end = std::to_chars(digits.begin(), digits.end(), groups[i++], 16).ptr;
    out.append(digits.begin(), end);
  }
  return out;
}

}  // namespace

IpAddress IpAddress::v4(std::array<std::uint8_t, 4> octets) {
  IpAddress ip;
  std::ranges::copy(kMapped, ip.octets_.begin());
  std::ranges::copy(octets, ip.octets_.begin() + kMapped.size());
  return ip;
}

IpAddress IpAddress::v6(std::array<std::uint8_t, 16> octets) {
  IpAddress ip;
  ip.octets_ = octets;
  return ip;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  if (text.find(':') != std::string_view::npos) {
    if (const auto octets = parse_v6(text)) return v6(*octets);
    return std::nullopt;
  }
  if (const auto octets = parse_v4(text)) return v4(*octets);
  return std::nullopt;
}

bool IpAddress::is_v4() const {
  return std::equal(kMapped.begin(), kMapped.end(), octets_.begin());
}

std::span<const std::uint8_t> IpAddress::octets() const {
  return std::span{octets_}.subspan(is_v4() ? kMapped.size() : 0);
}

std::string IpAddress::to_string() const {
  const auto o = octets();
  if (is_v6()) return print_v6(o);
  return std::to_string(o[0]) + '.' + std::to_string(o[1]) + '.' + std::to_string(o[2]) + '.' +
         std::to_string(o[3]);
}

bool IpAddress::is_loopback() const {
  if (is_v4()) return octets()[0] == 127;
  return octets_[15] == 1 &&
         std::all_of(octets_.begin(), octets_.end() - 1, [](std::uint8_t o) { return o == 0; });
}

bool IpAddress::is_private() const {
  const auto o = octets();
  if (is_v6()) return (o[0] & 0xfeU) == 0xfcU;
  return o[0] == 10 || (o[0] == 172 && (o[1] & 0xf0U) == 16) || (o[0] == 192 && o[1] == 168) ||
         (o[0] == 100 && (o[1] & 0xc0U) == 64);
}

bool IpAddress::is_link_local() const {
  const auto o = octets();
  if (is_v6()) return o[0] == 0xfe && (o[1] & 0xc0U) == 0x80U;
  return o[0] == 169 && o[1] == 254;
}

bool IpAddress::is_unspecified() const {
  return std::ranges::all_of(octets(), [](std::uint8_t o) { return o == 0; });
}

bool IpAddress::is_multicast() const {
  const auto o = octets();
  return is_v6() ? o[0] == 0xff : (o[0] & 0xf0U) == 224;
}

IpAddress IpAddress::net(unsigned prefix) const {
  IpAddress masked = *this;
  const std::size_t total = octets_.size();
  const std::size_t first = total - octets().size();
  for (std::size_t i = first; i < total; ++i) {
    const unsigned before = static_cast<unsigned>(i - first) * 8;
    const unsigned kept = prefix <= before ? 0 : std::min(prefix - before, 8U);
    masked.octets_[i] &= static_cast<std::uint8_t>(0xff00U >> kept);
  }
  return masked;
}

std::optional<Cidr> Cidr::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto ip = IpAddress::parse(text.substr(0, slash));
  if (!ip) return std::nullopt;
  if (slash == std::string_view::npos) return Cidr{*ip, ip->bits()};
  const std::string_view digits = text.substr(slash + 1);
  auto prefix = parse_number<unsigned>(digits);
  if (!prefix || digits.size() > 3) return std::nullopt;
  const bool mapped = ip->is_v4() && text.substr(0, slash).find(':') != std::string_view::npos;
  if (mapped) {  // the prefix counts the 96 bits that the value has lost
    if (*prefix < 96) return std::nullopt;
    *prefix -= 96;
  }
  if (*prefix > ip->bits()) return std::nullopt;
  return Cidr{ip->net(*prefix), *prefix};
}

bool Cidr::contains(const IpAddress& ip) const {
  return ip.is_v4() == base.is_v4() && ip.net(prefix) == base;
}

std::string Cidr::to_string() const {
  return base.to_string() + '/' + std::to_string(prefix);
}

}  // namespace postern::text
