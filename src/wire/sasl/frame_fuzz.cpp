// libFuzzer: what a line decodes to encodes to the same line again (base64 has one form), and
// nothing longer than allowed is decoded.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "sasl/frame.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace postern::sasl;
  const std::string_view line{reinterpret_cast<const char*>(data), size};
  if (const auto got = decode_initial_response(line)) {
    if (encode_initial_response(*got) != line || size > kMaxEncoded) std::abort();
  }
  if (const auto got = decode_response(line)) {
    if (got->cancelled != (line == "*")) std::abort();
    if (!got->cancelled && encode_response(got->data) != line) std::abort();
  }
  return 0;
}
