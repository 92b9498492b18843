// libFuzzer: a resolved set is sorted, without overlaps, and prints to what parses to itself.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "imap/sequence_set.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace postern::imap;
  Lexer in{{reinterpret_cast<const char*>(data), size}};
  const auto set = parse_sequence_set(in);
  if (!set) return 0;
  for (const std::uint32_t largest : {0U, 17U, 4294967295U}) {
    const auto resolved = set->resolve(largest);
    std::uint64_t after = 0;
    for (const auto& range : resolved.ranges()) {
      if (range.first == 0 || range.first > range.last || range.first < after) std::abort();
      if (!resolved.contains(range.first) || !resolved.contains(range.last)) std::abort();
      after = std::uint64_t{range.last} + 2;
    }
    std::string out;
    append_ranges(out, resolved);
    if (out.empty()) continue;
    Lexer again{out};
    const auto parsed = parse_sequence_set(again);
    if (!parsed || !again.at_end() || parsed->resolve(0) != resolved) std::abort();
  }
  return 0;
}
