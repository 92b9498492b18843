// libFuzzer: replies do not depend on the pieces they come in; any reply prints as exactly one
// reply, and its capabilities survive another round.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "smtp/capabilities.hpp"
#include "smtp/reply_reader.hpp"

using namespace postern::smtp;

static std::string read_all(std::string_view bytes, std::size_t step) {
  ReplyReader reader;
  std::string log;
  while (!bytes.empty()) {
    auto input = bytes.substr(0, step);
    bytes.remove_prefix(input.size());
    while (!input.empty()) {
      const auto got = reader.take(input);
      if (!got) return log + "!";
      if (*got) log += to_wire(**got);
    }
  }
  return log;
}

static void check_one(const Reply& reply) {
  const auto wire = to_wire(reply);
  std::string_view input = wire;
  ReplyReader reader;
  const auto got = reader.take(input);
  // Long texts may become more lines than a reader takes; never more than one reply.
  if (!got) return;
  if (!*got || !input.empty() || (*got)->code != reply.code) std::abort();
  const auto caps = parse_capabilities(reply);
  if (parse_capabilities(to_reply(caps, "h", "")) != caps) std::abort();
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::size_t step = 1U + data[0] % 50U;
  const std::string_view bytes{reinterpret_cast<const char*>(data) + 1, size - 1};
  if (read_all(bytes, step) != read_all(bytes, size)) std::abort();
  check_one({550, EnhancedStatus{5, 0, 0}, std::string{bytes}});
  std::string_view input = bytes;
  ReplyReader reader;
  if (const auto got = reader.take(input); got && *got) check_one(**got);
  return 0;
}
