#include "reports/seen_codec.hpp"

#include <utility>

#include "crypto/hash.hpp"
#include "layout/keys.hpp"
#include "record/key.hpp"
#include "record/record.hpp"
#include "reports/row_codec.hpp"
#include "vocab/try.hpp"

namespace postern::reports {
namespace {

using layout::ReportsKind;

record::KeyWriter subject_key(ReportsKind kind, const Subject& subject) {
  auto out = layout::reports_key(kind);
  out.u32(subject.day).u8(std::to_underlying(subject.topic)).u64(hash_of(subject.domain));
  return out;
}

/// Topics of what we count ourselves.
Result<Topic> counted_topic(std::uint8_t value) {
  const auto topic = static_cast<Topic>(value);
  if (topic != Topic::dmarc && topic != Topic::tls)
    return fail(Errc::corrupt, "an unknown topic of reports");
  return topic;
}

Result<void> check_hash(std::uint64_t hash, std::string_view domain) {
  if (domain.empty() || hash != hash_of(domain))
    return fail(Errc::corrupt, "the hash of another domain");
  return {};
}

}  // namespace

std::uint64_t hash_of(std::string_view text) {
  const auto digest = crypto::sha256(text);
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < sizeof out; ++i) out = out << 8U | digest.at(i);
  return out;
}

std::string seen_prefix() {
  return layout::reports_key(ReportsKind::seen).done();
}
std::string seen_prefix(Day day) {
  return layout::reports_key(ReportsKind::seen).u32(day).done();
}
std::string seen_prefix(const Subject& subject) {
  return subject_key(ReportsKind::seen, subject).done();
}

std::string seen_key(const ChunkName& name) {
  return subject_key(ReportsKind::seen, name.subject)
      .u64(name.run)
      .u32(name.n)
      .text(name.subject.domain)
      .done();
}

Result<ChunkName> decode_seen_key(std::string_view key) {
  record::KeyReader in{key};
  in.skip(seen_prefix());
  ChunkName out;
  out.subject.day = in.u32();
  const auto topic = in.u8();
  const auto hash = in.u64();
  out.run = in.u64();
  out.n = in.u32();
  out.subject.domain = in.text();
  POSTERN_CHECK(in.finish());
  POSTERN_TRY(out.subject.topic, counted_topic(topic));
  POSTERN_CHECK(check_hash(hash, out.subject.domain));
  return out;
}

std::string encode_chunk(const Chunk& chunk) {
  std::string out;
  record::Writer writer{out, kVersion};
  if (chunk.policy) writer.text(1, encode_policy(*chunk.policy));
  for (const auto& row : chunk.rows) writer.text(2, encode_row(row));
  for (const auto& policy : chunk.tls) writer.text(3, encode_tls(policy));
  writer.number_unless_zero(4, chunk.left_out);
  if (chunk.policy_changed) writer.boolean(5, true);
  return out;
}

Result<Chunk> decode_chunk(std::string_view value) {
  Chunk out;
  record::Reader in{value, kVersion};
  while (in.next()) {
    switch (in.tag()) {
      case 1:  out.policy = take_policy(in); break;
      case 2:  out.rows.push_back(take_row(in)); break;
      case 3:  out.tls.push_back(take_tls(in)); break;
      case 4:  out.left_out = in.number(); break;
      case 5:  out.policy_changed = in.boolean(); break;
      default: break;
    }
  }
  POSTERN_CHECK(in.finish());
  return out;
}

std::string done_prefix() {
  return layout::reports_key(ReportsKind::done).done();
}
std::string done_prefix(Day day) {
  return layout::reports_key(ReportsKind::done).u32(day).done();
}

std::string done_key(const Subject& subject) {
  return subject_key(ReportsKind::done, subject).text(subject.domain).done();
}

Result<Subject> decode_done_key(std::string_view key) {
  record::KeyReader in{key};
  in.skip(done_prefix());
  Subject out;
  out.day = in.u32();
  const auto topic = in.u8();
  const auto hash = in.u64();
  out.domain = in.text();
  POSTERN_CHECK(in.finish());
  POSTERN_TRY(out.topic, counted_topic(topic));
  POSTERN_CHECK(check_hash(hash, out.domain));
  return out;
}

std::string encode_done(const Done& done) {
  std::string out;
  record::Writer writer{out, kVersion};
  writer.signed_number(1, done.until.time_since_epoch().count())
      .signed_number(2, to_micros(done.when))
      .text_unless_empty(3, done.report_id);
  for (const auto& address : done.to) writer.text(4, address);
  return out;
}

Result<Done> decode_done(std::string_view value) {
  Done out;
  record::Reader in{value, kVersion};
  while (in.next()) {
    switch (in.tag()) {
      case 1:  out.until = std::chrono::sys_seconds{std::chrono::seconds{in.signed_number()}}; break;
      case 2:  out.when = from_micros(in.signed_number()); break;
      case 3:  out.report_id = in.text(); break;
      case 4:  out.to.emplace_back(in.text()); break;
      default: break;
    }
  }
  POSTERN_CHECK(in.finish());
  return out;
}

}  // namespace postern::reports
