// libFuzzer: whatever the original and the remote's words are, a report is clean lines of mail, is
// 7-bit when it says so, and has exactly its three parts.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "report/dsn.hpp"
#include "report/lines.hpp"
#include "smtp/data.hpp"
#include "text/ascii.hpp"

using namespace postern;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view all{reinterpret_cast<const char*>(data) + 2, size - 2};
  const auto cut = std::min<std::size_t>(data[1], all.size());
  const std::string words{all.substr(0, cut)};
  report::DsnRequest request{.to = *smtp::parse_address("a@example.org"),
                             .from = *smtp::parse_address("postmaster@example.org"),
                             .reporting_mta = "example.org",
                             .message_id = "1@example.org",
                             .boundary = "9f0c2b7d5e8a41",
                             .trace_id = "1",
                             .now = {},
                             .arrival = {},
                             .envid = words,
                             .ret = (data[0] & 1U) != 0 ? smtp::Ret::full : smtp::Ret::headers,
                             .smtputf8 = (data[0] & 2U) != 0,
                             .recipients = {},
                             .original = all.substr(cut),
                             .original_is_whole = (data[0] & 4U) != 0};
  request.recipients.push_back({.address = request.to,
                                .original = smtp::OriginalRecipient{words, words},
                                .status = {5, 0, 0},
                                .remote_mta = words,
                                .reply = smtp::Reply{550, {}, words}});
  const auto dsn = report::build_dsn(request);
  smtp::LineChecker lines;
  lines.take(dsn.message);
  lines.finish();
  if (lines.flaw() || !lines.at_line_start()) std::abort();
  if (report::has_long_line(dsn.message)) std::abort();
  if (dsn.eight_bit == text::is_ascii(dsn.message)) std::abort();
  if (dsn.smtputf8 && !dsn.eight_bit) std::abort();
  return 0;
}
