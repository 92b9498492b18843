// libFuzzer: whatever is given as an aggregate report, what is read of it keeps its limits, is
// clean text, and prints as XML that is read the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "feedback/aggregate.hpp"
#include "text/utf8.hpp"

using namespace postern;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void check_text(std::string_view text) {
  require(text.size() <= feedback::kMaxText && text::is_utf8(text));
  for (const char c : text) require(static_cast<unsigned char>(c) >= 0x20);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto parsed = feedback::parse_aggregate({reinterpret_cast<const char*>(data), size});
  if (!parsed) {
    require(!parsed.error().detail.empty());
    return 0;
  }
  const auto& report = parsed->report;
  require(report.records.size() <= feedback::kMaxRecords);
  require(parsed->notes.size() <= feedback::kMaxNotes);
  for (const auto& note : parsed->notes) require(text::is_utf8(note));
  check_text(report.metadata.org_name);
  check_text(report.metadata.report_id);
  check_text(report.policy.domain);
  for (const auto& record : report.records) {
    require(record.count > 0);
    require(record.dkim_results.size() <= feedback::kMaxDkimResults);
    check_text(record.header_from);
    for (const auto& dkim : record.dkim_results) check_text(dkim.selector);
  }
  const auto xml = feedback::print_aggregate(report);
  require(text::is_utf8(xml));
  if (report.policy.domain.empty()) return 0;  // without records it may be refused
  const auto again = feedback::parse_aggregate(xml);
  require(again && !again->partial && feedback::print_aggregate(again->report) == xml);
  return 0;
}
