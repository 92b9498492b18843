// libFuzzer: what the store hands back may be anything; what decodes encodes to something that
// decodes to the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "mime/structure.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace postern::mime;
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  if (const auto part = decode_part(bytes)) {
    const auto again = decode_part(encode(*part));
    if (!again || !(*again == *part)) std::abort();
  }
  if (const auto envelope = decode_envelope(bytes)) {
    const auto again = decode_envelope(encode(*envelope));
    if (!again || !(*again == *envelope)) std::abort();
  }
  return 0;
}
