// libFuzzer: any body and field. Cut into pieces it has the same canonical form as whole; the form
// is its own canonical form; and it ends as RFC 6376 §3.4 says.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "dkim/canon.hpp"

namespace {

using namespace postern::dkim;

void require(bool holds) {
  if (!holds) std::abort();
}

std::string body(std::string_view text, Canon canon, std::uint32_t seed) {
  std::string out;
  BodyCanon into{canon, [&out](std::string_view bytes) { out += bytes; }};
  while (!text.empty()) {
    seed = seed * 1'664'525U + 1'013'904'223U;
    const std::size_t step = seed == 0 ? text.size() : (seed >> 16U) % 7 + 1;
    into.feed(text.substr(0, step));
    text.remove_prefix(std::min(step, text.size()));
  }
  into.finish();
  return out;
}

std::string whole(std::string_view text, Canon canon) {
  std::string out;
  BodyCanon into{canon, [&out](std::string_view bytes) { out += bytes; }};
  into.feed(text);
  into.finish();
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  for (const auto canon : {Canon::simple, Canon::relaxed}) {
    const auto once = whole(text, canon);
    require(body(text, canon, static_cast<std::uint32_t>(size)) == once);
    require(whole(once, canon) == once);
    require(once.empty() ? canon == Canon::relaxed : once.ends_with("\r\n"));
    require(once == "\r\n" ? canon == Canon::simple : !once.ends_with("\r\n\r\n"));
    require(once.size() <= text.size() + 2);
    std::string field;
    append_field(field, text, canon);
    require(field.ends_with("\r\n") && field.size() <= text.size() + 3);
    std::string again;
    append_field(again, field, canon);
    require(again == field);
  }
  return 0;
}
