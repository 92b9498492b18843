#include "search/fold.hpp"

#include <unicode/unistr.h>

#include "text/ascii.hpp"

namespace postern::search {
namespace {

void append_squeezed(std::string& out, std::string_view text) {
  bool blank = false;
  for (const char c : text) {
    const bool is_blank = text::is_wsp(c) || c == '\r' || c == '\n';
    if (!is_blank) out.push_back(text::to_lower(c));
    if (is_blank && !blank) out.push_back(' ');
    blank = is_blank;
  }
}

}  // namespace

std::string fold(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  if (text::is_ascii(text)) {
    append_squeezed(out, text);
    return out;
  }
  auto wide = icu::UnicodeString::fromUTF8({text.data(), static_cast<std::int32_t>(text.size())});
  std::string folded;
  wide.foldCase().toUTF8String(folded);
  append_squeezed(out, folded);
  return out;
}

}  // namespace postern::search
