#include <gtest/gtest.h>

#include "mime/envelope.hpp"
#include "search/facts.hpp"
#include "search/fold.hpp"

namespace postern::search {
namespace {

using namespace std::chrono_literals;

Query text(bool header, std::string wanted) {
  return {Text{header, std::move(wanted)}};
}

TEST(Fold, IgnoresCaseAndFolding) {
  EXPECT_EQ(fold("Hello\r\n\t World"), "hello world");
  EXPECT_EQ(fold("STRASSE"), fold("Stra\xC3\x9F"
                                  "e"));
  EXPECT_EQ(fold("\xC3\x84pfel"), fold("\xC3\xA4PFEL"));
}

TEST(Judge, AsksOnlyForWhatItNeeds) {
  store::Entry entry;
  entry.uid = Uid{7};
  entry.size = 100;
  const Facts bare{.entry = &entry};
  EXPECT_EQ(judge({Size{true, 50}}, bare), Answer::yes);
  EXPECT_EQ(judge(text(false, "x"), bare), Answer::unknown);
  EXPECT_EQ(judge({And{{text(false, "x"), {Size{true, 500}}}}}, bare), Answer::no);
  EXPECT_EQ(judge({Or{{text(false, "x"), {Size{true, 50}}}}}, bare), Answer::yes);
  EXPECT_EQ(judge({Not{{text(false, "x")}}}, bare), Answer::unknown);
}

TEST(Judge, LooksIntoHeaderAndBody) {
  store::Entry entry;
  Facts facts{.entry = &entry};
  facts.header = "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?= an alle\r\nX-A: b\r\n\r\n";
  EXPECT_EQ(judge(folded({Header{"subject", "GR\xC3\x9CSSE AN"}}), facts), Answer::yes);
  EXPECT_EQ(judge(folded({Header{"x-a", ""}}), facts), Answer::yes);
  EXPECT_EQ(judge(folded({Header{"x-b", ""}}), facts), Answer::no);
  EXPECT_EQ(judge(folded(text(true, "An Alle")), facts), Answer::yes);
  EXPECT_EQ(judge(folded(text(true, "nothing")), facts), Answer::unknown);
  const std::string body = fold("Nothing here");
  facts.body = body;
  EXPECT_EQ(judge(folded(text(false, "NOTHING")), facts), Answer::yes);
  EXPECT_EQ(judge(folded(text(false, "an alle")), facts), Answer::no);
}

/// As ENVELOPE shows it (RFC 9051 §6.4.4 "SUBJECT"), and without a look at the message.
TEST(Judge, TakesTheSubjectFromTheRecord) {
  store::Entry entry;
  const auto record_of = [](std::string_view header) {
    store::StoredMessage out;
    out.envelope_record = mime::encode(mime::envelope_of(header));
    return out;
  };
  const auto found = [&](const store::StoredMessage& record, std::string wanted) {
    return judge(folded({Subject{std::move(wanted)}}), {.entry = &entry, .record = &record});
  };
  const auto record =
      record_of("From: x@y\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n an  alle\r\n\r\n");
  EXPECT_EQ(judge({Subject{"x"}}, {.entry = &entry}), Answer::unknown);
  EXPECT_EQ(found(record, "GR\xC3\x9CSSE AN ALLE"), Answer::yes);
  EXPECT_EQ(found(record, ""), Answer::yes);
  EXPECT_EQ(found(record, "x@y"), Answer::no);
  EXPECT_EQ(found(record_of("From: x@y\r\n\r\n"), ""), Answer::no);
  EXPECT_EQ(found(record_of("Subject:\r\n\r\n"), ""), Answer::yes);
  EXPECT_EQ(found(record_of("Subject: a\r\nSubject: b\r\n\r\n"), "a"), Answer::no);
}

TEST(Judge, ComparesDaysAsTheirWriterSawThem) {
  store::Entry entry;
  const auto day = std::chrono::sys_days{2024y / 3 / 1};
  entry.internal_date = day + 23h;
  entry.internal_offset = 120;  // 01:00 on the 2nd where it was written
  const Facts facts{.entry = &entry};
  const auto is = [&](Day::Is how, std::chrono::sys_days d) {
    return judge({Day{Day::Of::internal, how, d}}, facts) == Answer::yes;
  };
  EXPECT_TRUE(is(Day::Is::on, day + std::chrono::days{1}));
  EXPECT_FALSE(is(Day::Is::before, day + std::chrono::days{1}));
  EXPECT_TRUE(is(Day::Is::since, day));
}

TEST(Judge, FindsUidsInRanges) {
  store::Entry entry;
  const Query query{Uids{{{1, 3}, {7, 7}}}};
  for (const auto& [uid, expected] :
       {std::pair{1U, true}, {3U, true}, {4U, false}, {7U, true}, {8U, false}}) {
    entry.uid = Uid{uid};
    EXPECT_EQ(judge(query, {.entry = &entry}) == Answer::yes, expected) << uid;
  }
}

}  // namespace
}  // namespace postern::search
