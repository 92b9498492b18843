#include "dkim/field_names.hpp"

#include <algorithm>

#include "text/ascii.hpp"

namespace postern::dkim {
namespace {

constexpr std::size_t kUsualNames = 32;

}  // namespace

FieldNames::FieldNames(std::string_view list) {
  text_.reserve(list.size());
  ends_.reserve(kUsualNames);
  while (!list.empty()) {
    const auto piece = list.substr(0, list.find(':'));
    list.remove_prefix(std::min(piece.size() + 1, list.size()));
    const auto name = text::trim(piece);
    if (name.empty()) continue;
    text_ += name;
    ends_.push_back(static_cast<std::uint32_t>(text_.size()));
  }
  std::ranges::transform(text_, text_.begin(), text::to_lower);
}

std::size_t FieldNames::count(std::string_view name) const {
  return static_cast<std::size_t>(std::count(begin(), end(), name));
}

}  // namespace postern::dkim
