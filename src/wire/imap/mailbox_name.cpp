#include "imap/mailbox_name.hpp"

#include <cstdint>

#include "text/ascii.hpp"
#include "text/utf8.hpp"

namespace postern::imap {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

constexpr int base64_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == ',' ? 63 : -1;
}

constexpr bool is_printable(char32_t c) {
  return c >= 0x20 && c <= 0x7e;
}

/// UTF-16 units into UTF-8; false for a lone surrogate or printable ASCII.
class Utf16Joiner {
 public:
  [[nodiscard]] bool take(char32_t unit, std::string& out) {
    const bool low = unit >= 0xDC00 && unit < 0xE000;
    if (low != (high_ != 0)) return false;
    if (low) {
      text::append_utf8(out, 0x10000 + ((high_ - 0xD800) << 10U) + (unit - 0xDC00));
      high_ = 0;
    } else if (unit >= 0xD800 && unit < 0xDC00) {
      high_ = unit;
    } else if (is_printable(unit)) {
      return false;
    } else {
      text::append_utf8(out, unit);
    }
    return true;
  }
  [[nodiscard]] bool complete() const { return high_ == 0; }

 private:
  char32_t high_ = 0;
};

/// `run` is what stands between `&` and `-`, not empty.
bool decode_run(std::string_view run, std::string& out) {
  Utf16Joiner joiner;
  std::uint32_t bits = 0;
  unsigned have = 0;
  for (const char c : run) {
    const int value = base64_value(c);
    if (value < 0) return false;
    bits = (bits << 6U) | static_cast<std::uint32_t>(value);
    have += 6;
    if (have < 16) continue;
    have -= 16;
    if (!joiner.take((bits >> have) & 0xFFFFU, out)) return false;
    bits &= (1U << have) - 1;
  }
  return have < 6 && bits == 0 && joiner.complete();
}

void append_unit(std::string& out, char32_t unit, std::uint32_t& bits, unsigned& have) {
  bits = (bits << 16U) | static_cast<std::uint32_t>(unit);
  have += 16;
  while (have >= 6) {
    have -= 6;
    out.push_back(kAlphabet[(bits >> have) & 0x3FU]);
  }
  bits &= (1U << have) - 1;
}

/// Takes code points that need encoding off `name`.
void encode_run(std::string& out, std::string_view& name) {
  std::uint32_t bits = 0;
  unsigned have = 0;
  out.push_back('&');
  while (!name.empty() && !is_printable(static_cast<unsigned char>(name.front()))) {
    auto point = text::take_code_point(name);
    if (!point) {
      name.remove_prefix(1);
      point = 0xFFFD;
    }
    if (*point >= 0x10000) {
      append_unit(out, 0xD800 + ((*point - 0x10000) >> 10U), bits, have);
      append_unit(out, 0xDC00 + ((*point - 0x10000) & 0x3FFU), bits, have);
    } else {
      append_unit(out, *point, bits, have);
    }
  }
  if (have > 0) out.push_back(kAlphabet[(bits << (6 - have)) & 0x3FU]);
  out.push_back('-');
}

}  // namespace

std::optional<std::string> from_mutf7(std::string_view name) {
  std::string out;
  out.reserve(name.size());
  bool after_run = false;
  while (!name.empty()) {
    const char c = name.front();
    if (!is_printable(static_cast<unsigned char>(c))) return std::nullopt;
    name.remove_prefix(1);
    if (c != '&') {
      out.push_back(c);
      after_run = false;
      continue;
    }
    const auto dash = name.find('-');
    if (dash == std::string_view::npos) return std::nullopt;
    const auto run = name.substr(0, dash);
    name.remove_prefix(dash + 1);
    if (run.empty()) {
      out.push_back('&');
      after_run = false;
      continue;
    }
    // "&U,BTFw-&ZeVnLIqe-" is not permitted: the two runs are one.
    if (after_run || !decode_run(run, out)) return std::nullopt;
    after_run = true;
  }
  return out;
}

std::string to_mutf7(std::string_view name) {
  std::string out;
  out.reserve(name.size());
  while (!name.empty()) {
    const char c = name.front();
    if (!is_printable(static_cast<unsigned char>(c))) {
      encode_run(out, name);
      continue;
    }
    out.push_back(c);
    if (c == '&') out.push_back('-');
    name.remove_prefix(1);
  }
  return out;
}

std::optional<std::string> decode_mailbox(std::string_view wire, NameForm form) {
  if (text::iequals(wire, "INBOX")) return "INBOX";
  const bool raw =
      form == NameForm::utf8 || (!text::is_ascii(wire) && wire.find('&') == std::string_view::npos);
  if (!raw) return from_mutf7(wire);
  if (!text::is_utf8(wire)) return std::nullopt;
  return std::string{wire};
}

}  // namespace postern::imap
