#pragma once

#include <utility>

namespace postern {

/// A value that cannot be logged by accident: it has no formatter, no stream operator and no
/// comparison (compare with crypto::equal_constant_time). `reveal` is easy to search for.
template <class T>
class Secret {
 public:
  Secret() = default;
  explicit Secret(T value) : value_{std::move(value)} {}
  [[nodiscard]] const T& reveal() const { return value_; }

 private:
  T value_{};
};

}  // namespace postern
