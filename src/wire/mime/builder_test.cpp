#include "mime/builder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mime/encoded_word.hpp"
#include "mime/message.hpp"
#include "mime/transfer.hpp"
#include "text/ascii.hpp"

namespace postern::mime {
namespace {

TEST(HeaderBuilder, FoldsAndEncodes) {
  std::string subject = "Gr\xc3\xbc\xc3\x9f";
  for (int i = 0; i < 40; ++i) subject += " wort";
  HeaderBuilder header;
  header.text("Subject", subject)
      .raw("Received",
           "from a.example by b.example with ESMTP id 1234567890 for <c@d.example>; date")
      .addresses("To", parse_addresses("\"Doe, J.\" <j@x>, Team: a@b, c@d;"))
      .text("X-Evil", "a\r\nBcc: victim@example.org");
  const std::string& out = header.str();
  for (const std::string_view line : text::split(out, '\n')) EXPECT_LE(line.size(), 77U) << line;
  const Message m = *parse(out + "\r\n");
  EXPECT_EQ(decode_header_text(*m.envelope.subject), subject);
  EXPECT_EQ(m.envelope.to, parse_addresses("\"Doe, J.\" <j@x>, Team: a@b, c@d;"));
  EXPECT_TRUE(m.envelope.bcc.empty());
  EXPECT_EQ(m.received_count, 1U);
}

TEST(HeaderBuilder, NoLineBeyond998) {
  HeaderBuilder header;
  header.text("Subject", std::string(3000, 'x'));
  for (const std::string_view line : text::split(header.str(), '\n')) EXPECT_LE(line.size(), 998U);
  EXPECT_EQ(decode_header_text(*parse(header.str())->envelope.subject), std::string(3000, 'x'));
}

TEST(Builder, Addresses) {
  EXPECT_EQ(print_addr_spec("a.b", "x"), "a.b@x");
  EXPECT_EQ(print_addr_spec("a b", "x"), "\"a b\"@x");
  EXPECT_EQ(print_addr_spec("a\"\\", "x"), "\"a\\\"\\\\\"@x");
  EXPECT_EQ(print_addr_spec("", "x"), "\"\"@x");
  EXPECT_EQ(print_mailbox({.name = "A. B", .route = {}, .local = "a", .domain = "x"}),
            "\"A. B\" <a@x>");
  EXPECT_EQ(print_mailbox({.name = "\xc3\xa4", .route = {}, .local = "a", .domain = "x"}),
            "=?UTF-8?B?w6Q=?= <a@x>");
  EXPECT_EQ(make_message_id("1.2", "x"), "<1.2@x>");
}

TEST(Builder, MultipartIsReadBack) {
  const std::vector<PartSource> parts = {{"Content-Type: text/plain\r\n", "one\r\n"}, {"", "two"}};
  const std::string text = "Content-Type: multipart/report; boundary=\"=_x\"\r\n\r\n" +
                           multipart_body("=_x", parts, "This is MIME.");
  const Message m = *parse(text);
  ASSERT_EQ(m.root.children.size(), 2U);
  EXPECT_EQ(text.substr(m.root.children[0].body_begin, m.root.children[0].size()), "one\r\n");
  EXPECT_EQ(text.substr(m.root.children[1].body_begin, m.root.children[1].size()), "two");
}

TEST(Builder, TransferEncodingsAreReadBack) {
  const std::string text = "a=b \r\n.dot\r\nFrom here\t\r\n" + std::string(200, 'x') + "\xc3\xa4 ";
  const std::string qp = to_quoted_printable(text);
  for (const std::string_view line : text::split(qp, '\n')) EXPECT_LE(line.size(), 77U);
  std::string out;
  TransferDecoder decoder{Transfer::quoted_printable};
  decoder.feed(qp, out);
  decoder.finish(out);
  EXPECT_EQ(out, text);
  out.clear();
  TransferDecoder base64{Transfer::base64};
  base64.feed(to_base64_lines(text), out);
  base64.finish(out);
  EXPECT_EQ(out, text);
}

}  // namespace
}  // namespace postern::mime
