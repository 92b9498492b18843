#include "http/url.hpp"

#include <gtest/gtest.h>

namespace postern::http {
namespace {

TEST(Url, TakesApartWhatItReads) {
  const struct {
    const char* text;
    const char* host;
    const char* authority;
    const char* target;
  } cases[] = {
      {"https://mta-sts.example.org/.well-known/mta-sts.txt", "mta-sts.example.org",
       "mta-sts.example.org", "/.well-known/mta-sts.txt"},
      {"HTTPS://Example.ORG", "example.org", "example.org", "/"},
      {"https://example.org:8443/a?b=c&d=%20e/?", "example.org", "example.org:8443",
       "/a?b=c&d=%20e/?"},
      {"https://example.org?x", "example.org", "example.org", "/?x"},
      {"https://example.org/a@b:c", "example.org", "example.org", "/a@b:c"},
      {"https://localhost/", "localhost", "localhost", "/"},
  };
  for (const auto& one : cases) {
    const auto url = parse_url(one.text);
    ASSERT_TRUE(url) << one.text << ": " << url.error().detail;
    EXPECT_EQ(url->host.to_string(), one.host);
    EXPECT_EQ(url->authority(), one.authority);
    EXPECT_EQ(url->target, one.target);
  }
  EXPECT_EQ(parse_url("https://example.org/")->port, std::nullopt);
  EXPECT_EQ(parse_url("https://example.org:65535/")->port, 65535);
}

TEST(Url, RefusesAllElse) {
  for (const std::string_view text : {"",
                                      "https://",
                                      "https:///x",
                                      "http://example.org/",
                                      "ftp://example.org/",
                                      "example.org",
                                      "https:/example.org",
                                      "https://user@example.org/",
                                      "https://user:word@example.org/",
                                      "https://example.org/#top",
                                      "https://example.org:/",
                                      "https://example.org:0/",
                                      "https://example.org:65536/",
                                      "https://example.org:000443/",
                                      "https://example.org:+1/",
                                      "https://example.org:443:443/",
                                      "https://127.0.0.1/",
                                      "https://[::1]/",
                                      "https://[::1]:1/",
                                      "https://2130706433/",
                                      "https://0x7f.1/",
                                      "https://a.0x7f000001/",
                                      "https://example.org./",
                                      "https://.example.org/",
                                      "https://a..b/",
                                      "https://-a.example/",
                                      "https://a_b.example/",
                                      "https://example.org/a b",
                                      "https://example.org/\r\nX: y",
                                      "https://example.org/\x7f",
                                      "https://ex\xc3\xa4mple.org/",
                                      "https://example.org/%",
                                      "https://example.org/%2",
                                      "https://example.org/%zz",
                                      "https://example.org/<",
                                      "https://example.org/a\\b",
                                      "https://example.org\\@evil.example/",
                                      "https://%65xample.org/",
                                      "https://\\054/",
                                      "https://a.\\049/"})
    EXPECT_FALSE(parse_url(text)) << text;
  const std::string most = "https://example.org/" + std::string(kMaxUrl - 20, 'a');
  EXPECT_TRUE(parse_url(most));
  EXPECT_EQ(parse_url(most + "a").error().code, Errc::bad_syntax);
}

}  // namespace
}  // namespace postern::http
