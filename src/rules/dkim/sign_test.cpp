#include "dkim/sign.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dkim/verify.hpp"
#include "text/ascii.hpp"

namespace postern::dkim {
namespace {

using testing::HasSubstr;

const Timestamp kNow{std::chrono::seconds{1'760'000'000}};
const std::string kText =
    "From: Ann <ann@a.example>\r\nTo: Bob <bob@b.example>,\r\n  Eve <eve@e.example>\r\n"
    "Subject:  Hello \r\nReceived: x\r\nList-Id: <l.a.example>\r\n\r\nHi \r\n\r\nho.\r\n\r\n";

const crypto::PrivateKey& key(crypto::KeyKind kind) {
  static const auto rsa = crypto::PrivateKey::generate(crypto::KeyKind::rsa).value();
  static const auto ed25519 = crypto::PrivateKey::generate(crypto::KeyKind::ed25519).value();
  return kind == crypto::KeyKind::rsa ? rsa : ed25519;
}

Message read(const std::string& text) {
  return read_message(text, {.bodies = {kSignedBody}});
}

Result<std::string> signed_by(crypto::KeyKind kind, const std::string& text,
                              const SignSettings& settings = {}) {
  const std::string selector = kind == crypto::KeyKind::rsa ? "r" : "e";
  return sign(read(text), {.domain = "a.example", .selector = selector, .key = key(kind)}, kNow,
              settings);
}

Report verified(const std::string& text) {
  dns::Answers answers;
  for (const auto kind : {crypto::KeyKind::rsa, crypto::KeyKind::ed25519}) {
    const std::string selector = kind == crypto::KeyKind::rsa ? "r" : "e";
    answers[{key_name(selector, "a.example").value(), dns::Type::txt}] = {
        .status = dns::Status::secure,
        .outcome = dns::Outcome::found,
        .records = {dns::Txt{to_key_record(key(kind))}}};
  }
  return std::get<Report>(verify(read_message(text), answers, kNow));
}

std::string with_field(const std::string& name, const std::string& text) {
  std::string out = name;
  return out.append(": x@a.example\r\n").append(text);
}

TEST(DkimSign, IsVerifiedWithBothKindsOfKey) {
  const auto rsa = signed_by(crypto::KeyKind::rsa, kText);
  const auto ed25519 = signed_by(crypto::KeyKind::ed25519, kText);
  ASSERT_TRUE(rsa && ed25519);
  const auto report = verified(*rsa + *ed25519 + kText);
  ASSERT_EQ(report.signatures.size(), 2U);
  for (const auto& each : report.signatures) EXPECT_EQ(each.verdict, Verdict::pass) << each.reason;
  EXPECT_EQ(report.signatures.at(0).algorithm, "rsa-sha256");
  EXPECT_EQ(report.signatures.at(1).algorithm, "ed25519-sha256");
}

TEST(DkimSign, FoldsLines) {
  const auto field = signed_by(crypto::KeyKind::rsa, kText).value();
  EXPECT_TRUE(field.ends_with("\r\n"));
  for (const auto line : text::split(field, '\n')) EXPECT_LE(line.size(), 79U) << line;
  EXPECT_THAT(field,
              testing::StartsWith(
                  "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=a.example; s=r;"));
  EXPECT_THAT(field, HasSubstr("t=1760000000;"));
}

TEST(DkimSign, SignsOnceMoreWhatNobodyMayAdd) {
  const auto field = signed_by(crypto::KeyKind::ed25519, kText).value();
  const auto text = field + kText;
  for (const std::string name :
       {"From", "To", "Cc", "Subject", "Date", "Message-ID", "Reply-To", "In-Reply-To",
        "References", "MIME-Version", "Content-Type", "Content-Transfer-Encoding"}) {
    const auto report = verified(with_field(name, text));
    EXPECT_EQ(report.signatures.at(0).verdict, Verdict::fail) << name;
  }
  for (const std::string name : {"Received", "List-Id", "Sender", "X"})
    EXPECT_EQ(verified(with_field(name, text)).signatures.at(0).verdict, Verdict::pass) << name;
  auto altered = text;
  altered.replace(altered.find("<l."), 3, "<m.");
  EXPECT_EQ(verified(altered).signatures.at(0).verdict, Verdict::fail);
}

TEST(DkimSign, SurvivesWhatRelaxedAllows) {
  const auto field = signed_by(crypto::KeyKind::ed25519, kText).value();
  auto text = field + kText;
  text.replace(text.find("Subject:  Hello "), 16, "SUBJECT:\r\n Hello");
  text.replace(text.find("Hi \r\n"), 5, "Hi\r\n");
  EXPECT_EQ(verified(text + "\r\n\r\n").signatures.at(0).verdict, Verdict::pass);
}

TEST(DkimSign, SignsFromWhateverTheSettings) {
  SignSettings settings{.fields = {.oversigned = {}, .signed_if_there = {"subject"}},
                        .lifetime = std::chrono::hours{1}};
  const auto field = signed_by(crypto::KeyKind::ed25519, kText, settings).value();
  EXPECT_THAT(field, HasSubstr("h=from:from:subject;"));
  EXPECT_THAT(field, HasSubstr("x=1760003600;"));
  EXPECT_EQ(verified(field + kText).signatures.at(0).verdict, Verdict::pass);
}

TEST(DkimSign, SignsEveryShapeOfBody) {
  for (const std::string body : {"", "\r\n", "a", " ", "\r\n\r\n", "a\r\n \r\n\t"}) {
    const auto text = "From: ann@a.example\r\n\r\n" + body;
    const auto field = signed_by(crypto::KeyKind::ed25519, text).value();
    EXPECT_EQ(verified(field + text).signatures.at(0).verdict, Verdict::pass) << body;
  }
}

TEST(DkimSign, RefusesWhatCannotBeSigned) {
  const auto code = [](const Message& message, const std::string& domain,
                       const std::string& selector) {
    const Signer signer{
        .domain = domain, .selector = selector, .key = key(crypto::KeyKind::ed25519)};
    return sign(message, signer, kNow).error().code;
  };
  const auto good = read(kText);
  EXPECT_EQ(code(good, "a", "s"), Errc::bad_config);
  EXPECT_EQ(code(good, "a.example", ""), Errc::bad_config);
  EXPECT_EQ(code(good, "a.example; x=1", "s"), Errc::bad_config);
  EXPECT_EQ(code(good, "b\xc3\xbc\x63her.example", "s"), Errc::bad_config);
  EXPECT_EQ(code(read("To: x\r\n\r\n"), "a.example", "s"), Errc::bad_syntax);
  EXPECT_EQ(code(read("A: " + std::string(kMaxHeader, 'a')), "a.example", "s"), Errc::bad_syntax);
  EXPECT_EQ(code(read_message(kText), "a.example", "s"), Errc::bad_sequence);
}

}  // namespace
}  // namespace postern::dkim
