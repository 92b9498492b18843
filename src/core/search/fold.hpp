#pragma once

#include <string>
#include <string_view>

namespace postern::search {

/// `text` (UTF-8) in the form in which texts are compared: full case folding (what RFC 5051's
/// i;unicode-casemap is for), with runs of blanks and line breaks as one space, so that a phrase is
/// found across a fold.
[[nodiscard]] std::string fold(std::string_view text);

}  // namespace postern::search
