#include "imap/print.hpp"

#include <array>
#include <vector>

#include <gtest/gtest.h>

#include "imap/date.hpp"
#include "imap/lexer.hpp"
#include "imap/print_fetch.hpp"
#include "imap/print_list.hpp"
#include "imap/print_search.hpp"
#include "imap/response_code.hpp"

namespace postern::imap {
namespace {

using namespace std::string_view_literals;

template <class... Args>
std::string printed(void (*print)(std::string&, Args...), std::type_identity_t<Args>... args) {
  std::string out;
  print(out, args...);
  return out;
}

TEST(Print, StringsTakeTheFormTheyNeed) {
  const auto string = [](std::string_view text, NameForm form = NameForm::mutf7) {
    return printed(append_string, text, form);
  };
  EXPECT_EQ(string("a \"b\" \\"), R"("a \"b\" \\")");
  EXPECT_EQ(string(""), "\"\"");
  EXPECT_EQ(string("a\r\nb"), "{4}\r\na\r\nb");
  EXPECT_EQ(string("ü"), "{2}\r\nü");
  EXPECT_EQ(string("ü", NameForm::utf8), "\"ü\"");
  EXPECT_EQ(string("\xff", NameForm::utf8), "{1}\r\n\xff");
  EXPECT_EQ(string("a\0b"sv), "\"a?b\"");
  EXPECT_EQ(string("\xff\0"sv), "{2}\r\n\xff?");
  EXPECT_TRUE(string(std::string(1001, 'a')).starts_with("{1001}\r\n"));
}

TEST(Print, AstringsParseToThemselves) {
  for (const auto text : {"INBOX"sv, ""sv, "a b"sv, "NIL"sv, "a\"b\\"sv, "x]"sv, "\xff\r\n"sv,
                          "*"sv, "%"sv, "{3}"sv, "~x"sv, "~{3}"sv, "(a)"sv}) {
    const auto out = printed(append_astring, text, NameForm::mutf7);
    Lexer in{out};
    EXPECT_EQ(in.astring().value(), text);
    EXPECT_TRUE(in.at_end()) << out;
  }
  EXPECT_EQ(printed(append_astring, "a.b/c]", NameForm::mutf7), "a.b/c]");
}

TEST(Print, MailboxNamesFollowTheForm) {
  EXPECT_EQ(printed(append_mailbox, "Entwürfe", NameForm::mutf7), "Entw&APw-rfe");
  EXPECT_EQ(printed(append_mailbox, "Entwürfe", NameForm::utf8), "\"Entwürfe\"");
  EXPECT_EQ(printed(append_mailbox, "R&D x", NameForm::mutf7), "\"R&-D x\"");
}

TEST(Print, StatusResponsesHoldOneLine) {
  EXPECT_EQ(printed(append_status_response, "a", Status::ok, "READ-WRITE", "done"),
            "a OK [READ-WRITE] done\r\n");
  EXPECT_EQ(printed(append_status_response, "*", Status::bye, "", "x\r\n* OK y"),
            "* BYE x  * OK y\r\n");
  EXPECT_EQ(printed(append_refusal, Refusal{"a", {Status::no, "TOOBIG", "no"}}),
            "a NO [TOOBIG] no\r\n");
  EXPECT_EQ(printed(append_continuation, ""), "+ \r\n");
  EXPECT_EQ(printed(append_count, 12U, "EXISTS"), "* 12 EXISTS\r\n");
}

TEST(Print, FlagLists) {
  const std::vector<std::string> flags = {"\\Seen", "$Junk"};
  EXPECT_EQ(printed(append_flag_list, flags), "(\\Seen $Junk)");
  EXPECT_EQ(printed(append_flag_list, std::span<const std::string>{}), "()");
  EXPECT_EQ(permanent_flags_code(flags, true), "PERMANENTFLAGS (\\Seen $Junk \\*)");
  EXPECT_EQ(permanent_flags_code({}, true), "PERMANENTFLAGS (\\*)");
  EXPECT_EQ(permanent_flags_code(flags, false), "PERMANENTFLAGS (\\Seen $Junk)");
}

TEST(Print, ResponseCodes) {
  EXPECT_EQ(append_uid_code(UidValidity{38505}, RangeSet{{{3955, 3955}}}), "APPENDUID 38505 3955");
  EXPECT_EQ(copy_uid_code(UidValidity{38505}, RangeSet{{{304, 304}, {319, 320}}},
                          RangeSet{{{3956, 3958}}}),
            "COPYUID 38505 304,319:320 3956:3958");
  EXPECT_EQ(highest_mod_seq_code(ModSeq{715194045007}), "HIGHESTMODSEQ 715194045007");
  EXPECT_EQ(modified_code(RangeSet{{{7, 7}, {9, 9}}}), "MODIFIED 7,9");
  EXPECT_EQ(uid_next_code(Uid{4392}), "UIDNEXT 4392");
  EXPECT_EQ(uid_validity_code(UidValidity{1}), "UIDVALIDITY 1");
  EXPECT_EQ(unseen_code(12), "UNSEEN 12");
  EXPECT_EQ(mailbox_id_code("F1"), "MAILBOXID (F1)");
  const std::array capabilities = {"IMAP4rev1"sv, "IDLE"sv};
  EXPECT_EQ(capability_data(capabilities), "CAPABILITY IMAP4rev1 IDLE");
}

TEST(Print, ListLines) {
  const std::array attributes = {"\\HasChildren"sv, "\\Sent"sv};
  const std::array options = {"SUBSCRIBED"sv};
  const auto list = [](const ListLine& line) {
    return printed(append_list, line, NameForm::mutf7);
  };
  EXPECT_EQ(list({.attributes = attributes, .name = "Sent"}),
            "* LIST (\\HasChildren \\Sent) \"/\" Sent\r\n");
  EXPECT_EQ(list({.word = "LSUB", .delimiter = '\0', .name = ""}), "* LSUB () NIL \"\"\r\n");
  EXPECT_EQ(list({.name = "a", .child_info = options, .old_name = "b c"}),
            "* LIST () \"/\" a (\"CHILDINFO\" (\"SUBSCRIBED\") \"OLDNAME\" (\"b c\"))\r\n");
  EXPECT_EQ(printed(append_namespace, '/'), "* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n");
}

TEST(Print, StatusLines) {
  const std::array values = {StatusValue{StatusItem::messages, 231},
                             StatusValue{StatusItem::mailbox_id, {}, "F1"},
                             StatusValue{StatusItem::append_limit}};
  EXPECT_EQ(printed(append_status, "a b", values, NameForm::mutf7),
            "* STATUS \"a b\" (MESSAGES 231 MAILBOXID (F1) APPENDLIMIT NIL)\r\n");
}

TEST(Print, SearchResults) {
  const RangeSet found{{{2, 4}, {7, 7}}};
  EXPECT_EQ(printed(append_search, found, std::nullopt), "* SEARCH 2 3 4 7\r\n");
  EXPECT_EQ(printed(append_search, found, ModSeq{9}), "* SEARCH 2 3 4 7 (MODSEQ 9)\r\n");
  EXPECT_EQ(printed(append_search, RangeSet{}, ModSeq{9}), "* SEARCH\r\n");
  const EsearchData all{
      .uid = true, .min = 2, .max = 7, .count = 4, .all = found, .mod_seq = ModSeq{9}};
  EXPECT_EQ(printed(append_esearch, "a\"1", all),
            "* ESEARCH (TAG \"a\\\"1\") UID MIN 2 MAX 7 COUNT 4 ALL 2:4,7 MODSEQ 9\r\n");
  EXPECT_EQ(printed(append_esearch, "a", EsearchData{.all = RangeSet{}}),
            "* ESEARCH (TAG \"a\")\r\n");
  EXPECT_EQ(printed(append_vanished, true, found), "* VANISHED (EARLIER) 2:4,7\r\n");
  EXPECT_EQ(printed(append_vanished, false, RangeSet{}), "");
}

TEST(Print, FetchResponses) {
  const std::vector<std::string> flags = {"\\Seen"};
  std::string out;
  FetchResponse response{out, 12};
  response.flags(flags);
  response.uid(Uid{7});
  response.mod_seq(ModSeq{65402});
  response.size(44827);
  response.internal_date({from_micros(837'596'665'000'000), -420});
  response.email_id("M1");
  response.thread_id(std::nullopt);
  response.save_date(std::nullopt);
  response.begin_literal({.kind = FetchItem::Kind::section}, 2);
  out += "hi";
  response.nil({.kind = FetchItem::Kind::section, .section = {.part = {3}}});
  response.binary_size({.kind = FetchItem::Kind::binary_size, .section = {.part = {1}}}, 5);
  response.begin_literal({.kind = FetchItem::Kind::binary, .section = {.part = {1}}}, 1, true);
  out.push_back('\0');
  response.end();
  EXPECT_EQ(out,
            "* 12 FETCH (FLAGS (\\Seen) UID 7 MODSEQ (65402) RFC822.SIZE 44827 INTERNALDATE "
            "\"17-Jul-1996 02:44:25 -0700\" EMAILID (M1) THREADID NIL SAVEDATE NIL BODY[] {2}\r\n"
            "hi BODY[3] NIL BINARY.SIZE[1] 5 BINARY[1] ~{1}\r\n\0)\r\n"sv);
}

TEST(Print, DatesParseToThemselves) {
  for (const auto* text : {"\"17-Jul-1996 02:44:25 -0700\"", "\" 1-Jan-2000 00:00:00 +0000\"",
                           "\"29-Feb-2024 23:59:59 +1345\""}) {
    Lexer in{text};
    EXPECT_EQ(printed(append_date_time, parse_date_time(in).value()), text);
  }
  for (const auto* text :
       {"17-Jul-1996 02:44:25 -0700", "\"\"", "\"30-Feb-2024 00:00:00 +0000\""}) {
    EXPECT_FALSE([&] {
      Lexer in{text};
      return parse_date_time(in).has_value();
    }()) << text;
  }
}

}  // namespace
}  // namespace postern::imap
