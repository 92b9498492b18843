#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/mutant_engine.hpp"

// The simulator: whole Posterns, everybody who uses them and everything that can go wrong, in one
// thread, out of a seed. The same options give the same run.
namespace postern::sim {

struct WorldOptions {
  std::uint64_t seed = 1;
  unsigned steps = 100;    ///< Each about a millisecond of the world's time.
  bool protocols = false;  ///< SMTP and IMAP over a hostile network between two Posterns; else
                           ///< callers of the store.
  Mutant mutant = Mutant::none;
};

struct Outcome {
  std::vector<std::string> breaches;  ///< What must not be; at most a few.
  std::uint64_t operations = 0;
  std::uint64_t acknowledged = 0;
  std::uint64_t crashes = 0;
  std::uint64_t failures = 0;
  std::uint64_t fingerprint = 0;  ///< Of all that was answered, in order.
};

inline constexpr std::size_t kMaxBreaches = 8;

[[nodiscard]] Outcome run_world(const WorldOptions& options);

}  // namespace postern::sim
