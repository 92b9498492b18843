// libFuzzer: any TXT record, any list of report URIs. What is read keeps to its bounds, policies
// only ever come from valid words, and a mailbox can be put into an envelope as it is.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "dmarc/record.hpp"
#include "text/ascii.hpp"

namespace {

using namespace postern;

void require(bool holds) {
  if (!holds) std::abort();
}

void check(const std::vector<dmarc::ReportUri>& uris) {
  require(uris.size() <= dmarc::kMaxReportUris);
  for (const auto& uri : uris) {
    require(!uri.text.empty() && text::is_ascii(uri.text) && !uri.text.contains('!'));
    const auto again = dmarc::parse_report_uri(uri.text);
    require(again && again->text == uri.text && again->mailbox == uri.mailbox);
    if (!uri.mailbox) continue;
    require(uri.mailbox->domain.is_host() && !uri.mailbox->local.empty());
    require(std::ranges::none_of(uri.mailbox->to_string(), [](char c) {
      return text::is_control(c) || text::is_8bit(c) || c == ' ' || c == '<' || c == '>';
    }));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input{reinterpret_cast<const char*>(data), size};
  check(dmarc::parse_report_uris(input).uris);
  const auto record = dmarc::parse_record(input);
  require(record.has_value() == dmarc::is_record(input));
  if (!record) return 0;
  check(record->rua);
  check(record->ruf);
  require(record->faults.size() <= dmarc::kMaxFaults);
  if (!record->policies_valid) {
    require(record->policy() == dmarc::Policy::none && !record->faults.empty());
    require(record->nonexistent_policy() == dmarc::Policy::none);
    require(record->usable() == !record->rua.empty());
  }
  return 0;
}
