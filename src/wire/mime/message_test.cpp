#include "mime/message.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::mime {
namespace {

using testing::ElementsAre;

Message parsed(std::string_view bytes) {
  auto message = parse(bytes);
  EXPECT_TRUE(message);
  return *std::move(message);
}

std::string header_of(std::string_view bytes, const Part& part) {
  return std::string{bytes.substr(part.header_begin, part.body_begin - part.header_begin)};
}

std::string body_of(std::string_view bytes, const Part& part) {
  return std::string{bytes.substr(part.body_begin, part.size())};
}

std::string fingerprint(const Message& m) {
  return encode(m.envelope) + encode(m.root) + m.header + std::to_string(m.size) +
         std::to_string(m.received_count) + m.message_id.value_or("-") + (m.has_8bit ? "8" : "") +
         (m.has_nul ? "0" : "") + (m.header_8bit ? "h" : "") + (m.header_cut ? "c" : "") +
         (m.too_deep ? "d" : "") + (m.date ? print_date(*m.date) : "-");
}

std::string fed_in(std::string_view bytes, std::size_t step) {
  MessageParser parser;
  for (std::size_t at = 0; at < bytes.size(); at += step) parser.feed(bytes.substr(at, step));
  return fingerprint(*parser.finish());
}

constexpr std::string_view kMixed =
    "From: Ann <ann@example.org>\r\n"
    "Content-Type: multipart/mixed; boundary=b\r\n"
    "\r\n"
    "preamble\r\n"
    "--b\r\n"
    "\r\n"
    "one\r\ntwo\r\n"
    "--b\r\n"
    "Content-Type: message/rfc822\r\n"
    "\r\n"
    "Subject: inner\r\n"
    "\r\n"
    "hello\r\n"
    "--b--\r\n"
    "epilogue\r\n";

TEST(Message, OffsetsAndSizesOfEveryPart) {
  const Message m = parsed(kMixed);
  ASSERT_EQ(m.root.children.size(), 2U);
  EXPECT_EQ(m.size, kMixed.size());
  EXPECT_EQ(m.root.body_end, kMixed.size());
  EXPECT_EQ(m.header, header_of(kMixed, m.root));
  const Part& text = m.root.children[0];
  EXPECT_EQ(header_of(kMixed, text), "\r\n");
  EXPECT_EQ(body_of(kMixed, text), "one\r\ntwo");
  EXPECT_EQ(text.lines, 1U);
  const Part& message = m.root.children[1];
  ASSERT_EQ(message.kind, Part::Kind::message);
  EXPECT_EQ(body_of(kMixed, message), "Subject: inner\r\n\r\nhello");
  EXPECT_EQ(message.lines, 2U);
  EXPECT_EQ(message.envelope->subject, "inner");
  ASSERT_EQ(message.children.size(), 1U);
  EXPECT_EQ(body_of(kMixed, message.children[0]), "hello");
  EXPECT_EQ(header_of(kMixed, message.children[0]), "Subject: inner\r\n\r\n");
}

TEST(Message, AnyCutGivesTheSame) {
  const std::filesystem::path dir = std::filesystem::path{POSTERN_TEST_DATA} / "mime-imap";
  int seen = 0;
  for (const auto& entry : std::filesystem::directory_iterator{dir}) {
    if (entry.path().extension() != ".eml" || entry.file_size() > 20'000) continue;
    std::ifstream in{entry.path(), std::ios::binary};
    const std::string bytes{std::istreambuf_iterator<char>{in}, {}};
    const std::string whole = fingerprint(parsed(bytes));
    for (const std::size_t step : {1U, 2U, 7U, 64U})
      ASSERT_EQ(fed_in(bytes, step), whole) << entry.path() << " in steps of " << step;
    ++seen;
  }
  EXPECT_GT(seen, 150);
}

TEST(Message, LineBreaksMayBeBare) {
  constexpr std::string_view text =
      "Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\n\ntwo\n--b--\n";
  const Message m = parsed(text);
  ASSERT_EQ(m.root.children.size(), 2U);
  EXPECT_EQ(body_of(text, m.root.children[0]), "one");
  EXPECT_EQ(body_of(text, m.root.children[1]), "two");
  EXPECT_EQ(m.envelope.subject, "x");
}

TEST(Message, FactsForServers) {
  const Message m = parsed(
      "Received: a\r\nReceived: b\r\nMessage-ID: (x) <1@a>\r\nmessage-id: <2@a>\r\n"
      "Date: Tue, 1 Jul 2003 10:52:37 +0200\r\nFrom: a@b\r\nFrom: c@d\r\n\r\n\xc3\xa4\0x");
  EXPECT_EQ(m.received_count, 2U);
  EXPECT_EQ(m.message_id, "<1@a>");
  EXPECT_EQ(m.fields().count("FROM"), 2U);
  EXPECT_EQ(m.envelope.from.size(), 2U);
  ASSERT_TRUE(m.date);
  EXPECT_EQ(m.date->offset_minutes, 120);
  EXPECT_TRUE(m.has_8bit);
  EXPECT_FALSE(m.header_8bit);
  EXPECT_FALSE(m.has_nul);  // the literal ends at the NUL
  EXPECT_TRUE(parsed(std::string_view{"\0", 1}).has_nul);
  EXPECT_TRUE(parsed("Subject: \xc3\xa4\r\n\r\n").header_8bit);
}

TEST(Message, NothingAtAll) {
  const Message m = parsed("");
  EXPECT_EQ(m.root.kind, Part::Kind::leaf);
  EXPECT_EQ(m.root.body_end, 0U);
  EXPECT_TRUE(m.header.empty());
}

TEST(Message, HeaderWithoutItsEnd) {
  const Message only = parsed("Subject: x\r\nTo: a@b");
  EXPECT_EQ(only.envelope.to.size(), 1U);
  EXPECT_EQ(only.root.size(), 0U);

  constexpr std::string_view none = "Dear all\r\nhello\r\n";
  EXPECT_EQ(body_of(none, parsed(none).root), none);

  constexpr std::string_view missing = "Subject: x\r\nDear all\r\nhello\r\n\r\nbye\r\n";
  const Message m = parsed(missing);
  EXPECT_EQ(body_of(missing, m.root), "Dear all\r\nhello\r\n\r\nbye\r\n");
  EXPECT_EQ(m.root.lines, 4U);
  EXPECT_EQ(m.header, "Subject: x\r\n");

  // One broken line among fields does not end the header.
  const Message broken = parsed("Subject: x\r\nkaputt\r\nTo: a@b\r\n\r\nbody");
  EXPECT_EQ(broken.envelope.to.size(), 1U);
  EXPECT_EQ(broken.root.size(), 4U);
}

TEST(Message, MboxLineIsNoField) {
  const Message m = parsed("From ann Tue Jul  1 10:52:37 2003\r\nSubject: x\r\n\r\n");
  EXPECT_EQ(m.envelope.subject, "x");
  EXPECT_TRUE(m.envelope.from.empty());
}

TEST(Message, BoundariesThatBeginAlike) {
  constexpr std::string_view text =
      "Content-Type: multipart/mixed; boundary=a\n\n"
      "--a\nContent-Type: multipart/alternative; boundary=a-1\n\n"
      "--a-1\n\nx\n--a-1\n\ny\n--a-1--\n--a\n\nz\n--a--\n";
  const Message m = parsed(text);
  ASSERT_EQ(m.root.children.size(), 2U);
  ASSERT_EQ(m.root.children[0].children.size(), 2U);
  EXPECT_EQ(body_of(text, m.root.children[0].children[1]), "y");
  EXPECT_EQ(body_of(text, m.root.children[1]), "z");
}

TEST(Message, OuterBoundaryEndsInnerParts) {
  constexpr std::string_view text =
      "Content-Type: multipart/mixed; boundary=o\n\n--o\n"
      "Content-Type: multipart/mixed; boundary=i\n\n--i\n\nx\n--o\n\ny";
  const Message m = parsed(text);
  ASSERT_EQ(m.root.children.size(), 2U);
  ASSERT_EQ(m.root.children[0].children.size(), 1U);
  EXPECT_EQ(body_of(text, m.root.children[0].children[0]), "x");
  EXPECT_EQ(body_of(text, m.root.children[1]), "y");
}

TEST(Message, FirstBoundaryRightBehindTheHeader) {
  const Message m = parsed("Content-Type: multipart/mixed; boundary=b\n--b\n\nx\n--b--\n");
  EXPECT_EQ(m.root.children.size(), 1U);
}

TEST(Message, DigestPartsAreMessages) {
  const Message m =
      parsed("Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: s\n\nx\n--b--\n");
  ASSERT_EQ(m.root.children.size(), 1U);
  EXPECT_EQ(m.root.children[0].kind, Part::Kind::message);
  EXPECT_EQ(m.root.children[0].envelope->subject, "s");
}

TEST(Message, MultipartThatHasNoPartsIsText) {
  constexpr std::string_view text = "Content-Type: multipart/mixed; boundary=b\n\nhello\n";
  const Message m = parsed(text);
  EXPECT_TRUE(m.root.is("text", "plain"));
  EXPECT_EQ(body_of(text, m.root), "hello\n");
}

int depth_of(const Part& part) {
  int deepest = 0;
  for (const Part& child : part.children) deepest = std::max(deepest, depth_of(child));
  return deepest + 1;
}

TEST(Message, DepthIsBounded) {
  std::string multiparts;
  for (int i = 0; i < 1000; ++i) {
    const std::string boundary = "b" + std::to_string(i);
    multiparts +=
        "Content-Type: multipart/mixed; boundary=" + boundary + "\r\n\r\n--" + boundary + "\r\n";
  }
  const Message m = parsed(multiparts);
  EXPECT_EQ(depth_of(m.root), kMaxDepth);
  EXPECT_TRUE(m.too_deep);

  std::string messages;
  for (int i = 0; i < 1000; ++i) messages += "Content-Type: message/rfc822\r\n\r\n";
  const Message n = parsed(messages);
  EXPECT_EQ(depth_of(n.root), kMaxDepth);
  EXPECT_TRUE(n.too_deep);
  ASSERT_TRUE(decode_part(encode(n.root)));
}

TEST(Message, PartsAreBounded) {
  std::string text = "Content-Type: multipart/mixed; boundary=b\n\n";
  for (std::size_t i = 0; i < kMaxParts + 500; ++i) text += "--b\n\nx\n";
  const Message m = parsed(text);
  EXPECT_EQ(m.root.children.size(), kMaxParts - 1);
  EXPECT_TRUE(m.too_deep);
  const auto again = decode_part(encode(m.root));
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, m.root);
}

TEST(Message, HeaderIsBounded) {
  std::string text;
  for (int i = 0; i < 30'000; ++i) text += "X-Long: " + std::string(70, 'x') + "\r\n";
  text += "Subject: beyond\r\n\r\nbody";
  const Message m = parsed(text);
  EXPECT_TRUE(m.header_cut);
  EXPECT_EQ(m.header.size(), kMaxHeader);
  EXPECT_FALSE(m.envelope.subject);
  EXPECT_EQ(body_of(text, m.root), "body");
}

TEST(Message, AddressesAreBounded) {
  std::string text = "To: ";
  for (std::size_t i = 0; i < kMaxAddresses + 5; ++i) text += "a@b,";
  const Message m = parsed(text + "\r\nCc: c@d\r\n\r\n");
  EXPECT_EQ(m.envelope.to.size(), kMaxAddresses);
  EXPECT_TRUE(m.envelope.cc.empty());
}

}  // namespace
}  // namespace postern::mime
