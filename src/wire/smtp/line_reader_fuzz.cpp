// libFuzzer: the lines do not depend on the pieces they come in, and no line is over its limit or
// holds its own end.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "smtp/line_reader.hpp"

using postern::smtp::LineEnd;
using postern::smtp::LineReader;

static std::string read_all(std::string_view bytes, std::size_t step, LineEnd end) {
  constexpr std::size_t kLimit = 24;
  LineReader reader{kLimit, end};
  std::string log;
  while (!bytes.empty()) {
    const std::string buffer{bytes.substr(0, step)};
    bytes.remove_prefix(buffer.size());
    std::string_view input = buffer;
    while (!input.empty()) {
      const auto got = reader.take(input);
      if (!got) log += "!\r\n";
      if (!got || !*got) continue;
      if ((*got)->size() > kLimit || (*got)->find("\r\n") != std::string_view::npos) std::abort();
      log.append(**got).append("\r\n");
    }
  }
  return log;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const auto end = (data[0] & 1U) != 0 ? LineEnd::crlf : LineEnd::crlf_or_lf;
  const std::string_view bytes{reinterpret_cast<const char*>(data) + 2, size - 2};
  const std::size_t step = 1U + data[1] % 40U;
  if (read_all(bytes, step, end) != read_all(bytes, size, end)) std::abort();
  return 0;
}
