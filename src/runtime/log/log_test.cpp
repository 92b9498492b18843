#include "log/log.hpp"

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "log/logfmt.hpp"

namespace postern::log {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

Timestamp fixed_now() {
  constexpr std::int64_t kMicros = 1'767'323'045'678'901;  // 2026-01-02T03:04:05.678901Z
  return from_micros(kMicros);
}

struct Captured {
  CaptureSink sink = {};
  Backend backend;
  Logger logger{backend};
  explicit Captured(Backend::Options options = {.timestamps = false})
      : backend{sink, options, fixed_now} {}
};

std::string as_value(std::string_view value) {
  std::string out;
  append_value(out, value);
  return out;
}

TEST(Log, WritesOneLogfmtLinePerEvent) {
  Captured log({.level = Level::info});
  log.logger.info("message accepted", {{"id", TraceId{0xc0ffee}}, {"size", 4096}, {"tls", true}});
  EXPECT_EQ(log.sink.text(),
            "ts=2026-01-02T03:04:05.678901Z level=info msg=\"message accepted\" "
            "id=0000000000c0ffee size=4096 tls=true\n");
}

TEST(Log, RendersEveryKindOfValue) {
  Captured log;
  const std::string text = "two words";
  log.logger.warn("x", {{"a", -5},
                        {"b", 1.5},
                        {"c", Duration{1500}},
                        {"d", Errc::over_quota},
                        {"e", Uid{7}},
                        {"f", text},
                        {"g", ""},
                        {"h", std::chrono::seconds{2}}});
  EXPECT_EQ(log.sink.text(),
            "level=warn msg=x a=-5 b=1.5 c=1500us d=over_quota e=7 f=\"two words\" g=\"\" "
            "h=2000000us\n");
}

TEST(Log, LevelsBelowTheSettingAreDroppedUntilItChanges) {
  Captured log;
  log.logger.debug("no");
  log.logger.trace("no");
  EXPECT_THAT(log.sink.lines(), IsEmpty());
  log.backend.set_level(Level::debug);
  log.logger.debug("yes");
  log.logger.trace("no");
  EXPECT_THAT(log.sink.lines(), ElementsAre("level=debug msg=yes\n"));
  log.backend.set_level(Level::off);
  log.logger.error("no");
  EXPECT_EQ(log.sink.lines().size(), 1U);
}

TEST(Log, AChildCarriesItsFields) {
  Captured log;
  const Logger connection = log.logger.with({{"conn", 17}});
  connection.with({{"id", TraceId{1}}}).info("a");
  connection.info("b");
  EXPECT_THAT(log.sink.lines(), ElementsAre("level=info msg=a conn=17 id=0000000000000001\n",
                                            "level=info msg=b conn=17\n"));
}

TEST(Log, NothingInAValueCanForgeALineOrAField) {
  Captured log;
  log.logger.info("helo", {{"name", "x\r\nts=1 level=error msg=\"forged\" \x1b[2J a=b"}});
  EXPECT_EQ(log.sink.text(),
            "level=info msg=helo name=\"x\\r\\nts=1 level=error msg=\\\"forged\\\" \\u001b[2J "
            "a=b\"\n");
}

TEST(Log, QuotesOnlyWhatNeedsIt) {
  EXPECT_EQ(as_value("mx.example.org"), "mx.example.org");
  EXPECT_EQ(as_value("a=b"), "\"a=b\"");
  EXPECT_EQ(as_value("back\\slash"), "\"back\\\\slash\"");
  EXPECT_EQ(as_value("\xc3\xbc"), "\"\xc3\xbc\"");
  EXPECT_EQ(as_value("\xff"), "\"\xef\xbf\xbd\"");
  EXPECT_EQ(as_value("\xe2\x80\xae"), "\"\\u202e\"");  // right-to-left override
  EXPECT_EQ(as_value(std::string_view("\0", 1)), "\"\\u0000\"");
}

TEST(Log, CutsLongValues) {
  const std::string line = as_value(std::string(kMaxValue + 1, 'a'));
  EXPECT_EQ(line, '"' + std::string(kMaxValue, 'a') + "...\"");
  EXPECT_EQ(as_value(std::string(kMaxValue, 'a')), std::string(kMaxValue, 'a'));
}

TEST(Log, AddressesAreShownOnlyWhenAllowed) {
  Captured log;
  const auto say = [&] {
    log.logger.info("rcpt", {{"to", Address{"bob.secret@example.org"}},
                             {"why", Detail{"no mailbox <bob.secret@example.org>, sorry"}}});
  };
  say();
  EXPECT_THAT(log.sink.text(), Not(HasSubstr("bob")));
  EXPECT_EQ(log.sink.lines().at(0),
            "level=info msg=rcpt to=*@example.org why=\"no mailbox <*@example.org>, sorry\"\n");
  log.backend.set_addresses(true);
  say();
  EXPECT_EQ(log.sink.lines().at(1),
            "level=info msg=rcpt to=bob.secret@example.org why=\"no mailbox "
            "<bob.secret@example.org>, sorry\"\n");
}

TEST(Log, MasksWhatHasNoDomainWhole) {
  EXPECT_EQ(mask_address("postmaster"), "*");
  EXPECT_EQ(mask_address(R"("a@b"@example.org)"), "*@example.org");
  EXPECT_EQ(mask_addresses("a@b c,d@e;"), "*@b c,*@e;");
  EXPECT_EQ(mask_addresses(""), "");
}

TEST(Log, LevelNamesRoundTrip) {
  for (const Level level :
       {Level::trace, Level::debug, Level::info, Level::warn, Level::error, Level::off}) {
    EXPECT_EQ(level_from(to_string(level)), level);
  }
  EXPECT_EQ(level_from("INFO"), std::nullopt);
}

TEST(Log, ThreadsDoNotMixLines) {
  Captured log;
  {
    std::vector<std::jthread> threads;
    threads.reserve(4);
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 100; ++i) log.logger.info("line", {{"t", t}, {"i", i}});
      });
    }
  }
  EXPECT_EQ(log.sink.lines().size(), 400U);
}

}  // namespace
}  // namespace postern::log
