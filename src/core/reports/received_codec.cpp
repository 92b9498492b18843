#include "reports/received_codec.hpp"

#include <utility>

#include "layout/keys.hpp"
#include "record/key.hpp"
#include "record/record.hpp"
#include "reports/row_codec.hpp"
#include "reports/seen_codec.hpp"
#include "vocab/try.hpp"

namespace postern::reports {
namespace {

using std::chrono::sys_seconds;

std::int64_t micros(sys_seconds time) {
  return to_micros(Timestamp{time});
}

sys_seconds seconds_of(std::int64_t count) {
  return sys_seconds{std::chrono::seconds{count}};
}

std::string encode_message(const FailedMessage& failure) {
  std::string out;
  record::Writer writer{out};
  writer.text_unless_empty(1, failure.feedback_type)
      .text_unless_empty(2, failure.auth_failure)
      .text_unless_empty(3, failure.delivery_result);
  if (failure.source_ip) writer.text(4, octets_of(*failure.source_ip));
  writer.text_unless_empty(5, failure.mail_from)
      .text_unless_empty(6, failure.from)
      .text_unless_empty(7, failure.subject)
      .text_unless_empty(8, failure.message_id)
      .text_unless_empty(9, failure.dkim_domain)
      .number(10, failure.incidents);
  return out;
}

FailedMessage take_message(record::Reader& in) {
  FailedMessage out;
  auto nested = record::Reader::nested(in.text(), kVersion);
  while (nested.next()) {
    switch (nested.tag()) {
      case 1:  out.feedback_type = nested.text(); break;
      case 2:  out.auth_failure = nested.text(); break;
      case 3:  out.delivery_result = nested.text(); break;
      case 4:  out.source_ip = take_address(nested); break;
      case 5:  out.mail_from = nested.text(); break;
      case 6:  out.from = nested.text(); break;
      case 7:  out.subject = nested.text(); break;
      case 8:  out.message_id = nested.text(); break;
      case 9:  out.dkim_domain = nested.text(); break;
      case 10: out.incidents = nested.number(); break;
      default: break;
    }
  }
  if (!nested.finish()) in.fault("a failure does not decode");
  return out;
}

std::uint64_t identity_of(const Received& report) {
  std::string text = report.reporter;
  text.push_back('\0');
  text += report.report_id;
  text.push_back('\0');
  text += report.domain;
  return hash_of(text);
}

/// Texts about the report itself; false: the field is something else.
bool take_head(record::Reader& in, Received& out) {
  switch (in.tag()) {
    case 2:  out.reporter = in.text(); return true;
    case 3:  out.proof = in.text(); return true;
    case 4:  out.arrived = from_micros(in.signed_number()); return true;
    case 5:  out.org_name = in.text(); return true;
    case 6:  out.contact = in.text(); return true;
    case 7:  out.report_id = in.text(); return true;
    case 8:  out.begin = seconds_of(in.signed_number()); return true;
    case 9:  out.end = seconds_of(in.signed_number()); return true;
    case 10: out.domain = in.text(); return true;
    default: return false;
  }
}

}  // namespace

std::string received_prefix(Topic topic) {
  return layout::reports_key(layout::ReportsKind::received).u8(std::to_underlying(topic)).done();
}

std::string received_from(Topic topic, sys_seconds end) {
  return layout::reports_key(layout::ReportsKind::received)
      .u8(std::to_underlying(topic))
      .i64(micros(end))
      .done();
}

std::string received_key(const Received& report) {
  return layout::reports_key(layout::ReportsKind::received)
      .u8(std::to_underlying(report.topic))
      .i64(micros(report.end))
      .u64(identity_of(report))
      .done();
}

bool is_received_key(std::string_view key) {
  record::KeyReader in{key};
  in.skip(layout::reports_key(layout::ReportsKind::received).done());
  const auto topic = in.u8();
  in.i64();
  in.u64();
  return in.finish() && topic >= std::to_underlying(Topic::dmarc) &&
         topic <= std::to_underlying(Topic::failure);
}

std::string encode_received(const Received& report) {
  std::string out;
  record::Writer writer{out, kVersion};
  writer.number(1, std::to_underlying(report.topic))
      .text_unless_empty(2, report.reporter)
      .text_unless_empty(3, report.proof)
      .signed_number(4, to_micros(report.arrived))
      .text_unless_empty(5, report.org_name)
      .text_unless_empty(6, report.contact)
      .text_unless_empty(7, report.report_id)
      .signed_number(8, report.begin.time_since_epoch().count())
      .signed_number(9, report.end.time_since_epoch().count())
      .text_unless_empty(10, report.domain);
  if (report.policy) writer.text(11, encode_policy(*report.policy));
  for (const auto& row : report.rows) writer.text(12, encode_row(row));
  for (const auto& policy : report.tls) writer.text(13, encode_tls(policy));
  if (report.failure) writer.text(14, encode_message(*report.failure));
  if (report.partial) writer.boolean(15, true);
  for (const auto& note : report.notes) writer.text(16, note);
  return out;
}

Result<Received> decode_received(std::string_view value) {
  Received out;
  out.topic = Topic{};
  record::Reader in{value, kVersion};
  while (in.next()) {
    if (take_head(in, out)) continue;
    switch (in.tag()) {
      case 1:  out.topic = static_cast<Topic>(in.number<std::uint8_t>()); break;
      case 11: out.policy = take_policy(in); break;
      case 12: out.rows.push_back(take_row(in)); break;
      case 13: out.tls.push_back(take_tls(in)); break;
      case 14: out.failure = take_message(in); break;
      case 15: out.partial = in.boolean(); break;
      case 16: out.notes.emplace_back(in.text()); break;
      default: break;
    }
  }
  POSTERN_CHECK(in.finish());
  if (out.topic < Topic::dmarc || out.topic > Topic::failure)
    return fail(Errc::corrupt, "a report about an unknown topic");
  return out;
}

}  // namespace postern::reports
