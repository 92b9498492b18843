#include <gtest/gtest.h>

#include "reports/received_codec.hpp"
#include "reports/seen_codec.hpp"

namespace postern::reports {
namespace {

using std::chrono::sys_seconds;
using namespace feedback;

AggregateRecord some_row() {
  return {.source_ip = text::IpAddress::parse("192.0.2.7"),
          .count = 12,
          .disposition = Disposition::quarantine,
          .dkim = Aligned::fail,
          .spf = Aligned::pass,
          .reasons = {{.type = Override::mailing_list, .comment = "talk.example"}},
          .header_from = "example.org",
          .envelope_from = "",
          .envelope_to = "example.net",
          .dkim_results = {{"example.org", "s1", AuthResult::fail, "body altered"}},
          .spf_results = {{"example.org", SpfScope::mfrom, AuthResult::pass, ""}}};
}

PolicyPublished some_policy() {
  return {.domain = "example.org",
          .p = Policy::reject,
          .sp = Policy::none,
          .np = Policy::quarantine,
          .adkim = Alignment::strict,
          .aspf = Alignment::relaxed,
          .fo = "1",
          .testing = true,
          .discovery_method = Discovery::treewalk,
          .pct = 0,
          .psd = "n"};
}

TlsPolicyReport some_tls() {
  return {.policy = {.type = TlsPolicyType::sts,
                     .policy_string = {"version: STSv1", "mode: enforce"},
                     .domain = "example.org",
                     .mx_host = {"*.example.org"}},
          .successful_sessions = 1000,
          .failed_sessions = 3,
          .failures = {{.result = TlsResult::certificate_expired,
                        .other_result = {},
                        .sending_mta_ip = text::IpAddress::parse("2001:db8::1"),
                        .receiving_mx_hostname = "mx.example.org",
                        .receiving_mx_helo = "mx",
                        .receiving_ip = text::IpAddress::parse("192.0.2.9"),
                        .failed_sessions = 3,
                        .additional_information = "https://x.example",
                        .failure_reason_code = "expired"}}};
}

Received some_report() {
  return {.topic = Topic::dmarc,
          .reporter = "reporter.example",
          .proof = "dmarc",
          .arrived = from_micros(1'700'000'000'123'456),
          .org_name = "Reporter",
          .contact = "mailto:x@reporter.example",
          .report_id = "r1",
          .begin = sys_seconds{std::chrono::seconds{1'699'920'000}},
          .end = sys_seconds{std::chrono::seconds{1'700'006'399}},
          .domain = "example.org",
          .policy = some_policy(),
          .rows = {some_row(), some_row()},
          .tls = {some_tls()},
          .failure = FailedMessage{.feedback_type = "auth-failure",
                                   .auth_failure = "dmarc",
                                   .delivery_result = "reject",
                                   .source_ip = text::IpAddress::parse("192.0.2.8"),
                                   .mail_from = "a@example.org",
                                   .from = "b@example.org",
                                   .subject = "hello",
                                   .message_id = "<1@x>",
                                   .dkim_domain = "example.org",
                                   .incidents = 2},
          .partial = true,
          .notes = {"odd"}};
}

Chunk some_chunk() {
  return {.policy = some_policy(),
          .policy_changed = true,
          .rows = {some_row()},
          .tls = {some_tls()},
          .left_out = 5};
}

TEST(ReportsCodec, ReturnsWhatItWasGiven) {
  EXPECT_EQ(decode_chunk(encode_chunk(some_chunk())).value(), some_chunk());
  EXPECT_EQ(decode_chunk(encode_chunk({})).value(), Chunk{});
  EXPECT_EQ(decode_received(encode_received(some_report())).value(), some_report());
  const Done done{.until = sys_seconds{std::chrono::seconds{86'400}},
                  .when = from_micros(7),
                  .report_id = "x",
                  .to = {"a@b.example", "c@d.example"}};
  EXPECT_EQ(decode_done(encode_done(done)).value(), done);
}

TEST(ReportsCodec, KeysReturnWhatTheyWereMadeOf) {
  const ChunkName name{
      .subject = {.day = 20'000, .topic = Topic::tls, .domain = "example.org"}, .run = 7, .n = 3};
  EXPECT_EQ(decode_seen_key(seen_key(name)).value(), name);
  EXPECT_TRUE(seen_key(name).starts_with(seen_prefix(name.subject)));
  EXPECT_TRUE(seen_prefix(name.subject).starts_with(seen_prefix(name.subject.day)));
  EXPECT_EQ(decode_done_key(done_key(name.subject)).value(), name.subject);
  EXPECT_TRUE(is_received_key(received_key(some_report())));
  EXPECT_FALSE(is_received_key(received_key(some_report()) + "x"));
  EXPECT_FALSE(is_received_key(done_key(name.subject)));
}

TEST(ReportsCodec, KeysThatNobodyWroteAreCorrupt) {
  const Subject subject{.day = 1, .topic = Topic::dmarc, .domain = "example.org"};
  auto key = done_key(subject);
  key.back() = 'x';
  EXPECT_EQ(decode_done_key(key).error().code, Errc::corrupt);  // the hash of another name
  EXPECT_FALSE(decode_done_key(done_key({.day = 1, .topic = Topic::failure, .domain = "a.b"})));
  EXPECT_FALSE(decode_done_key(done_key({.day = 1, .topic = Topic::dmarc, .domain = ""})));
  EXPECT_FALSE(decode_seen_key(seen_prefix(subject)));
  EXPECT_FALSE(decode_seen_key(key));
}

TEST(ReportsCodec, ReportsAreInOrderOfTheirEnd) {
  auto earlier = some_report();
  earlier.end -= std::chrono::seconds{1};
  earlier.report_id = "zzz";
  EXPECT_LT(received_key(earlier), received_from(Topic::dmarc, some_report().end));
  EXPECT_LE(received_from(Topic::dmarc, some_report().end), received_key(some_report()));
  EXPECT_TRUE(received_key(earlier).starts_with(received_prefix(Topic::dmarc)));
}

/// Whatever is cut off or changed, decoding ends, with a value or an error of the right kind.
template <class Decode>
void expect_robust(const std::string& whole, Decode decode) {
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto cut = decode(std::string_view{whole}.substr(0, size));
    if (!cut) EXPECT_EQ(cut.error().code, Errc::corrupt) << size;
  }
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const char flip : {'\x01', '\x80', '\xff'}) {
      auto changed = whole;
      changed[at] = static_cast<char>(changed[at] ^ flip);
      const auto read = decode(changed);
      if (!read) {
        EXPECT_TRUE(read.error().code == Errc::corrupt || read.error().code == Errc::unsupported);
      }
    }
  }
}

TEST(ReportsCodec, BrokenRecordsAreErrors) {
  expect_robust(encode_chunk(some_chunk()), [](std::string_view v) { return decode_chunk(v); });
  expect_robust(encode_received(some_report()),
                [](std::string_view v) { return decode_received(v); });
  expect_robust(encode_done({.report_id = "x", .to = {"a@b"}}),
                [](std::string_view v) { return decode_done(v); });
  EXPECT_EQ(decode_chunk("").error().code, Errc::corrupt);
  EXPECT_EQ(decode_received("\x02").error().code, Errc::unsupported);
  EXPECT_EQ(decode_received("\x01").error().code, Errc::corrupt);  // about nothing
}

}  // namespace
}  // namespace postern::reports
