#include "imap/print_body.hpp"

#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "imap/lexer.hpp"
#include "imap/print_envelope.hpp"
#include "mime/message.hpp"
#include "text/ascii.hpp"

namespace postern::imap {
namespace {

/// Printed data in the form of expected.tsv: every string quoted, in lower case.
std::string normalised(std::string_view printed) {
  std::string out;
  Lexer in{printed};
  while (!in.at_end()) {
    if (in.peek() == '"' || in.peek() == '{') {
      out.push_back('"');
      for (const char c : text::lower(in.string().value())) {
        if (c == '"' || c == '\\') out.push_back('\\');
        if (c == '\r' || c == '\n' || c == '\t') {
          out += c == '\r' ? "\\r" : c == '\n' ? "\\n" : "\\t";
        } else {
          out.push_back(c);
        }
      }
      out.push_back('"');
      continue;
    }
    out.push_back(in.peek());
    in.eat(in.peek());
  }
  // Space between addresses and between parts is not in the grammar, but in the data.
  for (std::size_t at = 0; (at = out.find(")(", at)) != std::string::npos;) out.insert(at + 1, " ");
  return out;
}

std::string read_file(const std::string& name) {
  std::ifstream file{std::string{POSTERN_TEST_DATA "/imap_oracle/"} + name, std::ios::binary};
  EXPECT_TRUE(file) << name;
  std::ostringstream out;
  out << file.rdbuf();
  return std::move(out).str();
}

mime::Message parse(std::string_view message) {
  mime::MessageParser parser;
  parser.feed(message);
  return parser.finish().value();
}

struct Expected {
  std::string name;
  std::string envelope;
  std::string structure;
};

std::vector<Expected> expectations() {
  std::vector<Expected> all;
  std::istringstream lines{read_file("expected.tsv")};
  for (std::string line; std::getline(lines, line);) {
    const auto fields = text::split(line, '\t');
    all.push_back(
        {std::string{fields.at(0)}, std::string{fields.at(1)}, std::string{fields.at(2)}});
  }
  return all;
}

TEST(PrintEnvelope, SaysWhatTwoOtherServersSay) {
  int compared = 0;
  for (const auto& [name, envelope, structure] : expectations()) {
    if (envelope == "-") continue;
    std::string out;
    append_envelope(out, parse(read_file(name)).envelope, NameForm::mutf7);
    EXPECT_EQ(normalised(out), envelope) << name;
    ++compared;
  }
  EXPECT_GT(compared, 130);
}

TEST(PrintBody, SaysWhatTwoOtherServersSay) {
  int compared = 0;
  for (const auto& [name, envelope, structure] : expectations()) {
    if (structure == "-") continue;
    std::string out;
    append_body(out, parse(read_file(name)).root, true, NameForm::mutf7);
    EXPECT_EQ(normalised(out), structure) << name;
    ++compared;
  }
  EXPECT_GT(compared, 110);
}

TEST(PrintEnvelope, ShowsGroupsAndMissingPieces) {
  mime::Envelope envelope;
  envelope.subject = "a \"b\"";
  envelope.from = {mime::Mailbox{"Ann", "", "ann", "example.org"}};
  envelope.to = {mime::Group{"us", {mime::Mailbox{"", "@r", "", ""}}}};
  std::string out;
  append_envelope(out, envelope, NameForm::mutf7);
  EXPECT_EQ(out,
            "(NIL \"a \\\"b\\\"\" ((\"Ann\" NIL \"ann\" \"example.org\")) "
            "((\"Ann\" NIL \"ann\" \"example.org\")) ((\"Ann\" NIL \"ann\" \"example.org\")) "
            "((NIL NIL \"us\" NIL)(NIL \"@r\" \"MISSING_MAILBOX\" \"MISSING_DOMAIN\")"
            "(NIL NIL NIL NIL)) NIL NIL NIL NIL)");
}

TEST(PrintBody, LeavesExtensionsOutOfBody) {
  mime::Part part;
  part.params = {{"charset", "utf-8"}};
  part.body_end = 12;
  part.lines = 2;
  part.md5 = "x";
  std::string out;
  append_body(out, part, false, NameForm::mutf7);
  EXPECT_EQ(out, R"(("text" "plain" ("charset" "utf-8") NIL NIL "7bit" 12 2))");
  mime::Part whole;
  whole.kind = mime::Part::Kind::multipart;
  whole.type = "multipart";
  whole.subtype = "mixed";
  whole.children = {part, part};
  out.clear();
  append_body(out, whole, false, NameForm::mutf7);
  EXPECT_EQ(out, R"((("text" "plain" ("charset" "utf-8") NIL NIL "7bit" 12 2))"
                 R"(("text" "plain" ("charset" "utf-8") NIL NIL "7bit" 12 2) "mixed"))");
}

TEST(PrintBody, GivesAnEmptyMultipartAPart) {
  mime::Part part;
  part.kind = mime::Part::Kind::multipart;
  part.type = "multipart";
  part.subtype = "mixed";
  std::string out;
  append_body(out, part, true, NameForm::mutf7);
  EXPECT_EQ(out, R"((("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0 NIL NIL NIL NIL) )"
                 R"("mixed" NIL NIL NIL NIL))");
}

}  // namespace
}  // namespace postern::imap
