#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "async/random.hpp"

namespace postern::sim {

/// A stream of decisions out of a seed. Each actor has its own, so that what one does does not
/// shift what the others decide.
class Chance {
 public:
  explicit Chance(std::uint64_t seed) : random_{seed} {}

  [[nodiscard]] std::uint64_t seed() { return random_.u64(); }
  /// In [0, bound); bound > 0.
  [[nodiscard]] std::size_t below(std::size_t bound) {
    return static_cast<std::size_t>(random_.below(bound));
  }
  /// In [low, high].
  [[nodiscard]] std::size_t between(std::size_t low, std::size_t high) {
    return low + below(high - low + 1);
  }
  /// True once in `n` times.
  [[nodiscard]] bool once_in(std::size_t n) { return below(n) == 0; }
  /// One of `items`, of which there is at least one.
  template <class T>
  [[nodiscard]] const T& of(std::span<const T> items) {
    return items[below(items.size())];
  }

 private:
  SeededRandom random_;
};

}  // namespace postern::sim
