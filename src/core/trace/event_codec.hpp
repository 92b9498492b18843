#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "record/key.hpp"
#include "trace/trace.hpp"

// Events and their index as they are stored (docs/formats/keys.md, space `trace`).
namespace postern::trace {

/// Days since 1970 UTC: what keys begin with.
using Day = std::uint32_t;
[[nodiscard]] Day day_of(Timestamp time);

/// A record of kind and fields; keys that every message has are one byte each.
[[nodiscard]] std::string encode_event(const Event& event);
/// The event of a stored pair. `corrupt`, `unsupported`.
[[nodiscard]] Result<Event> decode_event(std::string_view key, std::string_view value);

/// `n` tells events of one id and microsecond apart.
[[nodiscard]] std::string event_key(const Event& event, std::uint16_t n);
/// Every event of `id` on `day`.
[[nodiscard]] std::string events_prefix(Day day, TraceId id);

/// What an address is found by: 64 bits of the SHA-256 of its form in lower case. Not keyed: what
/// collides is shown to an administrator beside what was asked for.
[[nodiscard]] std::uint64_t address_hash(std::string_view address);
[[nodiscard]] std::string address_index_key(Timestamp time, std::uint64_t hash, TraceId id);
/// Every event of an address on `day`, in order of time.
[[nodiscard]] std::string address_prefix(Day day, std::uint64_t hash);
[[nodiscard]] Result<TraceId> decode_address_key(std::string_view key);

/// How many octets of keys and values a process (`run`) wrote of a day, about.
[[nodiscard]] std::string volume_key(Day day, std::uint64_t run);
/// Every day's.
[[nodiscard]] std::string volumes_prefix();
[[nodiscard]] Result<Day> decode_volume_key(std::string_view key);
[[nodiscard]] std::string encode_volume(std::uint64_t octets);
[[nodiscard]] Result<std::uint64_t> decode_volume(std::string_view value);

/// Everything of the kind (a TraceKind) before `day`: what `expire` drops.
struct DayRange {
  std::string begin;
  std::string end;
};
[[nodiscard]] std::vector<DayRange> ranges_before(Day day);

}  // namespace postern::trace
