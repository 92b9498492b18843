// libFuzzer: what is encoded decodes to itself, what decodes survives another round.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "smtp/xtext.hpp"
#include "text/utf8.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace postern::smtp;
  const std::string_view input{reinterpret_cast<const char*>(data), size};
  if (from_xtext(to_xtext(input)) != input) std::abort();
  if (const auto got = from_xtext(input); got && from_xtext(to_xtext(*got)) != *got) std::abort();
  if (const auto got = from_utf8_addr_xtext(input)) {
    if (!postern::text::is_utf8(*got)) std::abort();
    if (from_utf8_addr_xtext(to_utf8_addr_xtext(*got)) != *got) std::abort();
  }
  return 0;
}
