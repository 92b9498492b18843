#include "metrics/metrics.hpp"

#include <stdexcept>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::metrics {
namespace {

using testing::HasSubstr;

TEST(Metrics, RendersTheTextFormat) {
  Registry registry;
  registry.counter("postern_smtp_replies_total", "Replies sent.", {{"class", "2"}}).add(3);
  registry.counter("postern_smtp_replies_total", "Replies sent.", {{"class", "5"}}).add();
  registry.gauge("postern_connections", "Open connections.").set(-2);
  registry.gauge_from("postern_cache_bytes", "Bytes cached.", [] { return 1.5; });
  EXPECT_EQ(registry.render(),
            "# HELP postern_cache_bytes Bytes cached.\n"
            "# TYPE postern_cache_bytes gauge\n"
            "postern_cache_bytes 1.5\n"
            "# HELP postern_connections Open connections.\n"
            "# TYPE postern_connections gauge\n"
            "postern_connections -2\n"
            "# HELP postern_smtp_replies_total Replies sent.\n"
            "# TYPE postern_smtp_replies_total counter\n"
            "postern_smtp_replies_total{class=\"2\"} 3\n"
            "postern_smtp_replies_total{class=\"5\"} 1\n");
}

TEST(Metrics, HistogramsCountAtOrBelowEachBound) {
  Registry registry;
  auto& times =
      registry.histogram("postern_commit_seconds", "Commits.", {0.5, 1, 2}, {{"kind", "a"}});
  for (const double v : {0.5, 0.75, 1.0, 3.0}) times.observe(v);
  times.observe(Duration{250'000});
  EXPECT_EQ(registry.render(),
            "# HELP postern_commit_seconds Commits.\n"
            "# TYPE postern_commit_seconds histogram\n"
            "postern_commit_seconds_bucket{kind=\"a\",le=\"0.5\"} 2\n"
            "postern_commit_seconds_bucket{kind=\"a\",le=\"1\"} 4\n"
            "postern_commit_seconds_bucket{kind=\"a\",le=\"2\"} 4\n"
            "postern_commit_seconds_bucket{kind=\"a\",le=\"+Inf\"} 5\n"
            "postern_commit_seconds_sum{kind=\"a\"} 5.5\n"
            "postern_commit_seconds_count{kind=\"a\"} 5\n");
}

TEST(Metrics, HistogramsOfOneNameShareTheirBounds) {
  Registry registry;
  registry.histogram("postern_x_bytes", "x", {1, 2}, {{"k", "a"}});
  EXPECT_EQ(registry.histogram("postern_x_bytes", "x", {7}, {{"k", "b"}}).bounds(),
            (std::vector<double>{1, 2}));
  EXPECT_THROW(registry.histogram("postern_y", "y", {2, 2}), std::logic_error);
}

TEST(Metrics, TheSameNameAndLabelsAreTheSameMetric) {
  Registry registry;
  auto& one = registry.counter("postern_a_total", "a", {{"k", "v"}});
  EXPECT_EQ(&one, &registry.counter("postern_a_total", "a", {{"k", "v"}}));
  EXPECT_NE(&one, &registry.counter("postern_a_total", "a", {{"k", "w"}}));
}

TEST(Metrics, MisuseThrows) {
  Registry registry;
  registry.counter("postern_a_total", "a");
  EXPECT_THROW(registry.gauge("postern_a_total", "a"), std::logic_error);
  EXPECT_THROW(registry.counter("postern a", "a"), std::logic_error);
  EXPECT_THROW(registry.counter("9", "a"), std::logic_error);
  EXPECT_THROW(registry.counter("postern_b", "b", {{"le", "1"}}), std::logic_error);
  registry.gauge_from("postern_g", "g", [] { return 0.0; });
  EXPECT_THROW(registry.gauge("postern_g", "g"), std::logic_error);
  EXPECT_THROW(registry.gauge_from("postern_g", "g", [] { return 0.0; }), std::logic_error);
}

TEST(Metrics, EscapesLabelValues) {
  Registry registry;
  registry.counter("postern_a_total", "back\\slash\nline", {{"k", "q\"\\\n"}});
  EXPECT_THAT(registry.render(), HasSubstr(R"(# HELP postern_a_total back\\slash\nline)"));
  EXPECT_THAT(registry.render(), HasSubstr(R"(postern_a_total{k="q\"\\\n"} 0)"));
}

TEST(Metrics, HeldCountsWhileItLives) {
  Gauge gauge;
  {
    Held one(gauge);
    const Held moved(std::move(one));
    EXPECT_EQ(gauge.value(), 1);
  }
  EXPECT_EQ(gauge.value(), 0);
}

TEST(Metrics, CountsFromManyThreads) {
  Registry registry;
  auto& counter = registry.counter("postern_a_total", "a");
  auto& histogram = registry.histogram("postern_h_seconds", "h", latency_bounds());
  {
    std::vector<std::jthread> threads;
    threads.reserve(4);
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 1000; ++i) {
          counter.add();
          histogram.observe(1.0);
        }
      });
    }
  }
  EXPECT_EQ(counter.value(), 4000U);
  EXPECT_EQ(histogram.sum(), 4000.0);
}

}  // namespace
}  // namespace postern::metrics
