// libFuzzer: a name has one modified UTF-7 form, and every text has one.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "imap/mailbox_name.hpp"
#include "text/utf8.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace postern;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  if (const auto name = imap::from_mutf7(text)) {
    if (!text::is_utf8(*name) || imap::to_mutf7(*name) != text) std::abort();
  }
  const auto back = imap::from_mutf7(imap::to_mutf7(text));
  if (!back || *back != text::to_valid_utf8(text)) std::abort();
  for (const auto form : {imap::NameForm::mutf7, imap::NameForm::utf8}) {
    const auto name = imap::decode_mailbox(text, form);
    if (name && !text::is_utf8(*name)) std::abort();
  }
  return 0;
}
