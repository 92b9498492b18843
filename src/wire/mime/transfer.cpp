#include "mime/transfer.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

#include "text/ascii.hpp"

namespace postern::mime {
namespace {

constexpr std::uint8_t kSkip = 0xff;

constexpr std::array<std::uint8_t, 256> make_sextets() {
  std::array<std::uint8_t, 256> table{};
  table.fill(kSkip);
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < kAlphabet.size(); ++i)
    table.at(static_cast<unsigned char>(kAlphabet[i])) = static_cast<std::uint8_t>(i);
  return table;
}
constexpr auto kSextets = make_sextets();

std::uint8_t sextet(char c) {
  return kSextets[static_cast<unsigned char>(c)];
}

void append_octet(std::string& out, std::uint32_t value) {
  out += static_cast<char>(static_cast<unsigned char>(value & 0xffU));
}

}  // namespace

std::optional<Transfer> transfer_of(std::string_view encoding) {
  for (const std::string_view name : {"", "7bit", "8bit", "binary"})
    if (text::iequals(encoding, name)) return Transfer::identity;
  if (text::iequals(encoding, "base64")) return Transfer::base64;
  if (text::iequals(encoding, "quoted-printable")) return Transfer::quoted_printable;
  return std::nullopt;
}

void Base64Decoder::feed(std::string_view text, std::string& out) {
  for (std::size_t i = 0; i < text.size();) {
    // Whole groups first: nearly all of a body.
    while (count_ == 0 && i + 4 <= text.size()) {
      const std::uint32_t a = sextet(text[i]);
      const std::uint32_t b = sextet(text[i + 1]);
      const std::uint32_t c = sextet(text[i + 2]);
      const std::uint32_t d = sextet(text[i + 3]);
      if (((a | b | c | d) & 0xc0U) != 0) break;
      const std::uint32_t group = (a << 18U) | (b << 12U) | (c << 6U) | d;
      const std::array<char, 3> octets = {static_cast<char>((group >> 16U) & 0xffU),
                                          static_cast<char>((group >> 8U) & 0xffU),
                                          static_cast<char>(group & 0xffU)};
      out.append(octets.data(), octets.size());
      i += 4;
    }
    if (i == text.size()) break;
    const char c = text[i++];
    if (c == '=') {
      finish(out);
      continue;
    }
    const std::uint8_t value = sextet(c);
    if (value == kSkip) continue;
    bits_ = (bits_ << 6U) | value;
    if (++count_ < 4) continue;
    append_octet(out, bits_ >> 16U);
    append_octet(out, bits_ >> 8U);
    append_octet(out, bits_);
    bits_ = 0;
    count_ = 0;
  }
}

void Base64Decoder::finish(std::string& out) {
  if (count_ == 2) append_octet(out, bits_ >> 4U);
  if (count_ == 3) {
    append_octet(out, bits_ >> 10U);
    append_octet(out, bits_ >> 2U);
  }
  bits_ = 0;
  count_ = 0;
}

void QuotedPrintableDecoder::feed(std::string_view text, std::string& out) {
  for (std::size_t i = 0; i < text.size();) {
    if (state_ == State::plain) {
      const std::size_t special = std::min(text.find_first_of("= \t\r\n", i), text.size());
      if (special > i) {
        flush_blanks(out);
        out += text.substr(i, special - i);
        i = special;
        continue;
      }
    }
    step(text[i++], out);
  }
}

void QuotedPrintableDecoder::finish(std::string& out) {
  if (state_ == State::equals_hex) {
    out += '=';
    out += first_;
  }
  blanks_.clear();
  state_ = State::plain;
}

void QuotedPrintableDecoder::flush_blanks(std::string& out) {
  out += blanks_;
  blanks_.clear();
}

void QuotedPrintableDecoder::step(char c, std::string& out) {
  switch (state_) {
    case State::plain:      step_plain(c, out); return;
    case State::equals:     step_equals(c, out); return;
    case State::equals_hex: {
      state_ = State::plain;
      const int low = text::hex_value(c);
      if (low >= 0) {
        append_octet(out, static_cast<std::uint32_t>(text::hex_value(first_) * 16 + low));
        return;
      }
      out += '=';
      out += first_;
      step_plain(c, out);
      return;
    }
    case State::soft_cr:
      state_ = State::plain;
      if (c != '\n') step_plain(c, out);
      return;
  }
}

// After `=`, perhaps with blanks behind it which transport has added.
void QuotedPrintableDecoder::step_equals(char c, std::string& out) {
  if (c == '\r' || c == '\n') {
    blanks_.clear();
    state_ = c == '\r' ? State::soft_cr : State::plain;
    return;
  }
  if (text::is_wsp(c) && blanks_.size() < kMaxBlanks) {
    blanks_ += c;
    return;
  }
  if (blanks_.empty() && text::hex_value(c) >= 0) {
    first_ = c;
    state_ = State::equals_hex;
    return;
  }
  out += '=';
  state_ = State::plain;
  step_plain(c, out);
}

void QuotedPrintableDecoder::step_plain(char c, std::string& out) {
  if (text::is_wsp(c)) {
    if (blanks_.size() == kMaxBlanks) flush_blanks(out);
    blanks_ += c;
    return;
  }
  if (c == '\r' || c == '\n') {
    blanks_.clear();
    out += c;
    return;
  }
  flush_blanks(out);
  if (c == '=')
    state_ = State::equals;
  else
    out += c;
}

void TransferDecoder::feed(std::string_view bytes, std::string& out) {
  switch (encoding_) {
    case Transfer::identity:         out += bytes; return;
    case Transfer::base64:           base64_.feed(bytes, out); return;
    case Transfer::quoted_printable: qp_.feed(bytes, out); return;
  }
}

void TransferDecoder::finish(std::string& out) {
  base64_.finish(out);
  qp_.finish(out);
}

}  // namespace postern::mime
