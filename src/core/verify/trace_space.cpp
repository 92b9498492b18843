#include "verify/trace_space.hpp"

#include "record/key.hpp"
#include "trace/event_codec.hpp"

namespace postern::verify {

void check_trace(Context& context, const kv::Pair& pair) {
  using layout::TraceKind;
  record::KeyReader in{std::string_view{pair.key}.substr(kShardKindAt + 1)};
  const auto day = in.u32();
  switch (static_cast<TraceKind>(octet(pair.key, kShardKindAt))) {
    case TraceKind::event: {
      ++context.report.counts.trace_events;
      const auto event = trace::decode_event(pair.key, pair.value);
      if (!event) return context.report.add("trace key " + hex(pair.key), why(event.error()));
      if (trace::day_of(event->time) != day)
        context.report.add("trace " + trace::to_text(event->id), "an event stands on a wrong day");
      return;
    }
    case TraceKind::address:
      if (!trace::decode_address_key(pair.key)) unknown_key(context, pair.key);
      return;
    case TraceKind::volume:
      in.u64();
      if (!in.finish()) return unknown_key(context, pair.key);
      if (const auto octets = trace::decode_volume(pair.value); !octets)
        context.report.add("trace key " + hex(pair.key), why(octets.error()));
      return;
  }
  unknown_key(context, pair.key);
}

}  // namespace postern::verify
