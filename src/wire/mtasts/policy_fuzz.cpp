// libFuzzer: a policy that is read is within its limits, prints, and is read again as the same; it
// covers the hosts it names and none that differ in the number of labels.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "mtasts/policy.hpp"

using namespace postern;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto policy = mtasts::parse_policy({reinterpret_cast<const char*>(data), size});
  if (!policy) return 0;
  require(policy->max_age >= std::chrono::seconds{0} && policy->max_age <= mtasts::kMaxAge);
  require(policy->mode == mtasts::Mode::none || !policy->mx.empty());
  const auto text = mtasts::print(*policy);
  if (text.size() > mtasts::kMaxPolicy) return 0;
  const auto again = mtasts::parse_policy(text);
  require(again && *again == *policy);
  for (const auto& pattern : policy->mx) {
    require(pattern.name.is_host());
    mtasts::Policy only{.mode = mtasts::Mode::enforce, .max_age = {}, .mx = {pattern}};
    require(only.covers(pattern.name) == !pattern.wildcard);
    const auto below = pattern.name.below("a");
    if (!below) continue;
    require(only.covers(*below) == pattern.wildcard);
    const auto deeper = below->below("a");
    require(!deeper || !only.covers(*deeper));
  }
  return 0;
}
