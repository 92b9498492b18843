#pragma once

#include <cstddef>
#include <string_view>

// Which lines of a header are fields. `Header` and `MessageParser` must agree about it.
namespace postern::mime {

/// No decision about a line looks further into it than this.
inline constexpr std::size_t kMaxLineHead = 1024;

/// Where the colon of the field that begins `line` stands, or npos when the line is no field.
/// Blanks before the colon (RFC 5322 §4.5) and within the name are let pass.
[[nodiscard]] std::size_t field_colon(std::string_view line);

/// The separator of mbox files (RFC 4155), which gets into messages and is no field.
[[nodiscard]] bool is_mbox_line(std::string_view line);

/// Without one LF or CRLF (or CR, where the LF is missing) at the end.
[[nodiscard]] std::string_view without_line_break(std::string_view line);

}  // namespace postern::mime
