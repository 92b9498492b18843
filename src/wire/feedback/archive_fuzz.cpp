// libFuzzer: any octets as an attachment. What comes out keeps its limit and is in no wrapping any
// more; what is packed comes out again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "feedback/archive.hpp"

using namespace postern;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input{reinterpret_cast<const char*>(data), size};
  const auto out = feedback::unpack(input);
  if (out && out->size() > feedback::kMaxUnpacked) std::abort();
  if (out && feedback::unpack(*out).value_or("") != *out) std::abort();
  const auto packed = feedback::unpack(feedback::gzip(input)).value_or("");
  const bool wrapped = input.starts_with("\x1f\x8b") || input.starts_with("PK\x03\x04");
  if (!wrapped && packed != input) std::abort();
  return 0;
}
