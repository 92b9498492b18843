#include "imapd/section.hpp"

#include <gtest/gtest.h>

#include "mime/message.hpp"

namespace postern::imapd {
namespace {

using Text = imap::Section::Text;

const std::string kInner = "Subject: inner\r\n\r\nInner text.\r\n";
const std::string kMail =
    "Subject: outer\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    "preamble\r\n--b\r\nContent-Type: text/plain\r\n\r\nfirst\r\n"
    "--b\r\nContent-Type: message/rfc822\r\n\r\n" +
    kInner + "\r\n--b--\r\n";
const std::string kPlain = "Subject: x\r\n\r\nonly\r\n";
const std::string kPrefix = "Return-Path: <a@b>\r\n";

imap::Section at(std::vector<std::uint32_t> part, Text text = Text::whole) {
  return {.part = std::move(part), .text = text, .fields = {}};
}

/// What a section of `mail`, served behind `prefix`, holds.
std::optional<std::string> section(const std::string& mail, imap::Section wanted,
                                   const std::string& prefix = {}) {
  store::StoredMessage message;
  message.body_size = mail.size();
  message.prefix = prefix;
  const auto parsed = mime::parse(mail).value();
  const auto octets = find_section(message, parsed.root, wanted);
  if (!octets) return std::nullopt;
  return (prefix + mail).substr(octets->begin, octets->size());
}

TEST(Section, OfTheMessageItself) {
  EXPECT_EQ(section(kPlain, {}, kPrefix), kPrefix + kPlain);
  EXPECT_EQ(section(kPlain, at({}, Text::header), kPrefix), kPrefix + "Subject: x\r\n\r\n");
  EXPECT_EQ(section(kPlain, at({}, Text::text), kPrefix), "only\r\n");
}

TEST(Section, OfTheOnlyPart) {
  EXPECT_EQ(section(kPlain, at({1}), kPrefix), "only\r\n");
  EXPECT_EQ(section(kPlain, at({2})), std::nullopt);
  EXPECT_EQ(section(kPlain, at({1, 1})), std::nullopt);
}

TEST(Section, OfPartsAndEnclosedMessages) {
  EXPECT_EQ(section(kMail, at({1}), kPrefix), "first");
  EXPECT_EQ(section(kMail, at({1}, Text::mime), kPrefix), "Content-Type: text/plain\r\n\r\n");
  EXPECT_EQ(section(kMail, at({1}, Text::header)), std::nullopt) << "only messages have headers";
  EXPECT_EQ(section(kMail, at({2}), kPrefix), kInner);
  EXPECT_EQ(section(kMail, at({2}, Text::header), kPrefix), "Subject: inner\r\n\r\n");
  EXPECT_EQ(section(kMail, at({2}, Text::text)), "Inner text.\r\n");
  EXPECT_EQ(section(kMail, at({2, 1})), "Inner text.\r\n");
  EXPECT_EQ(section(kMail, at({3})), std::nullopt);
}

TEST(Section, CutsPartials) {
  const auto whole = Octets{10, 20};
  const auto check = [&](std::uint64_t offset, std::uint64_t count, std::uint64_t begin,
                         std::uint64_t size) {
    const auto out = cut(whole, imap::Partial{offset, count});
    EXPECT_EQ(out.begin, begin);
    EXPECT_EQ(out.size(), size);
  };
  check(0, 5, 10, 5);
  check(8, 5, 18, 2);
  check(10, 5, 20, 0);
  check(0xFFFFFFFFFFFFFFFFU, 0xFFFFFFFFFFFFFFFFU, 20, 0);
}

TEST(Section, FiltersHeaders) {
  const std::string header = "From: a\r\nTo: b\r\n c\r\nX: d\r\n\r\n";
  EXPECT_EQ(filter_header(header, {{}, Text::header_fields, {"to", "FROM"}}),
            "From: a\r\nTo: b\r\n c\r\n\r\n");
  EXPECT_EQ(filter_header(header, {{}, Text::header_fields_not, {"to"}}),
            "From: a\r\nX: d\r\n\r\n");
  EXPECT_EQ(filter_header(header, {{}, Text::header_fields, {"none"}}), "\r\n");
}

}  // namespace
}  // namespace postern::imapd
