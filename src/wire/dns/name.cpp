#include "dns/name.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include <idn2.h>

#include "text/ascii.hpp"
#include "vocab/try.hpp"

namespace postern::dns {
namespace {

constexpr std::size_t kMaxLabel = 63;
constexpr std::size_t kMaxLabels = 254;  ///< Octets of all labels: 255 less the root's.
/// No valid name is longer as text: each octet takes at most four characters, escaped or as UTF-8.
constexpr std::size_t kMaxText = 1024;

unsigned octet(char c) {
  return static_cast<unsigned char>(c);
}

/// The octet behind a backslash, which is already taken off: three digits, or any printable.
std::optional<char> take_escaped(std::string_view& text) {
  if (text.empty() || octet(text[0]) <= 0x20) return std::nullopt;
  if (!text::is_digit(text[0])) {
    const char literal = text[0];
    text.remove_prefix(1);
    return literal;
  }
  const auto value = text::parse_number<std::uint8_t>(text.substr(0, 3));
  if (text.size() < 3 || !value) return std::nullopt;
  text.remove_prefix(3);
  return static_cast<char>(*value);
}

/// Moves one label up to a dot or the end over to the wire form `labels`; the dot is taken too.
Result<void> take_label(std::string_view& text, std::string& labels) {
  const std::size_t length_at = labels.size();
  labels += '\0';
  while (!text.empty()) {
    char c = text[0];
    text.remove_prefix(1);
    if (c == '.') break;
    if (octet(c) <= 0x20 || octet(c) >= 0x7f)
      return fail(Errc::bad_syntax, "space, control or raw octet in a domain name");
    if (c == '\\') {
      const auto escaped = take_escaped(text);
      if (!escaped) return fail(Errc::bad_syntax, "broken escape in a domain name");
      c = *escaped;
    }
    labels += text::to_lower(c);
  }
  const std::size_t length = labels.size() - length_at - 1;
  if (length == 0) return fail(Errc::bad_syntax, "empty label in a domain name");
  if (length > kMaxLabel) return fail(Errc::bad_syntax, "label beyond 63 octets");
  labels.at(length_at) = static_cast<char>(length);
  return {};
}

struct FreeIdn {
  void operator()(std::uint8_t* text) const { idn2_free(text); }
};

Result<std::string> to_a_labels(std::string_view text) {
  // A backslash would escape characters that the mapping has yet to make.
  if (text.find_first_of(std::string_view{"\0\\", 2}) != text.npos)
    return fail(Errc::bad_syntax, "NUL or escape in an internationalised name");
  const std::string source{text};
  std::uint8_t* raw = nullptr;
  const int rc = idn2_lookup_u8(reinterpret_cast<const std::uint8_t*>(source.c_str()), &raw,
                                IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
  const std::unique_ptr<std::uint8_t, FreeIdn> owned{raw};
  if (rc != IDN2_OK || !raw) return fail(Errc::bad_syntax, idn2_strerror(rc));
  return std::string{reinterpret_cast<const char*>(raw)};
}

void print_octet(std::string& out, char c) {
  const unsigned value = octet(c);
  if (value <= 0x20 || value >= 0x7f) {
    out += '\\';
    out += static_cast<char>('0' + value / 100);
    out += static_cast<char>('0' + value / 10 % 10);
    out += static_cast<char>('0' + value % 10);
    return;
  }
  if (c == '.' || c == '\\') out += '\\';
  out += c;
}

/// Takes the first label off a name's own (well-formed) labels.
std::string_view pop_label(std::string_view& labels) {
  const std::size_t length = octet(labels.front());
  const auto label = labels.substr(1, length);
  labels.remove_prefix(1 + label.size());
  return label;
}

bool is_host_label(std::string_view label) {
  const auto fits = [](char c) { return text::is_alnum(c) || c == '-'; };
  return std::ranges::all_of(label, fits) && !label.starts_with('-') && !label.ends_with('-');
}

}  // namespace

Result<Name> Name::parse(std::string_view text) {
  if (text.empty() || text.size() > kMaxText)
    return fail(Errc::bad_syntax, "empty or overlong domain name");
  std::string a_labels;
  if (!text::is_ascii(text)) {
    POSTERN_TRY(a_labels, to_a_labels(text));
    text = a_labels;
  }
  Name name;
  if (text == ".") return name;
  name.labels_.reserve(text.size() + 1);
  while (!text.empty()) POSTERN_CHECK(take_label(text, name.labels_));
  if (name.labels_.size() > kMaxLabels) return fail(Errc::bad_syntax, "name beyond 255 octets");
  return name;
}

Result<Name> Name::take(std::string_view& wire) {
  Name name;
  std::string_view rest = wire;
  while (true) {
    if (rest.empty()) return fail(Errc::bad_syntax, "truncated name");
    const std::size_t length = octet(rest[0]);
    if (length > kMaxLabel) return fail(Errc::bad_syntax, "compressed or unknown label");
    rest.remove_prefix(1);
    if (length == 0) break;
    if (rest.size() < length) return fail(Errc::bad_syntax, "truncated name");
    name.labels_ += static_cast<char>(length);
    name.labels_ += text::lower(rest.substr(0, length));
    if (name.labels_.size() > kMaxLabels) return fail(Errc::bad_syntax, "name beyond 255 octets");
    rest.remove_prefix(length);
  }
  wire = rest;
  return name;
}

std::size_t Name::depth() const {
  std::size_t count = 0;
  for (std::string_view rest = labels_; !rest.empty(); ++count) pop_label(rest);
  return count;
}

Name Name::parent() const {
  Name up;
  std::string_view rest = labels_;
  if (!rest.empty()) pop_label(rest);
  up.labels_ = rest;
  return up;
}

bool Name::is_within(const Name& zone) const {
  std::string_view rest = labels_;
  while (rest.size() > zone.labels_.size()) pop_label(rest);
  return rest == zone.labels_;
}

Result<Name> Name::below(std::string_view prefix) const {
  POSTERN_TRY(Name name, parse(prefix));
  name.labels_ += labels_;
  if (name.labels_.size() > kMaxLabels) return fail(Errc::bad_syntax, "name beyond 255 octets");
  return name;
}

bool Name::is_host() const {
  std::string_view rest = labels_;
  while (!rest.empty()) {
    if (!is_host_label(pop_label(rest))) return false;
  }
  return !is_root();
}

std::string Name::to_string() const {
  if (is_root()) return ".";
  std::string out;
  out.reserve(labels_.size());
  std::string_view rest = labels_;
  while (!rest.empty()) {
    if (!out.empty()) out += '.';
    for (const char c : pop_label(rest)) print_octet(out, c);
  }
  return out;
}

Name reverse_name(const text::IpAddress& ip) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  const auto octets = ip.octets();
  for (std::size_t i = octets.size(); i-- > 0;) {
    if (ip.is_v4()) {
      text += std::to_string(octets[i]) + '.';
    } else {
      text += {kDigits[octets[i] & 0xfU], '.', kDigits[octets[i] >> 4U], '.'};
    }
  }
  text += ip.is_v4() ? "in-addr.arpa" : "ip6.arpa";
  return Name::parse(text).value_or(Name{});
}

}  // namespace postern::dns
