#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace postern {

/// An integer that is not interchangeable with other integers. Made explicitly, read with
/// `value()`; ordered and hashable. `Tag` only names the type.
template <class Tag, class Rep>
class Strong {
 public:
  using rep = Rep;
  constexpr Strong() = default;
  constexpr explicit Strong(Rep value) : value_{value} {}
  [[nodiscard]] constexpr Rep value() const { return value_; }
  friend constexpr auto operator<=>(Strong, Strong) = default;

 private:
  Rep value_ = 0;
};

}  // namespace postern

template <class Tag, class Rep>
struct std::hash<postern::Strong<Tag, Rep>> {
  std::size_t operator()(postern::Strong<Tag, Rep> id) const noexcept {
    return std::hash<Rep>{}(id.value());
  }
};
