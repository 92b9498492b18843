#include "dmarc/record.hpp"

#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::dmarc {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Record record(std::string_view text) {
  auto read = parse_record(text);
  EXPECT_TRUE(read) << text;
  return read ? *read : Record{};
}

std::vector<std::string> texts(const std::vector<ReportUri>& uris) {
  std::vector<std::string> out;
  for (const auto& uri : uris) out.push_back(uri.text);
  return out;
}

TEST(DmarcRecord, Defaults) {
  const Record r = record("v=DMARC1; p=reject");
  EXPECT_EQ(r.policy(), Policy::reject);
  EXPECT_EQ(r.subdomain_policy(), Policy::reject);
  EXPECT_EQ(r.nonexistent_policy(), Policy::reject);
  EXPECT_EQ(r.adkim, AlignmentMode::relaxed);
  EXPECT_EQ(r.aspf, AlignmentMode::relaxed);
  EXPECT_EQ(r.psd, Psd::unsaid);
  EXPECT_FALSE(r.testing);
  EXPECT_EQ(r.fo, "0");
  EXPECT_TRUE(r.usable());
  EXPECT_THAT(r.faults, IsEmpty());
}

TEST(DmarcRecord, EveryTag) {
  const Record r = record(
      "v=DMARC1;p=none;sp=quarantine;np=reject;adkim=s;aspf=s;psd=n;t=y;fo=1:d:s;"
      "rua=mailto:a@example.com,mailto:b@example.com!10m;ruf=mailto:f@example.com;"
      "pct=50;ri=3600;rf=afrf");
  EXPECT_EQ(r.policy(), Policy::none);
  EXPECT_EQ(r.subdomain_policy(), Policy::quarantine);
  EXPECT_EQ(r.nonexistent_policy(), Policy::reject);
  EXPECT_EQ(r.adkim, AlignmentMode::strict);
  EXPECT_EQ(r.aspf, AlignmentMode::strict);
  EXPECT_EQ(r.psd, Psd::no);
  EXPECT_TRUE(r.testing);
  EXPECT_EQ(r.fo, "1:d:s");
  EXPECT_THAT(texts(r.rua), ElementsAre("mailto:a@example.com", "mailto:b@example.com"));
  EXPECT_EQ(r.rua.at(1).max_size, 10U << 20U);
  EXPECT_THAT(texts(r.ruf), ElementsAre("mailto:f@example.com"));
  EXPECT_EQ(r.pct, 50U);
  EXPECT_EQ(r.ri, 3600U);
  EXPECT_EQ(r.rf, "afrf");
  EXPECT_THAT(r.faults, IsEmpty());
}

TEST(DmarcRecord, WhatIsNone) {
  for (const std::string_view text :
       {"", "v=DMARC1 p=none", "v=DMARC2; p=none", "v=dmarc1; p=none", "v=DMARC12", "p=none",
        "p=none; v=DMARC1", ";v=DMARC1", "v=spf1 -all", "v", "=DMARC1", "v=DMARC1\xc2\xa0; p=none",
        "x v=DMARC1", "v==DMARC1"})
    EXPECT_FALSE(is_record(text)) << text;
  EXPECT_EQ(parse_record("v=spf1 -all").error().code, Errc::bad_syntax);
}

TEST(DmarcRecord, BlanksCaseAndSemicolons) {
  for (const std::string_view text :
       {"v=DMARC1;p=reject", "v=DMARC1;p=reject;", " V\t=\tDMARC1 ; P = Reject ;; ",
        "v=DMARC1\t;\tp=REJECT", "v=DMARC1; unknown=1; p=reject; x"})
    EXPECT_EQ(record(text).policy(), Policy::reject) << text;
}

TEST(DmarcRecord, WithoutValidPoliciesAPlaceForReportsMakesItNone) {
  for (const std::string bad : {"", "p=bogus;", "p=;", "p=reject; sp=bogus;", "p=reject; np=x;",
                                "p=reject; p=reject;", "p=reject; sp=none; sp=none;"}) {
    const Record without = record("v=DMARC1; " + bad);
    EXPECT_FALSE(without.usable()) << bad;
    EXPECT_FALSE(without.faults.empty()) << bad;
    const Record with = record("v=DMARC1; " + bad + " rua=mailto:r@example.com");
    EXPECT_TRUE(with.usable()) << bad;
    EXPECT_EQ(with.policy(), Policy::none) << bad;
    EXPECT_EQ(with.subdomain_policy(), Policy::none) << bad;
    EXPECT_EQ(with.nonexistent_policy(), Policy::none) << bad;
    EXPECT_FALSE(record("v=DMARC1; " + bad + " rua=bogus").usable()) << bad;
  }
}

TEST(DmarcRecord, OtherFaultsFallBackToDefaults) {
  const Record r = record(
      "v=DMARC1; p=reject; adkim=x; aspf=s; aspf=s; psd=maybe; t=1; fo=0:1; rua=nothing; pct=101; "
      "ri=x; ruf=mailto:f@example.com");
  EXPECT_EQ(r.policy(), Policy::reject);
  EXPECT_EQ(r.adkim, AlignmentMode::relaxed);
  EXPECT_EQ(r.aspf, AlignmentMode::relaxed);
  EXPECT_EQ(r.psd, Psd::unsaid);
  EXPECT_FALSE(r.testing);
  EXPECT_EQ(r.fo, "0");
  EXPECT_THAT(r.rua, IsEmpty());
  EXPECT_FALSE(r.pct);
  EXPECT_FALSE(r.ri);
  EXPECT_THAT(r.faults,
              testing::IsSupersetOf({"adkim is not valid", "aspf stands there twice",
                                     "psd is not valid", "t is not valid", "fo is not valid",
                                     "rua is not valid", "pct is not valid", "ri is not valid"}));
  EXPECT_LE(r.faults.size(), kMaxFaults);
}

TEST(DmarcRecord, TestModeOfBothStandards) {
  EXPECT_TRUE(record("v=DMARC1; p=reject; pct=0").testing);
  EXPECT_FALSE(record("v=DMARC1; p=reject; pct=0; t=n").testing);
  EXPECT_FALSE(record("v=DMARC1; p=reject; pct=1").testing);
  EXPECT_TRUE(record("v=DMARC1; p=reject; pct=100; t=y").testing);
  EXPECT_EQ(one_level_lower(Policy::reject), Policy::quarantine);
  EXPECT_EQ(one_level_lower(Policy::quarantine), Policy::none);
  EXPECT_EQ(one_level_lower(Policy::none), Policy::none);
}

TEST(DmarcRecord, FailureOptions) {
  const auto fo = [](const std::string& value) {
    return record("v=DMARC1; p=none; ruf=mailto:f@example.com; fo=" + value).fo;
  };
  for (const std::string good : {"0", "1", "d", "s", "d:s", "0:d:s", "s:1:d"})
    EXPECT_EQ(fo(good), good);
  EXPECT_EQ(fo("1 : D"), "1:d");
  for (const std::string bad : {"01", "0:1", "d:d", "x", "1:", ":"}) EXPECT_EQ(fo(bad), "0") << bad;
  EXPECT_EQ(record("v=DMARC1; p=none; fo=1").fo, "0");  // Nothing without ruf.
}

TEST(DmarcRecord, Addresses) {
  const auto list = parse_report_uris(
      "mailto:a@example.com,, mailto:a@example.com , mailto:B%2bx@EXAMPLE.com?subject=x "
      ",https://x.example/r,"
      "mailto:a@b@c, mailto:@example.com, mailto:a..b@example.com, mailto:a%0d@example.com, "
      "mailto:a@[192.0.2.1], mailto:a@x_y.example, a@example.com, mailto:a b@example.com!1k, "
      "mailto:c@example.com!2T");
  EXPECT_THAT(texts(list.uris),
              ElementsAre("mailto:a@example.com", "mailto:B%2bx@EXAMPLE.com?subject=x",
                          "https://x.example/r", "mailto:c@example.com"));
  EXPECT_EQ(list.uris.at(1).mailbox->to_string(), "B+x@example.com");
  EXPECT_FALSE(list.uris.at(2).mailbox);
  EXPECT_EQ(list.uris.at(3).max_size, std::uint64_t{2} << 40U);
  EXPECT_EQ(list.bad, 9U);
  EXPECT_FALSE(list.too_many);
}

TEST(DmarcRecord, Sizes) {
  const auto size = [](const std::string& text) {
    const auto uri = parse_report_uri("mailto:a@example.com!" + text);
    return uri ? uri->max_size : std::nullopt;
  };
  EXPECT_EQ(size("0"), 0U);
  EXPECT_EQ(size("512"), 512U);
  EXPECT_EQ(size("1K"), 1024U);
  EXPECT_EQ(size("3g"), std::uint64_t{3} << 30U);
  EXPECT_EQ(size("99999999999999999999"), UINT64_MAX);
  EXPECT_EQ(size("18446744073709551615t"), UINT64_MAX);
  for (const std::string bad : {"", "m", "10p", "10mm", "-1", "1!2"})
    EXPECT_FALSE(parse_report_uri("mailto:a@example.com!" + bad)) << bad;
}

TEST(DmarcRecord, ListsAreBounded) {
  std::string value = "mailto:a0@example.com";
  for (int i = 1; i < 100; ++i) value += ",mailto:a" + std::to_string(i) + "@example.com";
  const auto list = parse_report_uris(value);
  EXPECT_EQ(list.uris.size(), kMaxReportUris);
  EXPECT_TRUE(list.too_many);
  EXPECT_THAT(record("v=DMARC1; p=none; rua=" + value).faults, ElementsAre(HasSubstr("too many")));
}

TEST(DmarcRecord, Vectors) {
  std::ifstream in{std::string{POSTERN_TEST_DATA} + "/dmarc/record_syntax.tsv"};
  int cases = 0;
  for (std::string line; std::getline(in, line); ++cases) {
    const auto tab = line.find('\t');
    std::string text = line.substr(tab + 1);
    for (auto at = text.find("\\t"); at != text.npos; at = text.find("\\t", at))
      text.replace(at, 2, "\t");
    const auto read = parse_record(text);
    EXPECT_EQ(read && read->usable(), line.substr(0, tab) == "valid") << text;
  }
  EXPECT_EQ(cases, 21);
}

}  // namespace
}  // namespace postern::dmarc
