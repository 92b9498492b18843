// libFuzzer: whatever is given as a TLS report, what is read of it keeps its limits and prints as
// JSON that is read the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "feedback/aggregate.hpp"
#include "feedback/instant.hpp"
#include "feedback/tls_report.hpp"
#include "text/utf8.hpp"

using namespace postern;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input{reinterpret_cast<const char*>(data), size};
  if (const auto time = feedback::parse_instant(input)) {
    require(feedback::parse_instant(feedback::print_instant(*time)).has_value() ||
            time->time_since_epoch().count() < -62167219200 ||
            time->time_since_epoch().count() > 253402300799);
  }
  const auto parsed = feedback::parse_tls_report(input);
  if (!parsed) return 0;
  require(parsed->report.policies.size() <= feedback::kMaxTlsPolicies);
  require(parsed->notes.size() <= feedback::kMaxNotes);
  const auto json = feedback::print_tls_report(parsed->report);
  require(text::is_utf8(json));
  const auto again = feedback::parse_tls_report(json);
  require(again && feedback::print_tls_report(again->report) == json);
  return 0;
}
