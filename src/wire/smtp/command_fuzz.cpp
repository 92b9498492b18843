// libFuzzer: a MAIL or RCPT that parses prints as one line that parses to the same; no reply to a
// broken line can break the conversation.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "smtp/command.hpp"
#include "text/ascii.hpp"

using namespace postern::smtp;

static void check_line(const std::string& line) {
  for (const char c : line) {
    if (postern::text::is_control(c)) std::abort();
  }
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const bool more = (data[0] & 1U) != 0;
  const CommandRules rules{.binary_mime = more,
                           .smtputf8 = (data[0] & 2U) != 0,
                           .dsn = more,
                           .auth = more,
                           .requiretls = more,
                           .future_release = more,
                           .deliver_by = more,
                           .mt_priority = more,
                           .utf8_transaction = (data[0] & 4U) != 0,
                           .bare_brackets = (data[0] & 8U) != 0,
                           .loose_dots = (data[0] & 16U) != 0};
  const std::string_view line{reinterpret_cast<const char*>(data) + 1, size - 1};
  const auto command = parse_command(line, rules);
  if (const auto* mail = std::get_if<Mail>(&command)) {
    const auto printed = mail_command(*mail);
    check_line(printed);
    const auto again = parse_command(printed, rules);
    const auto* same = std::get_if<Mail>(&again);
    if (same == nullptr || same->from != mail->from || same->size != mail->size ||
        same->auth != mail->auth)
      std::abort();
  }
  if (const auto* rcpt = std::get_if<Rcpt>(&command)) {
    const auto printed = rcpt_command(*rcpt, rules.utf8_transaction);
    check_line(printed);
    const auto again = parse_command(printed, rules);
    const auto* same = std::get_if<Rcpt>(&again);
    // ORCPT's 7-bit form can be longer than its limit, when UTF-8 was written as it is.
    if (same == nullptr ? !rcpt->original : *same != *rcpt) std::abort();
  }
  if (const auto* refused = std::get_if<RefusedCommand>(&command)) {
    const auto wire = to_wire(refused->reply);
    if (wire.find("\r\n") != wire.size() - 2 || refused->reply.code < 500) std::abort();
  }
  return 0;
}
