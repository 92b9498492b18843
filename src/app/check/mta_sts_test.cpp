#include "check/mta_sts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::check {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kHead = "version: STSv1\nmx: mx.example.org\nmx: *.backup.example\n";

dns::Name name(std::string_view text) {
  return dns::Name::parse(text).value();
}

http::Response served(std::string body, std::string type = "text/plain; charset=utf-8") {
  return {.status = 200,
          .headers = {{"Content-Type", std::move(type)}},
          .body = std::string{kHead} + std::move(body)};
}

StsFindings found(std::optional<Result<http::Response>> policy) {
  return {.domain = name("example.org"),
          .txts = {"v=STSv1; id=7"},
          .hosts = std::vector{name("mx.example.org"), name("a.backup.example")},
          .policy = std::move(policy)};
}

void expect(const StsFindings& findings, std::string_view verdict, const std::string& words) {
  const auto line = judge_mta_sts(findings);
  EXPECT_EQ(line.record, "MTA-STS");
  EXPECT_EQ(line.verdict, verdict) << line.text;
  EXPECT_THAT(line.text, HasSubstr(words));
  EXPECT_EQ(line.fix.empty(), verdict == "good") << line.text;
}

TEST(CheckMtaSts, JudgesAPolicy) {
  expect(found(served("mode: enforce\nmax_age: 604800")), "good", "id 7, mode enforce");
  expect(found(served("mode: testing\nmax_age: 604800")), "weak", "deliver anyway");
  expect(found(served("mode: none\nmax_age: 604800")), "weak", "insist on nothing");
  expect(found(served("mode: enforce\nmax_age: 86400")), "weak", "forgotten");
  expect(found(served("mode: enforce\nmax_age: 604800", "text/html")), "weak", "text/plain");
  expect(found(served("mode: enforce")), "wrong", "invalid: no max_age");
  expect(found(served("mode: enforce\nmax_age: 99999999")), "wrong", "more than a year");
}

TEST(CheckMtaSts, NamesTheHostsThatArePassedOver) {
  auto findings = found(served("mode: testing\nmax_age: 1", "text/html"));
  findings.hosts->push_back(name("new.example.org"));
  findings.hosts->push_back(name("a.b.backup.example"));
  expect(findings, "wrong", "does not name new.example.org, a.b.backup.example, where");
  findings.policy = served("mode: none\nmax_age: 1");
  expect(findings, "weak", "insist on nothing");
}

TEST(CheckMtaSts, SaysWhyThereIsNoPolicy) {
  const struct {
    Errc code;
    const char* verdict;
    const char* fix;
  } cases[] = {
      {Errc::not_found, "wrong", "publish an address of mta-sts.example.org"},
      {Errc::tls_failed, "wrong", "a certificate of that name"},
      {Errc::not_permitted, "wrong", "a public address"},
      {Errc::too_large, "wrong", "64 KiB"},
      {Errc::dns_bogus, "wrong", "mend the zone"},
      {Errc::dns_unavailable, "unknown", "mend the zone"},
      {Errc::peer_timeout, "wrong", "https://mta-sts.example.org/.well-known/mta-sts.txt"}};
  for (const auto& one : cases) {
    const Result<http::Response> nothing = fail(one.code, "because");
    expect(found(nothing), one.verdict, "no policy: because");
    EXPECT_THAT(judge_mta_sts(found(nothing)).fix, HasSubstr(one.fix));
  }
  expect(found(http::Response{.status = 404}), "wrong", "status 404");
  expect(found(http::Response{.status = 301}), "wrong", "redirected (301)");
  expect(found(std::nullopt), "unknown", "was not fetched");
}

TEST(CheckMtaSts, JudgesTheRecordFirst) {
  auto findings = found(served("mode: enforce\nmax_age: 604800"));
  findings.txts = {"v=STSv1; id=7", "v=STSv1; id=8"};
  EXPECT_FALSE(wants_policy(findings.txts));
  expect(findings, "wrong", "several");
  findings.txts = {"v=STSv1; id=-"};
  expect(findings, "wrong", "id is not");
  findings.txts = {"v=spf1 -all"};
  EXPECT_TRUE(wants_policy(findings.txts));
  expect(findings, "wrong", "a policy, but no record");
  const Result<http::Response> nothing = fail(Errc::not_found, "no such name");
  findings.policy = nothing;
  expect(findings, "missing", "nothing at _mta-sts.example.org");
  findings.policy = std::nullopt;
  expect(findings, "missing", "nothing at");
}

}  // namespace
}  // namespace postern::check
