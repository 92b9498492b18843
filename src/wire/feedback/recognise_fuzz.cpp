// libFuzzer: any mail. What is recognised points into the mail, and reading it only gives a report
// or an error.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "feedback/recognise.hpp"

using namespace postern;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input{reinterpret_cast<const char*>(data), size};
  if (const auto name = feedback::parse_report_name(input.substr(0, input.find('\n')))) {
    if (name->domain.empty() || name->submitter.contains('/') || name->extension.empty())
      std::abort();
  }
  const auto message = mime::parse(input);
  if (!message) return 0;
  const auto found = feedback::recognise(*message);
  if (!found) return 0;
  if (!found->data || found->data->body_end > size) std::abort();
  const auto report = feedback::extract(*found, feedback::read_from(input));
  const bool failure = report && std::holds_alternative<feedback::FailureReport>(*report);
  if (report && failure != (found->kind == feedback::Kind::failure)) std::abort();
  return 0;
}
