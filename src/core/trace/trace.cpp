#include "trace/trace.hpp"

#include <fmt/format.h>

#include "text/ascii.hpp"

namespace postern::trace {

std::string_view to_string(Kind kind) {
  switch (kind) {
    case Kind::received:  return "received";
    case Kind::delivered: return "delivered";
    case Kind::queued:    return "queued";
    case Kind::attempt:   return "attempt";
    case Kind::sent:      return "sent";
    case Kind::deferred:  return "deferred";
    case Kind::failed:    return "failed";
    case Kind::bounced:   return "bounced";
    case Kind::held:      return "held";
    case Kind::released:  return "released";
    case Kind::dropped:   return "dropped";
    case Kind::refused:   return "refused";
    case Kind::note:      return "note";
  }
  return "note";
}

std::string to_text(TraceId id) {
  return fmt::format("{:016x}", id.value());
}

Result<TraceId> parse_id(std::string_view text) {
  constexpr std::size_t kDigits = 16;
  if (text.size() != kDigits) return fail(Errc::bad_syntax, "a trace id has 16 digits");
  std::uint64_t value = 0;
  for (const char c : text) {
    const int digit = text::hex_value(c);
    if (digit < 0) return fail(Errc::bad_syntax, "not a hexadecimal digit");
    value = value << 4U | static_cast<std::uint64_t>(digit);
  }
  if (value == 0) return fail(Errc::bad_syntax, "no trace id is 0");
  return TraceId{value};
}

}  // namespace postern::trace
