// libFuzzer: any TXT record. What is read holds addresses and https URIs without controls.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "feedback/tlsrpt_record.hpp"
#include "text/ascii.hpp"

using namespace postern;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string txt{reinterpret_cast<const char*>(data), size};
  const auto record = feedback::parse_tlsrpt_record(txt);
  const auto picked = feedback::pick_tlsrpt_record({&txt, 1});
  if (picked) require(record.has_value());
  if (!record) return 0;
  require(record->mailto.size() + record->https.size() <= feedback::kMaxReportUris);
  for (const auto& address : record->mailto)
    require(address.contains('@') && std::ranges::none_of(address, text::is_control));
  for (const auto& uri : record->https) {
    require(text::istarts_with(uri, "https://") && text::is_ascii(uri) &&
            std::ranges::none_of(uri, [](char c) { return text::is_control(c) || c == ' '; }));
  }
  return 0;
}
