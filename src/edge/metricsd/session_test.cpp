#include "metricsd/session.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/transcript.hpp"

namespace postern::metricsd {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class MetricsdTest : public ::testing::Test {
 protected:
  MetricsdTest() { registry_.counter("postern_tests_total", "Tests.").add(7); }

  std::string play(std::string_view script, const net::MemoryOptions& options = {}) {
    const net::TranscriptSession session = [this](std::unique_ptr<net::Stream> stream) {
      return serve(machine_.core(), std::move(stream), registry_);
    };
    return net::play_transcript(machine_, session, script, options);
  }

  ManualCore machine_;
  metrics::Registry registry_;
};

TEST_F(MetricsdTest, ShowsTheRegistry) {
  constexpr auto kScript = R"(
    C: GET /metrics HTTP/1.1
    C: Host: localhost
    T: quiet
    C:
    S= HTTP/1.1 200 OK
    S= Content-Type: text/plain; version=0.0.4; charset=utf-8
    S: Content-Length: *
    S= Connection: close
    S=
    S: ...
    T: closed
  )";
  EXPECT_EQ(play(kScript), "");
  net::MemoryOptions bytewise;
  bytewise.max_chunk = 1;
  EXPECT_EQ(play(kScript, bytewise), "");
}

TEST_F(MetricsdTest, AnswersByPathAndMethod) {
  const auto ask = [this](std::string line) { return respond(line + "\r\n\r\n", registry_); };
  EXPECT_THAT(ask("GET /metrics HTTP/1.1"), HasSubstr("postern_tests_total 7\n"));
  EXPECT_THAT(ask("GET /metrics?x=1 HTTP/1.0"), HasSubstr("postern_tests_total 7\n"));
  EXPECT_THAT(ask("HEAD /metrics HTTP/1.1"), Not(HasSubstr("postern_tests_total")));
  EXPECT_THAT(ask("GET / HTTP/1.1"), EndsWith("Metrics are at /metrics.\n"));
  EXPECT_THAT(ask("GET /../etc/passwd HTTP/1.1"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(ask("POST /metrics HTTP/1.1"), HasSubstr("\r\nAllow: GET, HEAD\r\n"));
  EXPECT_THAT(ask("GET /metrics HTTP/2"), StartsWith("HTTP/1.1 505 "));
  EXPECT_THAT(ask("EHLO there"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(ask(""), StartsWith("HTTP/1.1 400 "));
}

TEST_F(MetricsdTest, BoundsTheHead) {
  const std::string script = "C: GET / HTTP/1.1\nC: X: " + std::string(9000, 'x') +
                             "\nS: HTTP/1.1 431 *\nS: ...\nT: closed\n";
  EXPECT_EQ(play(script), "");
}

TEST_F(MetricsdTest, DoesNotWaitForEver) {
  EXPECT_EQ(play("C: GET / HTTP/1.1\nT: wait 9s\nC: A: b\nT: wait 2s\nT: closed\n"), "");
}

}  // namespace
}  // namespace postern::metricsd
