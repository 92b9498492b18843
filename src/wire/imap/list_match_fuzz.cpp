// libFuzzer: input up to the first line feed is a pattern, the rest a name. The compiled pattern
// agrees with a table of the definition.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "imap/list_match.hpp"

namespace {

/// fits[i]: the pattern so far matches the first i octets of the name.
bool defined(std::string_view pattern, std::string_view name) {
  std::vector<bool> fits(name.size() + 1);
  fits[0] = true;
  for (const char c : pattern) {
    std::vector<bool> next(name.size() + 1);
    for (std::size_t i = 0; i <= name.size(); ++i) {
      if (c == '*' || c == '%') {
        next[i] = fits[i] || (i > 0 && next[i - 1] && (c == '*' || name[i - 1] != '/'));
      } else {
        next[i] = i > 0 && fits[i - 1] && name[i - 1] == c;
      }
    }
    fits = std::move(next);
  }
  return fits[name.size()];
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using postern::imap::ListPattern;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const auto split = std::min(text.find('\n'), text.size());
  const auto pattern = text.substr(0, split);
  const auto name = split < text.size() ? text.substr(split + 1) : std::string_view{};
  const bool matched = ListPattern{pattern, '/'}.matches(name);
  // What is written without case, or beyond the limit, is not in the definition.
  if (pattern.size() > ListPattern::kMaxLength || pattern.size() * name.size() > 1'000'000)
    return 0;
  if (pattern.find_first_of("iI") != pattern.npos || name == "INBOX") return 0;
  if (matched != defined(pattern, name)) std::abort();
  return 0;
}
