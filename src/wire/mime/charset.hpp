#pragma once

#include <memory>
#include <string>
#include <string_view>

// Charsets by their MIME names to UTF-8, through ICU.
namespace postern::mime {

/// Whether text in charset `label` can be decoded faithfully (for NO [BADCHARSET], RFC 9051
/// §6.4.4).
[[nodiscard]] bool is_known_charset(std::string_view label);

/// Turns a stream of octets in one charset into UTF-8. Octets that mean nothing there become
/// U+FFFD. An empty or unknown charset, and us-ascii, is read as UTF-8 where it is that and as
/// windows-1252 octet by octet where it is not: what unlabelled mail really holds.
class CharsetDecoder {
 public:
  explicit CharsetDecoder(std::string_view label);
  ~CharsetDecoder();
  CharsetDecoder(CharsetDecoder&&) noexcept;
  CharsetDecoder& operator=(CharsetDecoder&&) noexcept;

  /// Appends the UTF-8 of `bytes` to `out`; a character cut at the end waits for the next call.
  void feed(std::string_view bytes, std::string& out);
  /// The end: a character that was cut off there is replaced. The decoder can then be used anew.
  void finish(std::string& out);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// All at once. The result is always valid UTF-8.
[[nodiscard]] std::string to_utf8(std::string_view label, std::string_view bytes);

}  // namespace postern::mime
