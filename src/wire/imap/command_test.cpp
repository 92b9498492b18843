#include "imap/command.hpp"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::imap {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using namespace std::string_view_literals;

std::string describe(const Fault& fault) {
  const std::string status = fault.status == Status::bad ? "BAD" : "NO";
  return fault.code.empty() ? status : status + " [" + std::string{fault.code} + "]";
}

/// What is refused, as `BAD` or `NO [CODE]`; "" when it parses.
std::string refusal(std::string_view text, NameForm form = NameForm::mutf7) {
  const auto got = parse_command(text, form);
  return got ? "" : describe(got.error().fault);
}

template <class C>
C parse(std::string_view text, NameForm form = NameForm::mutf7) {
  auto got = parse_command("t1 " + std::string{text}, form);
  if (!got) {
    ADD_FAILURE() << text << ": " << got.error().fault.text;
    return C{};
  }
  EXPECT_EQ(got->tag, "t1");
  if (auto* command = std::get_if<C>(&got->command)) return std::move(*command);
  ADD_FAILURE() << text << ": another command";
  return C{};
}

TEST(ParseCommand, KnowsTheBareOnesInAnyCaseAndSpacing) {
  parse<Noop>("nOoP");
  parse<Capability>("CAPABILITY ");
  parse<Logout>(" LOGOUT");
  parse<Check>("CHECK");
  parse<Close>("CLOSE");
  parse<Unselect>("UNSELECT");
  parse<StartTls>("STARTTLS");
  parse<Namespace>("NAMESPACE");
  parse<Idle>("IDLE");
  EXPECT_EQ(refusal("a NOOP x"), "BAD");
  EXPECT_EQ(refusal("a NOOPS"), "BAD");
}

TEST(ParseCommand, SaysWhichTagToAnswer) {
  EXPECT_EQ(parse_command("a1 FROB", NameForm::mutf7).error().tag, "a1");
  EXPECT_EQ(parse_command("a1", NameForm::mutf7).error().tag, "a1");
  for (const auto text : {""sv, " "sv, "+ NOOP"sv, "a(b NOOP"sv, "\0 NOOP"sv, "\xff NOOP"sv})
    EXPECT_EQ(parse_command(text, NameForm::mutf7).error().tag, "*") << text;
  EXPECT_EQ(tag_of(std::string(257, 'a') + " NOOP"), "*");
  EXPECT_EQ(tag_of(std::string(256, 'a') + " NOOP"), std::string(256, 'a'));
}

TEST(ParseCommand, ReadsLoginHoweverItIsQuoted) {
  const auto quoted = parse<Login>("LOGIN \"fred foo\" {5}\r\nfa\"t\\");
  EXPECT_EQ(quoted.user, "fred foo");
  EXPECT_EQ(quoted.password.reveal(), "fa\"t\\");
  EXPECT_EQ(parse<Login>("LOGIN a@b p%ss*w{rd").password.reveal(), "p%ss*w{rd");
  EXPECT_EQ(refusal("a LOGIN fred"), "BAD");
  EXPECT_EQ(refusal("a LOGIN fred x y"), "BAD");
}

TEST(ParseCommand, ReadsAuthenticateWithInitialResponse) {
  const auto plain = parse<Authenticate>("AUTHENTICATE plain AGZyZWQAcGFzcw==");
  EXPECT_EQ(plain.mechanism, "PLAIN");
  EXPECT_EQ(plain.initial_response->reveal(), "\0fred\0pass"sv);
  EXPECT_FALSE(parse<Authenticate>("AUTHENTICATE LOGIN").initial_response);
  EXPECT_EQ(parse<Authenticate>("AUTHENTICATE EXTERNAL =").initial_response->reveal(), "");
  EXPECT_EQ(refusal("a AUTHENTICATE PLAIN !!"), "BAD");
}

TEST(ParseCommand, ReadsIdAndEnable) {
  EXPECT_THAT(parse<Id>("ID (\"name\" \"x\" \"os\" NIL)").fields, ElementsAre(Pair("name", "x")));
  EXPECT_THAT(parse<Id>("ID nil").fields, IsEmpty());
  EXPECT_THAT(parse<Enable>("ENABLE condstore UTF8=ACCEPT").capabilities,
              ElementsAre("CONDSTORE", "UTF8=ACCEPT"));
  EXPECT_EQ(refusal("a ENABLE"), "BAD");
}

TEST(ParseCommand, ReadsMailboxNamesInTheSessionsForm) {
  EXPECT_EQ(parse<Select>("SELECT inbox").mailbox, "INBOX");
  EXPECT_EQ(parse<Select>("SELECT Entw&APw-rfe").mailbox, "Entwürfe");
  EXPECT_EQ(parse<Delete>("DELETE \"R&D\"", NameForm::utf8).mailbox, "R&D");
  EXPECT_EQ(refusal("a SELECT R&D"), "NO [CANNOT]");
  EXPECT_EQ(refusal("a SELECT \"\xff\"", NameForm::utf8), "NO [CANNOT]");
}

TEST(ParseCommand, ReadsSelectParameters) {
  const auto select = parse<Select>("SELECT x (CONDSTORE)");
  EXPECT_TRUE(select.condstore);
  EXPECT_FALSE(select.read_only);
  EXPECT_TRUE(parse<Select>("EXAMINE x").read_only);
  const auto sync = parse<Select>("SELECT x (QRESYNC (67890007 20050715 41,43:211 (1,3 2,5)))");
  ASSERT_TRUE(sync.qresync);
  EXPECT_EQ(sync.qresync->uid_validity, 67890007U);
  EXPECT_EQ(sync.qresync->mod_seq, 20050715U);
  EXPECT_EQ(sync.qresync->known_uids->bounds.size(), 2U);
  EXPECT_EQ(sync.qresync->seq_match->second.largest_number(), 5U);
  EXPECT_FALSE(parse<Select>("SELECT x (QRESYNC (1 2))").qresync->known_uids);
  EXPECT_TRUE(parse<Select>("SELECT x (QRESYNC (1 2 (1 1)))").qresync->seq_match);
  EXPECT_EQ(refusal("a SELECT x (QRESYNC (1 2 1:*))"), "BAD");
  EXPECT_EQ(refusal("a SELECT x (FROB)"), "BAD");
}

TEST(ParseCommand, ReadsCreateWithUse) {
  EXPECT_THAT(parse<Create>("CREATE x (USE (\\drafts \\Sent))").special_use,
              ElementsAre("\\Drafts", "\\Sent"));
  EXPECT_THAT(parse<Create>("CREATE x/").special_use, IsEmpty());
  EXPECT_EQ(refusal("a CREATE x (USE (Drafts))"), "BAD");
}

TEST(ParseCommand, ReadsTheOtherMailboxCommands) {
  const auto rename = parse<Rename>("RENAME a \"b c\"");
  EXPECT_EQ(rename.from + ">" + rename.to, "a>b c");
  EXPECT_TRUE(parse<Subscribe>("SUBSCRIBE a").subscribed);
  EXPECT_FALSE(parse<Subscribe>("UNSUBSCRIBE a").subscribed);
  EXPECT_THAT(parse<StatusOf>("STATUS a (MESSAGES uidnext MESSAGES SIZE)").items,
              ElementsAre(StatusItem::messages, StatusItem::uid_next, StatusItem::size));
  EXPECT_EQ(refusal("a STATUS a ()"), "BAD");
  EXPECT_EQ(refusal("a STATUS a (FROB)"), "BAD");
}

TEST(ParseList, ReadsThePlainForm) {
  const auto list = parse<List>("LIST \"\" %");
  EXPECT_FALSE(list.extended);
  EXPECT_EQ(list.reference, "");
  EXPECT_THAT(list.patterns, ElementsAre("%"));
  EXPECT_THAT(parse<List>("LIST \"\" \"\"").patterns, ElementsAre(""));
  EXPECT_THAT(parse<List>("LIST \"\" Entw&APw-*").patterns, ElementsAre("Entwü*"));
  EXPECT_EQ(parse<Lsub>("LSUB \"\" \"*\"").pattern, "*");
}

TEST(ParseList, ReadsWhatThunderbirdSends) {
  const auto list = parse<List>("LIST (SUBSCRIBED) \"\" \"*\" RETURN (SPECIAL-USE)");
  EXPECT_TRUE(list.extended);
  EXPECT_TRUE(list.select.subscribed);
  EXPECT_TRUE(list.returns.special_use);
  EXPECT_FALSE(list.returns.children);
}

TEST(ParseList, ReadsTheExtendedForm) {
  const auto list = parse<List>(
      "LIST (SPECIAL-USE REMOTE RECURSIVEMATCH SUBSCRIBED) \"\" (INBOX \"a %\") "
      "RETURN (CHILDREN SUBSCRIBED STATUS (MESSAGES UNSEEN))");
  EXPECT_TRUE(list.select.recursive_match && list.select.remote && list.select.special_use);
  EXPECT_THAT(list.patterns, ElementsAre("INBOX", "a %"));
  EXPECT_TRUE(list.returns.children && list.returns.subscribed);
  EXPECT_THAT(list.returns.status, ElementsAre(StatusItem::messages, StatusItem::unseen));
  EXPECT_TRUE(parse<List>("LIST () \"\" *").extended);
  EXPECT_TRUE(parse<List>("LIST \"\" * RETURN ()").extended);
}

TEST(ParseList, RefusesWhatTheRfcDoes) {
  for (const auto* text :
       {"a LIST (RECURSIVEMATCH) \"\" *", "a LIST (REMOTE RECURSIVEMATCH) \"\" *",
        "a LIST (FROB) \"\" *", "a LIST \"\" * RETURN (FROB)", "a LIST \"\" * RETURN (STATUS ())",
        "a LIST \"\" ()", "a LIST \"\""})
    EXPECT_EQ(refusal(text), "BAD") << text;
}

TEST(ParseFetch, ExpandsMacros) {
  using Kind = FetchItem::Kind;
  const auto kinds = [](std::string_view text) {
    std::vector<Kind> out;
    for (const auto& item : parse<Fetch>(text).items) out.push_back(item.kind);
    return out;
  };
  EXPECT_THAT(kinds("FETCH 1 FAST"),
              ElementsAre(Kind::flags, Kind::internal_date, Kind::rfc822_size));
  EXPECT_THAT(kinds("FETCH 1 FULL"), ElementsAre(Kind::flags, Kind::internal_date,
                                                 Kind::rfc822_size, Kind::envelope, Kind::body));
  EXPECT_THAT(kinds("FETCH 1 (UID uid FLAGS)"), ElementsAre(Kind::uid, Kind::flags));
  EXPECT_EQ(refusal("a FETCH 1 (ALL)"), "BAD");
}

TEST(ParseFetch, ItemsPrintAsTheirResponsesName) {
  const std::pair<const char*, const char*> kItems[] = {
      {"BODY[]", "BODY[]"},
      {"body.peek[]<0.2048>", "BODY[]<0>"},
      {"BODY[1.2.3]", "BODY[1.2.3]"},
      {"BODY[HEADER]", "BODY[HEADER]"},
      {"BODY[1.2.TEXT]<7.1>", "BODY[1.2.TEXT]<7>"},
      {"BODY.PEEK[4.MIME]", "BODY[4.MIME]"},
      {"BODY[header.fields (From \"To\" {2}\r\nCc)]", "BODY[HEADER.FIELDS (From To Cc)]"},
      {"BODY[2.HEADER.FIELDS.NOT (\"a b\")]", "BODY[2.HEADER.FIELDS.NOT (\"a b\")]"},
      {"BINARY.PEEK[1]<1.2>", "BINARY[1]<1>"},
      {"BINARY[]", "BINARY[]"},
      {"BINARY.SIZE[1.2]", "BINARY.SIZE[1.2]"},
      {"RFC822", "RFC822"},
      {"rfc822.header", "RFC822.HEADER"},
      {"RFC822.TEXT", "RFC822.TEXT"},
      {"BODY", "BODY"},
      {"BODYSTRUCTURE", "BODYSTRUCTURE"},
      {"MODSEQ", "MODSEQ"},
      {"EMAILID", "EMAILID"},
      {"THREADID", "THREADID"},
      {"SAVEDATE", "SAVEDATE"},
      {"INTERNALDATE", "INTERNALDATE"},
  };
  for (const auto& [asked, named] : kItems) {
    const auto fetch = parse<Fetch>("FETCH 1 " + std::string{asked});
    ASSERT_EQ(fetch.items.size(), 1U) << asked;
    std::string name;
    append_item_name(name, fetch.items.front());
    EXPECT_EQ(name, named);
  }
}

TEST(ParseFetch, KnowsWhatSetsSeen) {
  const auto sets_seen = [](const char* item) {
    return parse<Fetch>("FETCH 1 " + std::string{item}).items.front().sets_seen();
  };
  for (const auto* item : {"BODY[]", "BODY[1]", "BINARY[1]", "RFC822", "RFC822.TEXT"})
    EXPECT_TRUE(sets_seen(item)) << item;
  for (const auto* item : {"BODY.PEEK[]", "BINARY.PEEK[1]", "BINARY.SIZE[1]", "RFC822.HEADER",
                           "BODY", "BODYSTRUCTURE", "FLAGS"})
    EXPECT_FALSE(sets_seen(item)) << item;
}

TEST(ParseFetch, RefusesBadSections) {
  for (const auto* item :
       {"BODY[", "BODY[0]", "BODY[1.]", "BODY[.1]", "BODY[MIME]", "BODY[FROB]", "BODY[1.FROB]",
        "BODY[HEADER.FIELDS]", "BODY[HEADER.FIELDS ()]", "BODY[]<0>", "BODY[]<0.0>", "BODY[]<-1.1>",
        "BINARY[TEXT]", "BINARY.SIZE[1]<0.1>", "FLAGS[]", "FROB", "()", "(FLAGS", "FLAGS UID"})
    EXPECT_EQ(refusal("a FETCH 1 " + std::string{item}), "BAD") << item;
}

TEST(ParseFetch, ReadsModifiers) {
  const auto fetch = parse<Fetch>("UID FETCH 1:* (FLAGS) (CHANGEDSINCE 12345 VANISHED)");
  EXPECT_TRUE(fetch.uid && fetch.vanished);
  EXPECT_EQ(fetch.changed_since, 12345U);
  EXPECT_EQ(parse<Fetch>("FETCH 1:* (FLAGS) (CHANGEDSINCE 0)").changed_since, 0U);
  EXPECT_EQ(refusal("a FETCH 1 FLAGS (CHANGEDSINCE 1 VANISHED)"), "BAD");
  EXPECT_EQ(refusal("a UID FETCH 1 FLAGS (VANISHED)"), "BAD");
  EXPECT_EQ(refusal("a FETCH 1 FLAGS (CHANGEDSINCE 9223372036854775808)"), "BAD");
}

TEST(ParseFetch, BoundsItemsAndDepth) {
  std::string items;
  for (std::size_t i = 1; i <= kMaxFetchItems; ++i) items += "BODY[" + std::to_string(i) + "] ";
  EXPECT_EQ(refusal("a FETCH 1 (" + items + ")"), "");
  EXPECT_EQ(refusal("a FETCH 1 (" + items + "FLAGS)"), "NO [LIMIT]");
  std::string part = "1";
  for (std::size_t i = 1; i < kMaxSectionDepth; ++i) part += ".1";
  EXPECT_EQ(refusal("a FETCH 1 BODY[" + part + "]"), "");
  EXPECT_EQ(refusal("a FETCH 1 BODY[" + part + ".1]"), "BAD");
}

TEST(ParseStore, ReadsEveryForm) {
  const auto add = parse<Store>("STORE 2:4 +FLAGS (\\deleted $Junk \\Recent)");
  EXPECT_EQ(add.how, Store::How::add);
  EXPECT_FALSE(add.silent);
  EXPECT_THAT(add.flags, ElementsAre("\\Deleted", "$Junk"));
  const auto remove = parse<Store>("UID STORE 7 (UNCHANGEDSINCE 12) -FLAGS.SILENT \\Seen \\Draft");
  EXPECT_TRUE(remove.uid && remove.silent);
  EXPECT_EQ(remove.how, Store::How::remove);
  EXPECT_EQ(remove.unchanged_since, 12U);
  EXPECT_THAT(remove.flags, ElementsAre("\\Seen", "\\Draft"));
  EXPECT_THAT(parse<Store>("STORE 1 FLAGS ()").flags, IsEmpty());
  for (const auto* text : {"a STORE 1 FLAGS", "a STORE 1 =FLAGS (x)", "a STORE 1 FLAGS (\\*)",
                           "a STORE 1 FLAGSX (x)", "a STORE 1 (FROB 1) FLAGS (x)"})
    EXPECT_EQ(refusal(text), "BAD") << text;
}

TEST(ParseCopy, ReadsCopyAndMoveByNumberAndUid) {
  const auto copy = parse<Copy>("COPY 2:4 meeting");
  EXPECT_FALSE(copy.uid || copy.move);
  EXPECT_EQ(copy.mailbox, "meeting");
  const auto move = parse<Copy>("UID MOVE $ \"x y\"");
  EXPECT_TRUE(move.uid && move.move && move.set.last_result);
  EXPECT_FALSE(parse<Expunge>("EXPUNGE").uids);
  EXPECT_EQ(parse<Expunge>("UID EXPUNGE 3000:3002").uids->largest_number(), 3002U);
}

TEST(ParseAppend, ReadsFlagsDateAndMark) {
  const auto append =
      parse<Append>("APPEND Sent (\\Seen \\Recent x) \" 7-Feb-1994 21:52:25 -0800\" {310}\r\n");
  ASSERT_EQ(append.messages.size(), 1U);
  const auto& message = append.messages.front();
  EXPECT_EQ(append.mailbox, "Sent");
  EXPECT_THAT(message.flags, ElementsAre("\\Seen", "x"));
  EXPECT_EQ(message.size, 310U);
  ASSERT_TRUE(message.date);
  EXPECT_EQ(message.date->offset_minutes, -480);
  EXPECT_EQ(to_micros(message.date->time), 760'686'745'000'000);
}

TEST(ParseAppend, ReadsSeveralAndUtf8) {
  const auto append = parse<Append>("APPEND x {1}\r\n (\\Seen) ~{2+}\r\n UTF8 (~{3}\r\n)");
  ASSERT_EQ(append.messages.size(), 3U);
  EXPECT_TRUE(append.messages[1].literal8);
  EXPECT_TRUE(append.messages[2].utf8);
  // The moment when the last one begins.
  EXPECT_EQ(parse<Append>("APPEND x UTF8 (~{3}\r\n").messages.size(), 1U);
}

TEST(ParseAppend, RefusesWhatIsNoMessage) {
  for (const auto* text : {"a APPEND x", "a APPEND x y", "a APPEND x (\\Seen)",
                           "a APPEND x \"32-Feb-1994 21:52:25 -0800\" {1}\r\n",
                           "a APPEND x {1}\r\n y", "a APPEND x UTF8 ({3}\r\n)", "a APPEND x {1}"})
    EXPECT_EQ(refusal(text), "BAD") << text;
}

TEST(ParseCommand, TakesWhatAnotherImplementationPrints) {
  std::ifstream file{POSTERN_TEST_DATA "/imap_wire/commands.tsv"};
  int known = 0;
  int unknown = 0;
  for (std::string line; std::getline(file, line);) {
    const auto tab = line.find('\t');
    std::string text;
    for (std::size_t i = tab + 1; i < line.size(); ++i) {
      const bool escape = line[i] == '\\';
      if (escape) ++i;
      const auto c = line[i];
      text += !escape ? c : c == 'r' ? '\r' : c == 'n' ? '\n' : c == '0' ? '\0' : c;
    }
    ASSERT_TRUE(text.ends_with("\r\n"));
    text.resize(text.size() - 2);
    const auto got = parse_command(text, NameForm::mutf7);
    if (line.starts_with("known")) {
      EXPECT_TRUE(got) << text << ": " << (got ? "" : got.error().fault.text);
      ++known;
    } else {
      ASSERT_FALSE(got) << text;
      EXPECT_EQ(got.error().fault.text, "unknown command") << text;
      ++unknown;
    }
  }
  EXPECT_GE(known, 15);
  EXPECT_GE(unknown, 15);
}

TEST(IsDone, InAnyCaseAndNothingElse) {
  EXPECT_TRUE(is_done("DONE") && is_done("done "));
  EXPECT_FALSE(is_done("") || is_done("DONE x") || is_done("a NOOP"));
}

}  // namespace
}  // namespace postern::imap
