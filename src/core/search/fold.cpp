#include "search/fold.hpp"

#include <unicode/unistr.h>

#include "text/ascii.hpp"

namespace postern::search {
namespace {

std::string squeezed(std::string_view text) {
  std::string out;
  // Nearly all of a search goes by here: no look at the capacity for each octet.
  out.resize_and_overwrite(text.size(), [text](char* to, std::size_t /*room*/) {
    std::size_t size = 0;
    bool blank = false;
    for (const char c : text) {
      const bool is_blank = text::is_wsp(c) || c == '\r' || c == '\n';
      if (!is_blank || !blank) to[size++] = is_blank ? ' ' : text::to_lower(c);
      blank = is_blank;
    }
    return size;
  });
  return out;
}

}  // namespace

std::string fold(std::string_view text) {
  if (text::is_ascii(text)) return squeezed(text);
  auto wide = icu::UnicodeString::fromUTF8({text.data(), static_cast<std::int32_t>(text.size())});
  std::string folded;
  wide.foldCase().toUTF8String(folded);
  return squeezed(folded);
}

}  // namespace postern::search
