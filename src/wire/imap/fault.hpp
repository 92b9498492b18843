#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace postern::imap {

/// The word of a status response (RFC 9051 §7.1).
enum class Status : std::uint8_t { ok, no, bad, bye, preauth };

/// Why input cannot be taken, in the words of its answer. All three texts are constants of this
/// module: nothing the peer sent is in them.
struct Fault {
  Status status = Status::bad;
  /// Response code without brackets (`TOOBIG`, `BADCHARSET (UTF-8)`); empty for none.
  std::string_view code = {};
  std::string_view text;
};

/// What the parsers of this module give. Not a Result: the answer to a bad command is part of the
/// protocol's syntax, and is needed without a table from codes to words.
template <class T>
using Parsed = std::expected<T, Fault>;

/// BAD, without a code.
[[nodiscard]] inline std::unexpected<Fault> bad(std::string_view text) {
  return std::unexpected(Fault{Status::bad, {}, text});
}
[[nodiscard]] inline std::unexpected<Fault> no(std::string_view code, std::string_view text) {
  return std::unexpected(Fault{Status::no, code, text});
}

/// A command that was not understood or is not taken: the tagged answer it gets. `tag` is "*" when
/// the line holds no usable tag: the answer is then untagged (RFC 9051 §7.1.3).
struct Refusal {
  std::string tag;
  Fault fault;
};

}  // namespace postern::imap
