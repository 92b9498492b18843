// libFuzzer: any TXT record. An id is letters and digits; to pick among one is to read it.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "mtasts/record.hpp"
#include "text/ascii.hpp"

using namespace postern;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string txt{reinterpret_cast<const char*>(data), size};
  const auto record = mtasts::parse_record(txt);
  const auto picked = mtasts::pick_record({&txt, 1});
  if (picked.has_value() != record.has_value()) std::abort();
  if (!record) return 0;
  if (record->id.empty() || record->id.size() > 32 ||
      !std::ranges::all_of(record->id, text::is_alnum))
    std::abort();
  const auto again = mtasts::parse_record("v=STSv1; id=" + record->id + ";");
  if (!again || *again != *record) std::abort();
  return 0;
}
