// libFuzzer: an address that parses prints, and what it prints parses to the same address, within
// the limits and without anything that could break a line.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "smtp/address.hpp"
#include "text/ascii.hpp"

using namespace postern::smtp;

static void check(const Address& address, AddressRules rules) {
  const auto printed = to_string(address);
  if (printed.size() > kMaxAddress) std::abort();
  for (const char c : printed) {
    if (postern::text::is_control(c)) std::abort();
  }
  if (address.is_bare_postmaster()) return;
  const auto again = parse_address(printed, rules);
  if (!again || *again != address) std::abort();
  if (!address.needs_smtputf8() && !postern::text::is_ascii(to_wire(address, false))) std::abort();
  const auto key = local_key(address.local);
  if (local_key(key) != key) std::abort();
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const AddressRules rules{.utf8 = (data[0] & 1U) != 0,
                           .loose_dots = (data[0] & 2U) != 0,
                           .long_local = (data[0] & 4U) != 0,
                           .bare_brackets = (data[0] & 8U) != 0};
  const std::string_view input{reinterpret_cast<const char*>(data) + 1, size - 1};
  if (const auto got = parse_address(input, rules)) check(*got, rules);
  auto text = input;
  if (const auto got = take_reverse_path(text, rules); got && *got) check(**got, rules);
  text = input;
  if (const auto got = take_forward_path(text, rules)) check(*got, rules);
  return 0;
}
