#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

// Fields of the shape `value; name=value; ...`: Content-Type, Content-Disposition.
namespace postern::mime {

/// `name` in lower case, without the `*` forms of RFC 2231. `value` unquoted; if it came in the
/// extended form (§4) it is UTF-8 by its charset, otherwise octets as in the header (which may hold
/// encoded words: many programs write them there, against RFC 2047 §5). Holds no CR, LF or NUL.
struct Param {
  std::string name;
  std::string value;

  friend bool operator==(const Param&, const Param&) = default;
};

/// Beyond this many parameters, and pieces of RFC 2231 §3, a field's rest is dropped.
inline constexpr std::size_t kMaxParams = 100;
inline constexpr std::size_t kMaxParamPieces = 1000;

struct ParamField {
  /// What stands before the first semicolon, comments and blanks taken away.
  std::string value;
  std::vector<Param> params;

  /// The value of `name` (lower case), or null. Borrowed.
  [[nodiscard]] const std::string* find(std::string_view name) const;
};

/// Reads a Content-Type or Content-Disposition value (RFC 2045 §5.1, RFC 2183 §2), folded or not,
/// with the continuations, charsets and percent codes of RFC 2231 §3-4. Of a repeated parameter the
/// first counts; a parameter given plain and extended is taken extended. Tolerates missing quotes,
/// semicolons and values. Linear.
[[nodiscard]] ParamField parse_params(std::string_view value);

}  // namespace postern::mime
