// libFuzzer: a URL that is read is read again from its parts, and cannot break a request line.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "http/url.hpp"

using namespace postern;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto url = http::parse_url({reinterpret_cast<const char*>(data), size});
  if (!url) return 0;
  const auto visible = [](char c) { return c > ' ' && c < 0x7f; };
  if (!url->host.is_host() || !url->target.starts_with('/') ||
      !std::ranges::all_of(url->target, visible))
    std::abort();
  const auto again = http::parse_url("https://" + url->authority() + url->target);
  if (!again && size + 1 <= http::kMaxUrl) std::abort();
  if (again && *again != *url) std::abort();
  return 0;
}
