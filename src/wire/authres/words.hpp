#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "authres/authres.hpp"

// Texts as they may stand in structured fields, and folding.
namespace postern::authres {

/// `text` cut to `most` octets, with controls and what `charset` forbids as '?'.
[[nodiscard]] std::string clean(std::string_view text, Charset charset, std::size_t most);
/// A quoted string of a cleaned text (RFC 5322 §3.2.4).
[[nodiscard]] std::string quoted(std::string_view cleaned);
/// A comment of a cleaned text (RFC 5322 §3.2.2).
[[nodiscard]] std::string comment(std::string_view cleaned);
/// Characters of an atom, without dots (RFC 5322 §3.2.3); those beyond ASCII count too.
[[nodiscard]] bool is_dot_atom(std::string_view text);

/// Lays words out on lines of 78 octets where it can.
class Folder {
 public:
  explicit Folder(std::size_t column) : column_{column} {}
  /// Adds `word` behind a blank, or on a line of its own.
  void add(std::string_view word);
  /// Directly behind the last word.
  void attach(std::string_view text);
  void break_line();
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  std::string out_;
  std::size_t column_;
  bool fresh_ = true;  ///< Nothing stands on this line but blanks.
};

}  // namespace postern::authres
