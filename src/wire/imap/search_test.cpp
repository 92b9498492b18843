#include <string>

#include <gtest/gtest.h>

#include "imap/command.hpp"

namespace postern::imap {
namespace {

template <class... F>
struct Cases : F... {
  using F::operator()...;
};

std::string show(const SearchKey& key);

std::string show_all(std::string out, const std::vector<SearchKey>& keys) {
  for (const auto& key : keys) out += " " + show(key);
  return out + ")";
}

std::string show(const SearchKey& key) {
  return std::visit(
      Cases{
          [](const SearchAnd& k) { return show_all("(and", k.keys); },
          [](const SearchOr& k) { return show_all("(or", k.keys); },
          [](const SearchNot& k) { return show_all("(not", k.keys); },
          [](const SearchNumbers& k) {
            std::string out = k.set.last_result ? "$" : "";
            append_ranges(out, k.set.resolve(1000));
            return (k.uid ? "uid:" : "seq:") + out;
          },
          [](const SearchFlag& k) { return (k.set ? "+" : "-") + k.flag; },
          [](const SearchDate& k) {
            const char* fields[] = {"internal", "sent", "saved"};
            const char* ops[] = {"<", "=", ">="};
            const std::chrono::sys_days day{k.day};
            return std::string{fields[static_cast<int>(k.field)]} + ops[static_cast<int>(k.op)] +
                   std::to_string(day.time_since_epoch().count());
          },
          [](const SearchSize& k) { return (k.larger ? ">" : "<") + std::to_string(k.octets); },
          [](const SearchHeader& k) { return k.field + "~" + k.value; },
          [](const SearchSubject& k) { return "subject~" + k.value; },
          [](const SearchText& k) { return (k.with_header ? "text~" : "body~") + k.value; },
          [](const SearchModSeq& k) { return "modseq>=" + std::to_string(k.at_least); },
          [](const SearchAge& k) {
            return (k.older ? "older" : "younger") + std::to_string(k.seconds);
          },
          [](const SearchObjectId& k) { return (k.thread ? "thread=" : "email=") + k.id; },
          [](const SearchSaveDateSupported&) { return std::string{"savedates"}; },
      },
      key.is);
}

std::string parsed(std::string_view text) {
  const auto got = parse_command("a " + std::string{text}, NameForm::mutf7);
  if (!got) {
    const auto& fault = got.error().fault;
    return (fault.status == Status::no ? "NO " : "BAD ") + std::string{fault.code};
  }
  const auto* search = std::get_if<Search>(&got->command);
  return search == nullptr ? "another command" : show(search->key);
}

TEST(ParseSearch, ReadsEveryKey) {
  const std::pair<const char*, const char*> kKeys[] = {
      {"ALL", "(and)"},
      {"1,3:5", "seq:1,3:5"},
      {"*", "seq:1000"},
      {"$", "seq:$"},
      {"UID 7:*", "uid:7:1000"},
      {"ANSWERED", "+\\Answered"},
      {"unseen", "-\\Seen"},
      {"NEW", "(and +\\Recent -\\Seen)"},
      {"OLD", "-\\Recent"},
      {"KEYWORD $Junk", "+$Junk"},
      {"UNKEYWORD x", "-x"},
      {"BEFORE 1-Feb-1970", "internal<31"},
      {"ON \"01-feb-1970\"", "internal=31"},
      {"SENTSINCE 2-Jan-1970", "sent>=1"},
      {"SAVEDON 2-Jan-1970", "saved=1"},
      {"SAVEDATESUPPORTED", "savedates"},
      {"LARGER 5000000000", ">5000000000"},
      {"SMALLER 10", "<10"},
      {"FROM \"a b\"", "From~a b"},
      {"SUBJECT {3}\r\nx\"y", "subject~x\"y"},
      {"HEADER X-Y \"\"", "X-Y~"},
      {"BODY x", "body~x"},
      {"TEXT \xc3\xbc", "BAD "},
      {"TEXT \"\xc3\xbc\"", "text~ü"},
      {"TEXT \"\xff\"", "BAD "},
      {"MODSEQ 620162338", "modseq>=620162338"},
      {"MODSEQ \"/flags/\\\\draft\" all 5", "modseq>=5"},
      {"MODSEQ \"/frob\" all 5", "BAD "},
      {"OLDER 60", "older60"},
      {"YOUNGER 0", "BAD "},
      {"EMAILID M6d9", "email=M6d9"},
      {"THREADID T1", "thread=T1"},
      {"NOT SEEN", "(not +\\Seen)"},
      {"OR SEEN (FROM a TO b)", "(or +\\Seen (and From~a To~b))"},
      {"OR NOT 1 OR 2 3", "(or (not seq:1) (or seq:2 seq:3))"},
      {"DELETED  1:2", "(and +\\Deleted seq:1:2)"},
      {"CHARSET utf-8 SEEN", "+\\Seen"},
      {"CHARSET KOI8-R SEEN", "NO BADCHARSET (UTF-8 US-ASCII)"},
  };
  for (const auto& [text, key] : kKeys) EXPECT_EQ(parsed("SEARCH " + std::string{text}), key);
}

TEST(ParseSearch, RefusesWhatTheGrammarDoes) {
  for (const auto* text : {"", "FROB", "OR SEEN", "NOT", "()", "(SEEN", "SEEN)", "FROM", "UID x",
                           "BEFORE 30-Feb-2020", "BEFORE 1-Foo-2020", "BEFORE 1-Jan-20",
                           "SEENFROM a", "LARGER -1", "RETURN (FROB) ALL", "RETURN (MIN)"})
    EXPECT_EQ(parsed("SEARCH " + std::string{text}), "BAD ") << text;
}

TEST(ParseSearch, ReadsReturnOptions) {
  const auto options = [](const char* text) {
    const auto got = parse_command("a UID SEARCH " + std::string{text}, NameForm::mutf7).value();
    const auto& search = std::get<Search>(got.command);
    EXPECT_TRUE(search.uid);
    if (!search.returns) return std::string{"none"};
    const auto& [min, max, all, count, save] = *search.returns;
    return std::string{min ? "n" : ""} + (max ? "x" : "") + (all ? "a" : "") + (count ? "c" : "") +
           (save ? "s" : "");
  };
  EXPECT_EQ(options("ALL"), "none");
  EXPECT_EQ(options("RETURN () ALL"), "a");
  EXPECT_EQ(options("return (MIN max COUNT) CHARSET UTF-8 ALL"), "nxc");
  EXPECT_EQ(options("RETURN (SAVE) ALL"), "s");
  EXPECT_EQ(options("RETURN (ALL SAVE) ALL"), "as");
}

TEST(ParseSearch, BoundsNestingAndNumber) {
  const auto nested = [](int depth) {
    std::string text = "SEARCH ";
    for (int i = 1; i < depth; ++i) text += "NOT ";
    return text + "SEEN";
  };
  EXPECT_TRUE(parsed(nested(kMaxSearchDepth)).starts_with("(not"));
  EXPECT_EQ(parsed(nested(kMaxSearchDepth + 1)), "NO LIMIT");
  EXPECT_EQ(parsed("SEARCH " + std::string(60'000, '(')), "NO LIMIT");
  std::string many = "SEARCH";
  for (std::size_t i = 0; i < kMaxSearchKeys; ++i) many += " 1";
  EXPECT_TRUE(parsed(many).starts_with("(and"));
  EXPECT_EQ(parsed(many + " 1"), "NO LIMIT");
}

}  // namespace
}  // namespace postern::imap
