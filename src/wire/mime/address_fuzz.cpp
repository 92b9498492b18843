// libFuzzer: address lists keep to their limit, and what is printed of one is read back the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "mime/builder.hpp"
#include "text/utf8.hpp"

namespace {

void require(bool promise) {
  if (!promise) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace postern::mime;
  const std::string_view value{reinterpret_cast<const char*>(data), size};
  const AddressList list = parse_addresses(value, 50);
  require(count_addresses(list) <= 50);
  require(mailboxes(list).size() <= count_addresses(list));
  const std::string printed = print_addresses(list);
  require(printed.find_first_of("\r\n") == std::string::npos);
  HeaderBuilder header;
  header.addresses("To", list);
  require(header.str().ends_with("\r\n"));
  for (const Mailbox* mailbox : mailboxes(list)) {
    if (mailbox->local.empty() ||
        mailbox->domain.find_first_of("@\"()<>,;:[]\\ \t") != std::string::npos)
      continue;
    for (const char c : mailbox->local)
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return 0;
    const AddressList again =
        parse_addresses(print_addr_spec(mailbox->local, mailbox->domain) + " (x)");
    if (mailbox->domain.empty()) continue;
    require(again.size() == 1);
    require(std::get<Mailbox>(again.front()).local == mailbox->local);
  }
  return 0;
}
