#include "text/base64.hpp"

#include <array>
#include <cstdint>
#include <span>

#include "text/ascii.hpp"

namespace postern::text {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kHex = "0123456789abcdef";

constexpr auto kValues = [] {
  std::array<std::int8_t, 256> values{};
  values.fill(-1);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i)
    values.at(static_cast<unsigned char>(kAlphabet[i])) = static_cast<std::int8_t>(i);
  return values;
}();

void append_quad(std::string& out, std::uint32_t bits, std::size_t chars) {
  for (std::size_t i = 0; i < 4; ++i)
    out.push_back(i < chars ? kAlphabet[(bits >> (18 - 6 * i)) & 0x3FU] : '=');
}

enum class Blanks : std::uint8_t { wrong, ignored };

/// Groups of four characters that are all of the alphabet are decoded at once; those with blanks
/// among them, and the padded last one, are gathered first.
class Decoding {
 public:
  Decoding(std::string_view text, Blanks blanks)
      : rest_{text}, blanks_{blanks}, out_(text.size() / 4 * 3, '\0') {}

  std::optional<std::string> run() {
    do {
      take_whole_groups();
    } while (take_odd_group());
    if (!rest_.empty()) return std::nullopt;
    out_.resize(size_);
    return std::move(out_);
  }

 private:
  static std::int32_t value(char c) { return kValues[static_cast<unsigned char>(c)]; }

  /// Works on its own copies: each octet written could else be one of this object's members.
  void take_whole_groups() {
    std::span<const char> in{rest_};
    auto out = std::span{out_}.subspan(size_);
    while (in.size() >= 4) {
      const auto group = in.first<4>();
      const auto bits =
          value(group[0]) << 18 | value(group[1]) << 12 | value(group[2]) << 6 | value(group[3]);
      if (bits < 0) break;
      const auto octets = out.first<3>();
      octets[0] = static_cast<char>(bits >> 16 & 0xFF);
      octets[1] = static_cast<char>(bits >> 8 & 0xFF);
      octets[2] = static_cast<char>(bits & 0xFF);
      in = in.subspan(4);
      out = out.subspan(3);
    }
    rest_.remove_prefix(rest_.size() - in.size());
    size_ = out_.size() - out.size();
  }

  /// False at the end, where nothing is left, and at anything wrong, which is.
  bool take_odd_group() {
    std::array<char, 4> group{};
    std::size_t have = 0;
    std::string_view rest = rest_;
    for (; !rest.empty() && have < group.size(); rest.remove_prefix(1))
      if (!is_blank(rest.front())) group[have++] = rest.front();
    if (have == 0) rest_ = rest;
    if (have < group.size()) return false;
    const std::size_t padding = group[3] != '=' ? 0 : group[2] != '=' ? 1 : 2;
    if (padding > 0 && !trim_front(rest).empty()) return false;
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < group.size(); ++i) {
      const auto digit = i < group.size() - padding ? value(group[i]) : 0;
      if (digit < 0) return false;
      bits = bits << 6U | static_cast<std::uint32_t>(digit);
    }
    const std::size_t octets = 3 - padding;
    if ((bits & (0xFF'FFFFU >> (8 * octets))) != 0) return false;
    put(bits, octets);
    rest_ = rest;
    return true;
  }

  [[nodiscard]] bool is_blank(char c) const {
    return blanks_ == Blanks::ignored && (is_wsp(c) || c == '\r' || c == '\n');
  }
  [[nodiscard]] std::string_view trim_front(std::string_view rest) const {
    while (!rest.empty() && is_blank(rest.front())) rest.remove_prefix(1);
    return rest;
  }

  void put(std::uint32_t bits, std::size_t octets) {
    for (std::size_t i = 0; i < octets; ++i)
      out_[size_++] = static_cast<char>((bits >> (16 - 8 * i)) & 0xFFU);
  }

  std::string_view rest_;
  Blanks blanks_;
  std::string out_;
  std::size_t size_ = 0;  ///< Of `out_`, so far.
};

}  // namespace

std::string to_base64(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const auto group = bytes.substr(at, 3);
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 3; ++i)
      bits = (bits << 8U) | (i < group.size() ? static_cast<unsigned char>(group[i]) : 0U);
    append_quad(out, bits, group.size() + 1);
  }
  return out;
}

std::optional<std::string> from_base64(std::string_view text) {
  return Decoding{text, Blanks::wrong}.run();
}

std::optional<std::string> from_folded_base64(std::string_view text) {
  return Decoding{text, Blanks::ignored}.run();
}

std::string to_hex(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out.push_back(kHex[byte >> 4U]);
    out.push_back(kHex[byte & 0x0FU]);
  }
  return out;
}

std::optional<std::string> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string out;
  out.reserve(text.size() / 2);
  for (std::size_t at = 0; at < text.size(); at += 2) {
    const int high = hex_value(text[at]);
    const int low = hex_value(text[at + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out.push_back(static_cast<char>(high * 16 + low));
  }
  return out;
}

}  // namespace postern::text
