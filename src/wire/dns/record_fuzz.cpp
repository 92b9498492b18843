// libFuzzer: rdata of every type; what parses prints, and is written and read again as the same
// value. The first two octets choose the type.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <variant>

#include "dns/record.hpp"
#include "text/ascii.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace postern;
  if (size < 2) return 0;
  auto type = static_cast<dns::Type>(data[0] << 8U | data[1]);
  const std::string_view rdata{reinterpret_cast<const char*>(data) + 2, size - 2};
  const auto record = dns::parse_rdata(type, rdata);
  if (!record) return 0;
  if (!text::is_ascii(dns::to_string(*record))) std::abort();
  // An IPv4-mapped AAAA is that IPv4 address.
  if (const auto* ip = std::get_if<text::IpAddress>(&*record))
    type = ip->is_v4() ? dns::Type::a : dns::Type::aaaa;
  const auto again = dns::parse_rdata(type, dns::to_rdata(*record));
  if (!again || *again != *record) std::abort();
  return 0;
}
