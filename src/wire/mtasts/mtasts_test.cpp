#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mtasts/policy.hpp"
#include "mtasts/record.hpp"
#include "text/ascii.hpp"

namespace postern::mtasts {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

constexpr std::string_view kGood =
    "version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\nmx: *.example.net\r\n"
    "max_age: 604800\r\n";

dns::Name name(std::string_view text) {
  return dns::Name::parse(text).value();
}

std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool code = text[i] == '\\' && i + 1 < text.size();
    const char c = code ? text[++i] : text[i];
    out += !code ? c : c == 'n' ? '\n' : c == 'r' ? '\r' : c == 't' ? '\t' : c;
  }
  return out;
}

/// The lines of a file of tests/data/mta_sts, each split at its tabs.
std::vector<std::vector<std::string>> cases_of(const std::string& file) {
  std::ifstream in{std::string{POSTERN_TEST_DATA} + "/mta_sts/" + file, std::ios::binary};
  EXPECT_TRUE(in) << file;
  std::vector<std::vector<std::string>> out;
  for (std::string line; std::getline(in, line);) {
    out.emplace_back();
    for (const auto cell : text::split(line, '\t')) out.back().push_back(unescape(cell));
  }
  return out;
}

TEST(MtaStsRecord, ReadsTheVectors) {
  const auto cases = cases_of("record_syntax.tsv");
  EXPECT_EQ(cases.size(), 13U);
  for (const auto& each : cases)
    EXPECT_EQ(parse_record(each.at(1)).has_value(), each.at(0) == "valid") << each.at(1);
}

TEST(MtaStsRecord, TheIdIsTheFirst) {
  EXPECT_EQ(parse_record("v=STSv1; id=20160831085700Z;").value().id, "20160831085700Z");
  EXPECT_EQ(parse_record("v=STSv1;id=a;id=b").value().id, "a");
  EXPECT_EQ(parse_record("v=STSv1; x=!?; id=12345678901234567890123456789012").value().id.size(),
            32U);
  for (const std::string_view text : {"", "v=STSv1; id=", "v=STSv1; id=a-b", "v=STSv1; id",
                                      " v=STSv1; id=a", "V=STSv1; id=a", "id=a; v=STSv1"})
    EXPECT_EQ(parse_record(text).error().code, Errc::bad_syntax) << text;
}

TEST(MtaStsRecord, OneOfThoseThatAreThere) {
  const std::vector<std::string> none{"v=spf1 -all", "v=STSv2; id=a", "v=STSv10; id=a"};
  EXPECT_EQ(pick_record(none).error().code, Errc::not_found);
  const std::vector<std::string> one{"v=spf1 -all", "v=STSv1; id=a"};
  EXPECT_EQ(pick_record(one).value().id, "a");
  const std::vector<std::string> spaced{"v=STSv1 ; id=a"};
  EXPECT_TRUE(pick_record(spaced));
  const std::vector<std::string> two{"v=STSv1; id=a", "v=STSv1; id=a"};
  EXPECT_THAT(pick_record(two).error().detail, HasSubstr("several"));
  const std::vector<std::string> broken{"v=STSv1; id=*"};
  EXPECT_EQ(pick_record(broken).error().code, Errc::bad_syntax);
}

TEST(MtaStsPolicy, ReadsTheVectors) {
  const auto cases = cases_of("policy_syntax.tsv");
  EXPECT_EQ(cases.size(), 14U);
  for (const auto& each : cases)
    EXPECT_EQ(parse_policy(each.at(1)).has_value(), each.at(0) == "valid") << each.at(1);
}

TEST(MtaStsPolicy, ReadsWhatItPrints) {
  const auto policy = parse_policy(kGood);
  ASSERT_TRUE(policy) << policy.error().detail;
  EXPECT_EQ(policy->mode, Mode::enforce);
  EXPECT_EQ(policy->max_age, seconds{604800});
  ASSERT_EQ(policy->mx.size(), 2U);
  EXPECT_EQ(policy->mx.at(0).to_string(), "mail.example.com");
  EXPECT_EQ(policy->mx.at(1).to_string(), "*.example.net");
  EXPECT_EQ(print(*policy), kGood);
}

TEST(MtaStsPolicy, IsTolerantWhereItMayBe) {
  const auto policy = parse_policy(
      "max_age:  86400 \nmode:none\nmode: enforce\nversion:STSv1\nversion:STSv2\nnews: b "
      "c\xc3\xa4\n"
      "max_age:1\r\n\r\n");
  ASSERT_TRUE(policy) << policy.error().detail;
  EXPECT_EQ(policy->mode, Mode::none);
  EXPECT_EQ(policy->max_age, seconds{86400});
  EXPECT_EQ(parse_policy("version:STSv1\nmode:none\nmax_age:31557600").value().max_age, kMaxAge);
}

TEST(MtaStsPolicy, SaysWhatIsWrong) {
  const std::string head = "version: STSv1\nmode: enforce\nmx: a.example\n";
  const struct {
    std::string text;
    const char* why;
  } cases[] = {
      {head, "no max_age"},
      {head + "max_age: 31557601", "more than a year"},
      {head + "max_age: -1", "no number"},
      {head + "max_age: 1d", "no number"},
      {head + "max_age: 00000000001", "no number"},
      {head + "max_age", "without a colon"},
      {head + "\nmax_age: 1", "without a colon"},
      {head + "max age: 1", "not a field"},
      {head + "x: \001", "not a field"},
      {head + "x: \xff", "not a field"},
      {"mode: none\nmax_age: 1", "no version"},
      {"version: STSv1\nmax_age: 1\nmx: a.example", "no mode"},
      {"version: STSv1\nmode: Enforce", "mode is not"},
      {"version: STSv1\nmode: enforce\nmax_age: 1", "no mx"},
      {"version: STSv1\nmx: 192.0.2.1/24", "mx is no host"},
      {"version: STSv1\nmx: *", "mx is no host"},
      {"version: STSv1\nmx: *.", "mx is no host"},
      {"version: STSv1\nmx: a.*.example", "mx is no host"},
      {"<!DOCTYPE html>\n<title>x</title>", "without a colon"},
  };
  for (const auto& one : cases) {
    const auto got = parse_policy(one.text);
    ASSERT_FALSE(got) << one.text;
    EXPECT_EQ(got.error().code, Errc::bad_syntax);
    EXPECT_THAT(got.error().detail, HasSubstr(one.why));
  }
}

TEST(MtaStsPolicy, IsBounded) {
  const std::string head = "version: STSv1\nmode: enforce\nmax_age: 1\nmx: a.example\nx: ";
  EXPECT_TRUE(parse_policy(head + std::string(kMaxPolicy - head.size(), 'x')));
  EXPECT_EQ(parse_policy(head + std::string(kMaxPolicy + 1 - head.size(), 'x')).error().code,
            Errc::too_large);
  std::string many = head + "y";
  for (std::size_t i = 0; i < kMaxPatterns; ++i) many += "\nmx: a.example";
  EXPECT_EQ(parse_policy(many).error().code, Errc::too_large);
}

TEST(MtaStsPolicy, CoversTheHostsOfTheVectors) {
  const auto cases = cases_of("mx_match.tsv");
  EXPECT_EQ(cases.size(), 8U);
  for (const auto& each : cases) {
    const auto policy =
        parse_policy("version: STSv1\nmode: enforce\nmax_age: 1\nmx: " + each.at(1));
    const bool match = policy && policy->covers(name(each.at(2)));
    EXPECT_EQ(match, each.at(0) == "match") << each.at(1) << ' ' << each.at(2);
  }
}

TEST(MtaStsPolicy, AWildcardIsOneLabel) {
  const auto policy = parse_policy(kGood).value();
  EXPECT_TRUE(policy.covers(name("mail.example.com")));
  EXPECT_TRUE(policy.covers(name("a.example.net")));
  EXPECT_FALSE(policy.covers(name("example.net")));
  EXPECT_FALSE(policy.covers(name("a.b.example.net")));
  EXPECT_FALSE(policy.covers(name("example.com")));
  EXPECT_FALSE(policy.covers(dns::Name{}));
}

TEST(MtaStsPolicy, WhereItIsAndAsWhat) {
  const auto host = policy_host(name("example.com")).value();
  EXPECT_EQ(host.to_string(), "mta-sts.example.com");
  EXPECT_EQ(policy_url(host), "https://mta-sts.example.com/.well-known/mta-sts.txt");
  for (const std::string_view type : {"text/plain", "Text/Plain;charset=utf-8", "text/plain ; a=b"})
    EXPECT_TRUE(is_policy_type(type)) << type;
  for (const std::string_view type : {"", "text/html", "text/plainer", "text/html; text/plain"})
    EXPECT_FALSE(is_policy_type(type)) << type;
}

}  // namespace
}  // namespace postern::mtasts
