#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// Content-Transfer-Encodings (RFC 2045 §6), decoded as streams and with tolerance.
namespace postern::mime {

enum class Transfer : std::uint8_t { identity, base64, quoted_printable };

/// By the field's value in any case, "" meaning 7bit. Nothing for a name that is not known (then
/// IMAP's BINARY says UNKNOWN-CTE, RFC 9051 §7.1).
[[nodiscard]] std::optional<Transfer> transfer_of(std::string_view encoding);

/// RFC 2045 §6.8. Passes over characters outside the alphabet; goes on after padding (encoded
/// pieces put together); at the end drops bits that fill no octet.
class Base64Decoder {
 public:
  void feed(std::string_view text, std::string& out);
  void finish(std::string& out);

 private:
  std::uint32_t bits_ = 0;
  int count_ = 0;  // sextets in bits_, 0..3
};

/// RFC 2045 §6.7. A `=` without two hexadecimal digits stands for itself; blanks before a line
/// break or the end, put there by transport, are dropped (rule 3); lower-case digits are taken.
class QuotedPrintableDecoder {
 public:
  void feed(std::string_view text, std::string& out);
  void finish(std::string& out);

 private:
  void flush_blanks(std::string& out);
  void step(char c, std::string& out);
  void step_equals(char c, std::string& out);
  void step_plain(char c, std::string& out);

  enum class State : std::uint8_t { plain, equals, equals_hex, soft_cr };
  State state_ = State::plain;
  char first_ = 0;      // the digit after `=`
  std::string blanks_;  // waiting: dropped if a line break follows. Bounded by kMaxBlanks.
};

/// Blanks kept back at most; a longer run is not taken for transport padding.
inline constexpr std::size_t kMaxBlanks = 1000;

/// A decoder for any encoding; unknown ones pass through.
class TransferDecoder {
 public:
  explicit TransferDecoder(Transfer encoding) : encoding_{encoding} {}
  void feed(std::string_view bytes, std::string& out);
  void finish(std::string& out);

 private:
  Transfer encoding_;
  Base64Decoder base64_;
  QuotedPrintableDecoder qp_;
};

}  // namespace postern::mime
