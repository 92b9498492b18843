// libFuzzer: what parses prints to a text that parses to the same value and prints the same.
#include <cstdlib>

#include "text/ip.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace postern::text;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  if (const auto ip = IpAddress::parse(text)) {
    const std::string printed = ip->to_string();
    const auto again = IpAddress::parse(printed);
    if (!again || *again != *ip || again->to_string() != printed) std::abort();
    if (ip->net(ip->bits()) != *ip || ip->is_v4() != ip->net(0).is_v4()) std::abort();
  }
  if (const auto cidr = Cidr::parse(text)) {
    if (!cidr->contains(cidr->base) || Cidr::parse(cidr->to_string()) != cidr) std::abort();
  }
  return 0;
}
