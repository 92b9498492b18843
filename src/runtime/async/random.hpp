#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace postern {

/// The only source of chance: keys, salts, ids, jitter. Thread-safe unless a fake says otherwise.
class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<std::byte> out) = 0;

  [[nodiscard]] std::uint64_t u64();
  /// Uniform in [0, bound); bound > 0.
  [[nodiscard]] std::uint64_t below(std::uint64_t bound);
  [[nodiscard]] std::string bytes(std::size_t count);
};

/// The kernel's generator (getrandom); ends the process if it fails, which it does not after boot.
class SystemRandom final : public Random {
 public:
  void fill(std::span<std::byte> out) override;
};

/// A reproducible stream for tests and the simulator (SplitMix64). Never for keys. Not thread-safe.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_{seed} {}
  void fill(std::span<std::byte> out) override;

 private:
  std::uint64_t state_;
};

}  // namespace postern
