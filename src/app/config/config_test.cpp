#include "config/config.hpp"

#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/keys.hpp"
#include "config/reports.hpp"

namespace postern::config {
namespace {

using ::testing::HasSubstr;

const std::string kLeast = "hostname = \"mx.example.org\"\n[storage]\ndirectory = \"/x\"\n";

std::string complaint(const std::string& text) {
  const auto config = parse(text, "f.toml");
  return config ? "" : config.error().detail;
}

TEST(Config, ReadsWhatItShould) {
  const auto config = parse(kLeast +
                                "[listeners]\nsmtp = [\":25\", \"[::1]:2525\"]\n"
                                "[delivery.routes]\n\"example.org\" = \"127.0.0.1:2525\"\n"
                                "[log]\nlevel = \"debug\"\n",
                            "f.toml");
  ASSERT_TRUE(config) << config.error().detail;
  EXPECT_EQ(config->hostname, "mx.example.org");
  EXPECT_EQ(config->listeners.smtp.size(), 3U);
  EXPECT_EQ(config->routes.at(0).second, "127.0.0.1:2525");
  EXPECT_EQ(config->log_level, "debug");
  EXPECT_EQ(config->max_message, std::int64_t{100} << 20);
}

TEST(Config, SaysWhatIsWrongAndWhere) {
  EXPECT_THAT(complaint(kLeast + "retention = 3\n"),
              HasSubstr("f.toml:4: unknown key storage.retention; did you mean retention_days?"));
  EXPECT_THAT(complaint(kLeast + "retention_days = -1\n"),
              HasSubstr("f.toml:4: storage.retention_days must be a whole number from 0 to 3650"));
  EXPECT_THAT(complaint(kLeast + "[log]\nlevel = \"loud\"\n"), HasSubstr("f.toml:5: log.level"));
  EXPECT_THAT(complaint(kLeast + "[listeners]\nsmtp = [\"25\"]\n"), HasSubstr("f.toml:5: \"25\""));
  EXPECT_THAT(complaint(kLeast + "[listeners]\nimaps = [\":993\"]\n"), HasSubstr("need TLS"));
  EXPECT_THAT(complaint(kLeast + "[listeners]\nmetrics = [\"192.0.2.1:99\"]\n"),
              HasSubstr("loopback"));
  EXPECT_THAT(complaint("a = \n"), HasSubstr("f.toml:1: "));
  EXPECT_THAT(complaint(""), HasSubstr("hostname is missing"));
  EXPECT_THAT(complaint(kLeast + "x = 1\ny = 2\n"), HasSubstr("\nf.toml:5: "));
}

TEST(Config, TextsThatStandForThingsAreLookedAt) {
  const auto of = [](const std::string& lines) { return complaint(kLeast + lines); };
  for (const auto* name : {"mail example.org", "m\u00fcll.example", "_mail.example.org",
                           "mail..org", "mail.example.org.", "a\\r\\nb"}) {
    EXPECT_THAT(
        complaint("hostname = \"" + std::string{name} + "\"\n[storage]\ndirectory = \"/x\"\n"),
        HasSubstr("f.toml:1: hostname must be a host name in ASCII"))
        << name;
  }
  EXPECT_THAT(of("[auth]\nlogin_domain = \"a b\"\n"),
              HasSubstr("f.toml:5: auth.login_domain must"));
  EXPECT_THAT(of("[delivery]\nroute = \"x:0\"\n"), HasSubstr("f.toml:5: delivery.route \"x:0\""));
  EXPECT_THAT(of("[delivery.routes]\n\"a b\" = \"x:25\"\n"),
              HasSubstr(": delivery.routes \"a b\""));
  EXPECT_THAT(of("[dns]\nforwarders = [\"resolver.example\"]\n"),
              HasSubstr("f.toml:5: dns.forwarders \"resolver.example\" is not address"));
  EXPECT_THAT(of("[dns]\nforwarders = [\"192.0.2.1@0\"]\n"), HasSubstr("f.toml:5: "));
  EXPECT_THAT(of("[dns]\n\nstubs = [\"example.test\"]\n"),
              HasSubstr("f.toml:6: dns.stubs \"example.test\" is not"));
  EXPECT_THAT(of("[dns]\ntrust_anchors = [\"garbage\"]\n"),
              HasSubstr("f.toml:5: dns.trust_anchors \"garbage\" is no DS"));
  EXPECT_EQ(of("[dns]\ntrust_anchors = [\"a.test. IN DS\\t1 8 2 AB CD\"]\n"), "");
  EXPECT_THAT(of("[reports]\nfrom = \"nobody\"\n"), HasSubstr("f.toml:5: reports.from \"nobody\""));
  EXPECT_THAT(of("[reports]\naddresses = [\"a b\"]\n"), HasSubstr("f.toml:5: reports.addresses"));
  EXPECT_THAT(of("[tls]\nkey = \"/k\"\n"), HasSubstr("f.toml:5: tls.certificate and tls.key go"));
  EXPECT_EQ(of("[dns]\nforwarders = [\"192.0.2.1@5353\"]\nstubs = [\"a.test ::1@53\"]\n"), "");
}

TEST(Config, FilesThatCannotBeReadAreNamedWithTheirLine) {
  const auto config = parse(kLeast +
                                "[tls]\ncertificate = \"/nonexistent/cert.pem\"\nkey = \"/\"\n"
                                "[delivery]\ntrust_files = [\"/nonexistent/ca.pem\"]\n",
                            "f.toml");
  ASSERT_TRUE(config);
  const auto checked = check_files(*config);
  ASSERT_FALSE(checked);
  EXPECT_THAT(
      checked.error().detail,
      HasSubstr("f.toml:5: tls.certificate: /nonexistent/cert.pem: No such file or directory; "
                "name a PEM file"));
  EXPECT_THAT(checked.error().detail, HasSubstr("\nf.toml:6: tls.key: /: Is a directory"));
  EXPECT_THAT(checked.error().detail,
              HasSubstr("\nf.toml:8: delivery.trust_files: /nonexistent/ca.pem: No such"));
  EXPECT_TRUE(check_files(*parse(kLeast, "f.toml")));
}

TEST(Config, DefaultFileNamesEveryKeyAndItsExamplesAreValid) {
  const auto text = default_file();
  std::string live;  // every example in force
  for (const auto& key : keys()) {
    EXPECT_THAT(text, HasSubstr(std::string{key.help.substr(0, 20)}));
    EXPECT_THAT(reference(), HasSubstr("`" + std::string{key.name} + "`"));
  }
  std::string_view section;
  for (const auto& key : keys()) {
    if (key.section != section) live += "[" + std::string{key.section} + "]\n";
    section = key.section;
    if (!key.example.empty())
      live += std::string{key.name} + " = " + std::string{key.example} + "\n";
  }
  EXPECT_EQ(complaint(live), "");
}

TEST(Config, TheReferenceInTheDocumentsIsOurs) {
  std::ifstream in{POSTERN_TEST_DATA "/../../docs/configuration.md"};
  std::ostringstream text;
  text << in.rdbuf();
  EXPECT_EQ(text.str(), reference()) << "postern config reference > docs/configuration.md";
}

TEST(Config, ReportsComeInWhereItSays) {
  const auto has = [](const std::string& lines, std::string_view address) {
    return ReportAddresses{parse(kLeast + lines, "f").value()}.has(
        smtp::parse_address(address).value());
  };
  EXPECT_TRUE(has("", "DMARC-reports@any.example"));
  EXPECT_TRUE(has("", "tls-reports@any.example"));
  EXPECT_FALSE(has("", "ann@any.example"));
  const std::string own = "[reports]\naddresses = [\"agg@a.example\", \"rua\"]\n";
  EXPECT_TRUE(has(own, "Agg@A.example"));
  EXPECT_FALSE(has(own, "agg@b.example"));
  EXPECT_TRUE(has(own, "rua@b.example"));
  EXPECT_FALSE(has(own, "dmarc-reports@a.example"));
}

TEST(Config, ReportsAreSentAsSomebodyWhoIsThere) {
  const auto settings = report_settings(parse(kLeast, "f").value());
  EXPECT_TRUE(settings->enabled);
  EXPECT_EQ(settings->from, "postmaster@" + settings->hostname);
  EXPECT_FALSE(report_settings(parse(kLeast + "[reports]\nsend = false\n", "f").value())->enabled);
}

TEST(Config, ReadsEndpoints) {
  EXPECT_EQ(parse_endpoint(":25")->size(), 2U);
  EXPECT_EQ(parse_endpoint("127.0.0.1:0")->at(0).port, 0);
  for (const auto* bad :
       {"", "25", "127.0.0.1", "::1:25", "[127.0.0.1]:25", "1.2.3.4:70000", "x:1"})
    EXPECT_FALSE(parse_endpoint(bad)) << bad;
}

}  // namespace
}  // namespace postern::config
