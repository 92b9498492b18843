#include "trace/event_codec.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "crypto/hash.hpp"
#include "layout/spaces.hpp"
#include "record/record.hpp"
#include "text/ascii.hpp"
#include "vocab/try.hpp"

namespace postern::trace {
namespace {

using layout::TraceKind;

// value = record, version 1:
//   1: kind (number)
//   2: key of a field that has no tag of its own; 3, right after it: its value
//   16 + i: value of the field kKnownKeys[i]
// Fields stand in the order in which they are shown. kKnownKeys only ever grows at its end.
constexpr std::uint8_t kVersion = 1;
constexpr std::uint32_t kKindTag = 1;
constexpr std::uint32_t kKeyTag = 2;
constexpr std::uint32_t kValueTag = 3;
constexpr std::uint32_t kFirstKnown = 16;
constexpr std::array<std::string_view, 16> kKnownKeys{
    "peer",  "helo", "from", "to",  "mailbox", "uid",  "queue",  "host",
    "reply", "why",  "size", "tls", "account", "with", "status", "about"};

constexpr std::uint8_t kLastKind = std::to_underlying(Kind::note);

record::KeyWriter key_of(TraceKind kind) {
  return {std::to_underlying(layout::Space::trace), std::uint16_t{0}, std::to_underlying(kind)};
}

void put_field(record::Writer& out, const std::pair<std::string, std::string>& field) {
  const auto* const known = std::ranges::find(kKnownKeys, field.first);
  if (known != kKnownKeys.end()) {
    const auto index = static_cast<std::uint32_t>(known - kKnownKeys.begin());
    out.text(kFirstKnown + index, field.second);
  } else {
    out.text(kKeyTag, field.first).text(kValueTag, field.second);
  }
}

/// A field, or part of one; what a later release added is passed over.
void take_field(record::Reader& in, Event& event) {
  if (in.tag() == kKeyTag) {
    event.fields.emplace_back(in.text(), "");
  } else if (in.tag() == kValueTag) {
    if (event.fields.empty()) return in.fault("a trace value without its key");
    event.fields.back().second = in.text();
  } else if (in.tag() >= kFirstKnown && in.tag() - kFirstKnown < kKnownKeys.size()) {
    event.fields.emplace_back(kKnownKeys.at(in.tag() - kFirstKnown), in.text());
  }
}

}  // namespace

Day day_of(Timestamp time) {
  const auto days = std::chrono::floor<std::chrono::days>(time).time_since_epoch().count();
  return days < 0 ? 0 : static_cast<Day>(days);
}

std::string encode_event(const Event& event) {
  std::string out;
  record::Writer writer{out, kVersion};
  writer.number(kKindTag, std::to_underlying(event.kind));
  for (const auto& field : event.fields) put_field(writer, field);
  return out;
}

Result<Event> decode_event(std::string_view key, std::string_view value) {
  Event event;
  record::KeyReader where{key};
  where.skip(key_of(TraceKind::event).done());
  where.u32();
  event.id = TraceId{where.u64()};
  event.time = from_micros(where.i64());
  where.u16();
  POSTERN_CHECK(where.finish());
  record::Reader in{value, kVersion};
  while (in.next()) {
    if (in.tag() != kKindTag) {
      take_field(in, event);
      continue;
    }
    // A kind that a later release added is still worth showing.
    const auto kind = in.number<std::uint8_t>();
    event.kind = kind <= kLastKind ? static_cast<Kind>(kind) : Kind::note;
  }
  POSTERN_CHECK(in.finish());
  return event;
}

std::string event_key(const Event& event, std::uint16_t n) {
  return key_of(TraceKind::event)
      .u32(day_of(event.time))
      .u64(event.id.value())
      .i64(to_micros(event.time))
      .u16(n)
      .done();
}

std::string events_prefix(Day day, TraceId id) {
  return key_of(TraceKind::event).u32(day).u64(id.value()).done();
}

std::uint64_t address_hash(std::string_view address) {
  const auto digest = crypto::sha256(text::lower(address));
  std::uint64_t hash = 0;
  for (std::size_t i = 0; i < sizeof hash; ++i) hash = hash << 8U | digest.at(i);
  return hash;
}

std::string address_index_key(Timestamp time, std::uint64_t hash, TraceId id) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  return key_of(TraceKind::address)
      .u32(day_of(time))
      .u64(hash)
      .u32(static_cast<std::uint32_t>(std::max<std::int64_t>(seconds, 0) % 86400))
      .u64(id.value())
      .done();
}

std::string address_prefix(Day day, std::uint64_t hash) {
  return key_of(TraceKind::address).u32(day).u64(hash).done();
}

Result<TraceId> decode_address_key(std::string_view key) {
  record::KeyReader in{key};
  in.skip(key_of(TraceKind::address).done());
  in.u32();
  in.u64();
  in.u32();
  const TraceId id{in.u64()};
  POSTERN_CHECK(in.finish());
  return id;
}

std::string volume_key(Day day, std::uint64_t run) {
  return key_of(TraceKind::volume).u32(day).u64(run).done();
}

std::string volumes_prefix() {
  return key_of(TraceKind::volume).done();
}

Result<Day> decode_volume_key(std::string_view key) {
  record::KeyReader in{key};
  in.skip(volumes_prefix());
  const Day day = in.u32();
  in.u64();
  POSTERN_CHECK(in.finish());
  return day;
}

std::string encode_volume(std::uint64_t octets) {
  std::string out;
  record::Writer{out, kVersion}.number(1, octets);
  return out;
}

Result<std::uint64_t> decode_volume(std::string_view value) {
  std::uint64_t octets = 0;
  record::Reader in{value, kVersion};
  while (in.next()) {
    if (in.tag() == 1) octets = in.number();
  }
  POSTERN_CHECK(in.finish());
  return octets;
}

std::vector<DayRange> ranges_before(Day day) {
  std::vector<DayRange> out;
  for (const auto kind : {TraceKind::event, TraceKind::address, TraceKind::volume})
    out.push_back({.begin = key_of(kind).done(), .end = key_of(kind).u32(day).done()});
  return out;
}

}  // namespace postern::trace
