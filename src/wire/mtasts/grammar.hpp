#pragma once

#include <algorithm>
#include <string_view>

#include "text/ascii.hpp"

// What the record and the policy have in common. Only for this module.
namespace postern::mtasts {

/// sts-ext-name, sts-policy-ext-name of RFC 8461 §3.1, §3.2.
[[nodiscard]] inline bool is_name(std::string_view name) {
  constexpr std::size_t kMaxName = 32;
  if (name.empty() || name.size() > kMaxName || !text::is_alnum(name.front())) return false;
  return std::ranges::all_of(
      name, [](char c) { return text::is_alnum(c) || c == '_' || c == '-' || c == '.'; });
}

[[nodiscard]] inline std::string_view trim_wsp(std::string_view text) {
  while (!text.empty() && text::is_wsp(text.front())) text.remove_prefix(1);
  while (!text.empty() && text::is_wsp(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace postern::mtasts
