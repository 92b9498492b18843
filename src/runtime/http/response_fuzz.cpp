// libFuzzer: a response reads the same in whatever pieces it comes, within its limits, and gives
// fields that can be printed.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "http/pieces_fixture.hpp"
#include "text/ascii.hpp"

using namespace postern;

namespace {

constexpr std::size_t kMost = 4096;

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2 || size > kMost) return 0;
  const std::string_view octets{reinterpret_cast<const char*>(data) + 1, size - 1};
  // Limits that no input reaches, so that the pieces make no difference; or such that it may.
  const bool tight = (data[0] & 2U) != 0;
  const http::ResponseLimits limits{.header_octets = tight ? 128 : 2 * kMost,
                                    .body_octets = tight ? 64 : 2 * kMost,
                                    .want_body = (data[0] & 1U) == 0};
  const auto at_once = http::read_in_pieces(octets, size, limits);
  const auto in_pieces = http::read_in_pieces(octets, 1 + (data[0] >> 2U), limits);
  if (!tight) {
    require(at_once.has_value() == in_pieces.has_value());
    require(!at_once || *at_once == *in_pieces);
  }
  if (!at_once) return 0;
  require(at_once->body.size() <= limits.body_octets && at_once->status >= 200);
  require(limits.want_body || at_once->body.empty());
  for (const auto& field : at_once->headers) {
    require(!field.name.empty() && field.name.size() + field.value.size() <= limits.header_octets);
    require(std::ranges::none_of(field.name, text::is_control));
    require(
        std::ranges::none_of(field.value, [](char c) { return text::is_control(c) && c != '\t'; }));
  }
  return 0;
}
