// libFuzzer: any datagram. What decodes encodes to the same octets, and the rest is refused.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "server/message.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace postern::server;
  const std::string_view input{reinterpret_cast<const char*>(data), size};
  const auto message = decode(input);
  if (message && encode(*message) != input) std::abort();
  if (!message && size > 0 && size <= kMaxMessage && input.front() == 'x') std::abort();
  return 0;
}
