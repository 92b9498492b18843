// libFuzzer: a name that parses is within its bounds, prints as ASCII that parses back equal, and
// survives the wire (the promises of name.hpp).
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "dns/name.hpp"
#include "text/ascii.hpp"

namespace {

using postern::dns::Name;

void require(bool holds) {
  if (!holds) std::abort();
}

void check(const Name& name) {
  const std::string text = name.to_string();
  require(postern::text::is_ascii(text));
  const auto again = Name::parse(text);
  require(again && *again == name);
  const std::string wire = name.to_wire() + "tail";
  require(wire.size() <= 255 + 4);
  std::string_view rest = wire;
  const auto taken = Name::take(rest);
  require(taken && *taken == name && rest == "tail");
  require(name.is_within(name.parent()) && name.is_within(Name{}));
  require(name.is_root() || name.parent().depth() + 1 == name.depth());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input{reinterpret_cast<const char*>(data), size};
  if (const auto name = Name::parse(input)) check(*name);
  std::string_view wire = input;
  if (const auto name = Name::take(wire)) check(*name);
  return 0;
}
