#include "feedback/aggregate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedback/xml_text.hpp"
#include "text/utf8.hpp"

namespace postern::feedback {
namespace {

using namespace std::string_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::chrono::sys_seconds at(std::int64_t seconds) {
  return std::chrono::sys_seconds{std::chrono::seconds{seconds}};
}

AggregateRecord record() {
  return {.source_ip = text::IpAddress::parse("2001:db8::1"),
          .count = 7,
          .disposition = Disposition::quarantine,
          .dkim = Aligned::fail,
          .spf = Aligned::fail,
          .reasons = {{Override::local_policy, "no second ground"}},
          .header_from = "example.com",
          .envelope_from = "",
          .envelope_to = "example.org",
          .dkim_results = {{"example.com", "s1", AuthResult::fail, "body hash did not verify"},
                           {"other.example", "s2", AuthResult::pass, ""}},
          .spf_results = {{"bounce.example", SpfScope::mfrom, AuthResult::softfail, "~all"}}};
}

AggregateReport report() {
  return {.metadata = {.org_name = "Example & Sons",
                       .email = "dmarc@example.org",
                       .extra_contact_info = "https://example.org/?a=1&b=2",
                       .report_id = "abc123",
                       .begin = at(1'700'000'000),
                       .end = at(1'700'086'399),
                       .errors = {"two records"},
                       .generator = "Postern"},
          .policy = {.domain = "example.com",
                     .p = Policy::reject,
                     .sp = Policy::quarantine,
                     .np = Policy::none,
                     .adkim = Alignment::strict,
                     .aspf = Alignment::relaxed,
                     .fo = "1:d:s",
                     .testing = true,
                     .discovery_method = Discovery::treewalk},
          .records = {record()}};
}

std::string around(std::string_view record, std::string_view metadata = "") {
  return "<feedback><report_metadata><org_name>o</org_name>" + std::string{metadata} +
         "</report_metadata><policy_published><domain>d.example</domain><p>none</p>"
         "</policy_published>" +
         std::string{record} + "</feedback>";
}

constexpr std::string_view kRow =
    "<record><row><source_ip>192.0.2.1</source_ip><count>2</count></row><identifiers><header_from>"
    "d.example</header_from></identifiers></record>";

TEST(FeedbackAggregate, RoundTripsEverything) {
  const auto parsed = parse_aggregate(print_aggregate(report()));
  ASSERT_TRUE(parsed) << parsed.error().detail;
  EXPECT_EQ(parsed->report, report());
  EXPECT_TRUE(parsed->rfc9990);
  EXPECT_FALSE(parsed->partial);
  EXPECT_THAT(parsed->notes, IsEmpty());
}

TEST(FeedbackAggregate, PrintsTheElementsInTheOrderBothRfcsWant) {
  const auto xml = print_aggregate(report());
  std::size_t last = 0;
  for (const auto* element : {"<?xml",
                              "<feedback xmlns=\"urn:ietf:params:xml:ns:dmarc-2.0\">",
                              "<version>1.0</version>",
                              "<report_metadata>",
                              "<org_name>Example &amp; Sons<",
                              "<email>",
                              "<extra_contact_info>",
                              "<report_id>",
                              "<begin>1700000000<",
                              "<end>",
                              "<error>",
                              "<policy_published>",
                              "<record>",
                              "<row>",
                              "<source_ip>2001:db8::1<",
                              "<count>7<",
                              "<policy_evaluated>",
                              "<disposition>",
                              "<dkim>",
                              "<spf>",
                              "<reason>",
                              "<identifiers>",
                              "<auth_results>",
                              "<dkim>",
                              "<spf>"}) {
    const auto found = xml.find(element, last);
    ASSERT_NE(found, xml.npos) << element;
    last = found;
  }
}

TEST(FeedbackAggregate, PrintsWhatTheSchemaDemands) {
  AggregateReport bare;
  bare.records = {{.source_ip = text::IpAddress::parse("192.0.2.1"), .count = 1}, {.count = 5}};
  bare.records.front().spf_results = {{"helo.example", SpfScope::helo, AuthResult::pass, ""},
                                      {"from.example", SpfScope::mfrom, AuthResult::fail, ""}};
  const auto xml = print_aggregate(bare);
  EXPECT_THAT(xml, HasSubstr("<p>none</p>"));
  EXPECT_THAT(xml, HasSubstr("<disposition>none</disposition>"));
  EXPECT_THAT(xml, HasSubstr("<dkim>fail</dkim>"));
  EXPECT_THAT(xml, HasSubstr("from.example"));
  EXPECT_THAT(xml, Not(HasSubstr("helo.example")));
  EXPECT_THAT(xml, Not(HasSubstr("<envelope_from>")));
  EXPECT_THAT(xml, Not(HasSubstr("<count>5</count>")));  // it came from nowhere
}

TEST(FeedbackAggregate, AnyOctetsMakeGoodXml) {
  auto hostile = report();
  hostile.metadata.org_name = "a\xff<b>]]>\x01&\0\x1b\"'\xed\xa0\x80\xef\xbf\xbe z"s;
  hostile.records.front().header_from = "</header_from><x>\r\n";
  const auto xml = print_aggregate(hostile);
  EXPECT_TRUE(text::is_utf8(xml));
  const auto parsed = parse_aggregate(xml);
  ASSERT_TRUE(parsed) << parsed.error().detail;
  EXPECT_EQ(parsed->report.metadata.org_name, "a\uFFFD<b>]]>&\"'\uFFFD\uFFFD\uFFFD z");
  EXPECT_EQ(parsed->report.records.front().header_from, "</header_from><x>");
  EXPECT_EQ(print_aggregate(parsed->report), xml);
}

TEST(FeedbackAggregate, ReadsAnyOrderCaseAndNamespace) {
  const auto parsed = parse_aggregate(
      "<x:Feedback xmlns:x='urn:ietf:params:xml:ns:dmarc-2.0'><!-- hm --><x:record><x:auth_results>"
      "<x:spf><x:result>SoftFail</x:result><x:domain><![CDATA[a<b]]></x:domain></x:spf>"
      "</x:auth_results><x:ext>never</x:ext><x:row><x:count> 12.000 </x:count><x:SOURCE_IP>"
      "192.0.2.9</x:SOURCE_IP></x:row></x:record><x:policy_published><x:t>y</x:t><x:psd>n</x:psd>"
      "<x:domain>d.example</x:domain></x:policy_published></x:Feedback>");
  ASSERT_TRUE(parsed) << parsed.error().detail;
  EXPECT_TRUE(parsed->rfc9990);
  EXPECT_EQ(parsed->report.policy.domain, "d.example");
  EXPECT_EQ(parsed->report.policy.testing, true);
  EXPECT_EQ(parsed->report.policy.psd, "n");
  const auto& row = parsed->report.records.at(0);
  EXPECT_EQ(row.count, 12U);
  EXPECT_EQ(row.source_ip, text::IpAddress::parse("192.0.2.9"));
  EXPECT_EQ(row.spf_results.at(0), (SpfAuth{"a<b", {}, AuthResult::softfail, ""}));
}

TEST(FeedbackAggregate, NotesWhatItDoesNotKnow) {
  const auto parsed = parse_aggregate(around(
      "<record><row><source_ip>nowhere</source_ip><count>3</count><policy_evaluated><disposition>"
      "maybe</disposition></policy_evaluated></row></record><record><row><count>-1</count></row>"
      "</record>",
      "<date_range><begin>99999999999999</begin><end>x</end></date_range>"));
  ASSERT_TRUE(parsed);
  ASSERT_EQ(parsed->report.records.size(), 1U);
  EXPECT_FALSE(parsed->report.records.at(0).source_ip);
  EXPECT_EQ(parsed->report.metadata.begin, at(0));
  EXPECT_THAT(parsed->notes,
              ElementsAre(HasSubstr("calendar"), HasSubstr("'x'"), HasSubstr("'nowhere'"),
                          HasSubstr("'maybe'"), HasSubstr("'-1'"), HasSubstr("no messages")));
}

TEST(FeedbackAggregate, GivesTheWholeRecordsOfWhatBreaksOff) {
  const auto whole = around(std::string{kRow} + std::string{kRow});
  int records_seen = 0;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto parsed = parse_aggregate(std::string_view{whole}.substr(0, size));
    const bool first = size >= whole.find("</record>") + 9;
    const bool second = size >= whole.rfind("</record>") + 9;
    if (!parsed) {
      EXPECT_FALSE(first) << size;
      EXPECT_EQ(parsed.error().code, Errc::bad_syntax);
      continue;
    }
    EXPECT_EQ(parsed->report.records.size(), second ? 2U : 1U) << size;
    EXPECT_TRUE(first && parsed->partial) << size;
    EXPECT_EQ(parsed->report.records.back().header_from, "d.example");
    ++records_seen;
  }
  EXPECT_GT(records_seen, 100);
}

TEST(FeedbackAggregate, RefusesWhatIsNoReport) {
  for (const auto* text :
       {"", " ", "hello", "<html><body>no</body></html>", "<feedback/>", "{}", "<feedback",
        "<feedback><report_metadata><org_name>x</org_name>"
        "</report_metadata></feedback>"}) {
    const auto parsed = parse_aggregate(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, Errc::bad_syntax) << text;
  }
}

TEST(FeedbackAggregate, ExpandsNoEntities) {
  std::string laughs = "<!DOCTYPE lolz [<!ENTITY lol \"lol\">";
  for (int i = 1; i < 10; ++i) {
    laughs += "<!ENTITY lol" + std::to_string(i) + " \"";
    for (int j = 0; j < 10; ++j) laughs += i == 1 ? "&lol;" : "&lol" + std::to_string(i - 1) + ";";
    laughs += "\">";
  }
  laughs += "<!ENTITY file SYSTEM \"file:///etc/passwd\">]>";
  const auto parsed =
      parse_aggregate(laughs + around(kRow,
                                      "<email>&lol9;&file;</email><report_id>&#0;&#xD800;&#1;"
                                      "&amp;</report_id>"));
  ASSERT_TRUE(parsed) << parsed.error().detail;
  EXPECT_EQ(parsed->report.metadata.email, "&lol9;&file;");
  EXPECT_TRUE(text::is_utf8(parsed->report.metadata.report_id));
  EXPECT_EQ(parsed->report.records.size(), 1U);
}

TEST(FeedbackAggregate, DepthAndLengthAreHarmless) {
  std::string deep;
  for (int i = 0; i < 200'000; ++i) deep += "<a>";
  EXPECT_FALSE(parse_aggregate(deep));
  EXPECT_TRUE(parse_aggregate(around(std::string{kRow} + deep)));
  for (int i = 0; i < 200'000; ++i) deep += "</a>";
  EXPECT_TRUE(parse_aggregate(around(std::string{kRow} + deep)));

  const std::string text(9'000'000, 'x');
  const auto parsed = parse_aggregate(around(kRow, "<org_name>" + text + "</org_name>"));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->report.metadata.org_name.size(), kMaxText);
}

TEST(FeedbackAggregate, HasLimits) {
  const auto code = [](const std::string& xml) { return parse_aggregate(xml).error().code; };
  EXPECT_EQ(code(std::string(kMaxXml + 1, ' ')), Errc::too_large);
  EXPECT_EQ(code(std::string(kMaxXmlMarks + 1, '<')), Errc::too_large);
  EXPECT_EQ(code("<feedback " + std::string(kMaxXmlMarks + 1, '=')), Errc::too_large);
  std::string many;
  for (std::size_t i = 0; i < kMaxRecords + 2; ++i)
    many += "<record><row><count>1</count></row></record>";
  const auto parsed = parse_aggregate(around(many));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->report.records.size(), kMaxRecords);
  EXPECT_TRUE(parsed->partial);

  std::string dkim = "<record><row><count>1</count></row><auth_results>";
  for (std::size_t i = 0; i < kMaxDkimResults + 1; ++i) dkim += "<dkim><domain>a</domain></dkim>";
  const auto crowded = parse_aggregate(around(dkim + "</auth_results></record>"));
  ASSERT_TRUE(crowded);
  EXPECT_EQ(crowded->report.records.at(0).dkim_results.size(), kMaxDkimResults);
  EXPECT_TRUE(crowded->partial);
}

std::string utf16(std::string_view ascii, bool little) {
  std::string out = little ? "\xff\xfe" : "\xfe\xff";
  for (const char c : ascii) out += little ? std::string{c, '\0'} : std::string{'\0', c};
  return out;
}

TEST(FeedbackAggregate, ReadsTheEncodingsOfXml) {
  const auto org = [](const std::string& xml) {
    const auto parsed = parse_aggregate(xml);
    return parsed ? parsed->report.metadata.org_name : "error: " + parsed.error().detail;
  };
  const auto named = [](std::string_view declaration, std::string_view name) {
    return std::string{declaration} +
           around(kRow, "<org_name>" + std::string{name} + "</org_name>");
  };
  EXPECT_EQ(org(named("<?xml version='1.0' encoding='iso-8859-1'?>",
                      "Gr\xfc\xdf"
                      "e")),
            "Grüße");
  EXPECT_EQ(org(named("<?xml version=\"1.0\" encoding=\"windows-1252\" ?>", "5 \x80")), "5 €");
  EXPECT_EQ(org(named("<?xml version='1.0'?>", "Grüße")), "Grüße");
  EXPECT_EQ(org(named("\xEF\xBB\xBF<?xml version='1.0' encoding='utf-8'?>", "Grüße")), "Grüße");
  // Declared wrongly, or as nothing that is known.
  EXPECT_EQ(org(named("<?xml version='1.0' encoding='utf-16'?>", "plain")), "plain");
  EXPECT_EQ(org(named("<?xml version='1.0' encoding='x-none'?>", "plain")), "plain");
  EXPECT_EQ(org(named("<?xml version='1.0' encoding='utf-8'?>",
                      "Gr\xfc\xdf"
                      "e")),
            "Grüße");
  const auto wide = named("<?xml version='1.0' encoding='utf-16'?>", "wide");
  EXPECT_EQ(org(utf16(wide, true)), "wide");
  EXPECT_EQ(org(utf16(wide, false)), "wide");
  EXPECT_EQ(org(utf16(wide, false).substr(2)), "wide");
  EXPECT_EQ(org(utf16(wide, true).substr(2)), "wide");
}

TEST(FeedbackXmlText, CutsAtCodePoints) {
  EXPECT_EQ(clean_xml("aü", 2), "a");
  EXPECT_EQ(clean_xml("aü", 3), "aü");
  EXPECT_EQ(clean_value("  a\tb\n ", 10), "a b");
  EXPECT_EQ(clean_value(std::string(100, ' ') + "abc", 2), "ab");
}

}  // namespace
}  // namespace postern::feedback
