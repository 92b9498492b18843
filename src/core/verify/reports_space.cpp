#include "verify/reports_space.hpp"

#include "reports/received_codec.hpp"
#include "reports/seen_codec.hpp"

namespace postern::verify {
namespace {

using layout::ReportsKind;

template <class T>
void check_value(Context& context, const kv::Pair& pair, const Result<T>& value) {
  if (!value) context.report.add("report key " + hex(pair.key), why(value.error()));
}

void check_received(Context& context, const kv::Pair& pair) {
  const auto report = reports::decode_received(pair.value);
  check_value(context, pair, report);
  if (report && reports::received_key(*report) != pair.key)
    context.report.add("report key " + hex(pair.key), "stands under a key that is not its own");
}

}  // namespace

void check_report(Context& context, const kv::Pair& pair) {
  switch (static_cast<ReportsKind>(octet(pair.key, kShardKindAt))) {
    case ReportsKind::seen:
      if (!reports::decode_seen_key(pair.key)) break;
      return check_value(context, pair, reports::decode_chunk(pair.value));
    case ReportsKind::done:
      if (!reports::decode_done_key(pair.key)) break;
      return check_value(context, pair, reports::decode_done(pair.value));
    case ReportsKind::received:
      if (!reports::is_received_key(pair.key)) break;
      return check_received(context, pair);
  }
  unknown_key(context, pair.key);
}

}  // namespace postern::verify
