#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "vocab/time.hpp"

namespace postern::trace {

/// What strangers may have written about their refusals: some a minute for each net, some for all
/// nets together; the others are counted. Not thread-safe.
class Refusals {
 public:
  static constexpr std::uint64_t kSingly = 20;     ///< Of one net in a minute.
  static constexpr std::uint64_t kTogether = 500;  ///< Of all nets in a minute.
  static constexpr std::size_t kNets = 1000;       ///< Told apart in a minute.

  /// Whether a refusal of `peer` ("name [192.0.2.1]", or anything) is kept. Counts it if not.
  [[nodiscard]] bool admit(std::string_view peer, Timestamp now);

  struct Count {
    std::string net;  ///< "192.0.2.0/24"; empty: nets beyond those told apart, or no address.
    std::uint64_t refusals = 0;
  };
  /// What was counted in the minute before `now`'s; once.
  [[nodiscard]] std::vector<Count> counted(Timestamp now);

 private:
  struct Net {
    std::uint64_t kept = 0;
    std::uint64_t counted = 0;
  };
  void turn(Timestamp now);

  std::int64_t minute_ = 0;
  std::uint64_t kept_ = 0;
  std::map<std::string, Net, std::less<>> nets_;
  std::vector<Count> done_;
};

}  // namespace postern::trace
