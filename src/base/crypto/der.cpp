#include "crypto/der.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>

namespace postern::crypto {
namespace {

using namespace std::string_view_literals;

constexpr char kInteger = '\x02';
constexpr char kBitString = '\x03';
constexpr char kSequence = '\x30';
/// OBJECT IDENTIFIER rsaEncryption (RFC 8017 §A.1).
constexpr std::string_view kRsaEncryption = "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"sv;

/// Takes the length octets off `der`; lengths up to 65,535 in their shortest form.
std::optional<std::size_t> take_length(std::string_view& der) {
  if (der.empty()) return std::nullopt;
  const auto first = static_cast<unsigned char>(der.front());
  der.remove_prefix(1);
  if (first < 0x80) return first;
  const std::size_t count = first & 0x7fU;
  if (count < 1 || count > 2 || der.size() < count) return std::nullopt;
  std::size_t length = 0;
  for (const char c : der.substr(0, count)) length = length << 8U | static_cast<unsigned char>(c);
  der.remove_prefix(count);
  if (length < (count == 1 ? 0x80U : 0x100U)) return std::nullopt;
  return length;
}

/// Takes an element with that tag off `der`; its contents.
std::optional<std::string_view> take(std::string_view& der, char tag) {
  if (!der.starts_with(tag)) return std::nullopt;
  der.remove_prefix(1);
  const auto length = take_length(der);
  if (!length || *length > der.size()) return std::nullopt;
  const auto contents = der.substr(0, *length);
  der.remove_prefix(*length);
  return contents;
}

/// A positive INTEGER.
std::optional<std::string_view> take_number(std::string_view& der) {
  auto contents = take(der, kInteger);
  if (!contents || contents->empty() ||
      (static_cast<unsigned char>(contents->front()) & 0x80U) != 0)
    return std::nullopt;
  const auto start = contents->find_first_not_of('\0');
  if (start == contents->npos) return std::nullopt;
  return contents->substr(start);
}

std::optional<RsaNumbers> read_bare(std::string_view der) {
  auto inside = take(der, kSequence);
  if (!inside || !der.empty()) return std::nullopt;
  const auto modulus = take_number(*inside);
  if (!modulus) return std::nullopt;
  const auto exponent = take_number(*inside);
  if (!exponent || !inside->empty()) return std::nullopt;
  return RsaNumbers{.modulus = *modulus, .exponent = *exponent};
}

}  // namespace

std::optional<RsaNumbers> read_rsa_public_key(std::string_view der) {
  const auto whole = der;
  auto inside = take(der, kSequence);
  if (!inside || !der.empty()) return std::nullopt;
  if (inside->starts_with(kInteger)) return read_bare(whole);
  const auto algorithm = take(*inside, kSequence);
  if (!algorithm || !algorithm->starts_with(kRsaEncryption)) return std::nullopt;
  auto bits = take(*inside, kBitString);
  if (!bits || !inside->empty() || !bits->starts_with('\0')) return std::nullopt;
  return read_bare(bits->substr(1));
}

unsigned bit_length(std::string_view number) {
  if (number.empty()) return 0;
  const auto first = static_cast<std::uint8_t>(number.front());
  return static_cast<unsigned>((number.size() - 1) * 8) +
         static_cast<unsigned>(std::bit_width(first));
}

}  // namespace postern::crypto
