// libFuzzer: any feedback part and any message behind it (parted by the first NUL). What is read
// keeps its limits and is clean text.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "feedback/aggregate.hpp"
#include "feedback/failure.hpp"
#include "text/ascii.hpp"
#include "text/utf8.hpp"

using namespace postern;

namespace {

void check(std::string_view text) {
  if (text.size() > feedback::kMaxText || !text::is_utf8(text) ||
      std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20; }))
    std::abort();
}

void check(const std::vector<std::string>& texts) {
  if (texts.size() > feedback::kMaxFailureTexts) std::abort();
  for (const auto& text : texts) check(text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input{reinterpret_cast<const char*>(data), size};
  const auto cut = std::min(input.find('\0'), input.size());
  const auto report =
      feedback::parse_failure(input.substr(0, cut), input.substr(std::min(cut + 1, input.size())));
  if (!report) return 0;
  check(report->feedback_type);
  check(report->user_agent);
  check(report->original_mail_from);
  check(report->original_rcpt_to);
  check(report->authentication_results);
  check(report->auth_failure);
  check(report->reporting_mta);
  check(report->subject);
  if (report->original_header.size() > feedback::kMaxOriginalHeader) std::abort();
  return 0;
}
