#include "arc/seal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/hash.hpp"
#include "dkim/key_record.hpp"
#include "dkim/key_source_fixture.hpp"
#include "dkim/verify.hpp"
#include "text/ascii.hpp"

namespace postern::arc {
namespace {

const Timestamp kNow{std::chrono::seconds{1'760'000'000}};
const std::string kText =
    "From: Ann <ann@a.example>\r\nTo: Bob <bob@b.example>\r\nSubject: Hello\r\n\r\nHi.\r\n";
const std::string kResults = "mx.example; spf=pass smtp.mailfrom=a.example;\r\n\tdkim=none";

const crypto::PrivateKey& key() {
  static const auto made = crypto::PrivateKey::generate(crypto::KeyKind::ed25519).value();
  return made;
}

dns::Answer answer() {
  return {.status = dns::Status::secure,
          .outcome = dns::Outcome::found,
          .records = {dns::Txt{dkim::to_key_record(key())}}};
}

dns::Question question(const std::string& domain) {
  return {dkim::key_name("s", domain).value(), dns::Type::txt};
}

dkim::Message read(const std::string& text) {
  return dkim::read_message(text, {.bodies = {dkim::kSignedBody}});
}

Validation found(const std::string& text, const std::string& without = "") {
  dns::Answers answers;
  const auto message = read(text);
  auto step = validate(message, answers, kNow);
  if (const auto* need = std::get_if<dns::Need>(&step)) {
    for (const auto& each : need->questions)
      answers[each] = !without.empty() && each == question(without) ? dns::Answer{} : answer();
    step = validate(message, answers, kNow);
  }
  EXPECT_TRUE(std::holds_alternative<Validation>(step)) << "asks twice";
  return std::get<Validation>(step);
}

Result<std::string> sealed(const std::string& text, const std::string& domain,
                           const Validation& before) {
  return seal(read(text), {.found = before, .results = kResults},
              {.domain = domain, .selector = "s", .key = key()}, kNow);
}

/// `text` as it leaves `domain`, sealed.
std::string through(const std::string& domain, const std::string& text) {
  return sealed(text, domain, found(text)).value() + text;
}

TEST(ArcSeal, MakesChainsThatValidate) {
  auto text = kText;
  for (int i = 1; i <= 3; ++i) text = through("h" + std::to_string(i) + ".example", text);
  const auto chain = found(text);
  EXPECT_EQ(chain.status, Status::pass) << chain.reason;
  ASSERT_EQ(chain.sealers.size(), 3U);
  for (std::uint8_t i = 1; i <= 3; ++i) {
    const std::string domain = "h" + std::to_string(i) + ".example";
    EXPECT_EQ(chain.sealers.at(i - 1U), (Sealer{.instance = i,
                                                .domain = domain,
                                                .selector = "s",
                                                .message_domain = domain,
                                                .results = kResults,
                                                .secure = true}));
  }
}

TEST(ArcSeal, SharesKeysThatAreReady) {
  const auto message = read(through("h2.example", through("h1.example", kText)));
  dkim::KeptKeys keys;
  dns::Answers answers{{question("h1.example"), answer()}, {question("h2.example"), answer()}};
  for (int i = 0; i < 2; ++i) {
    const auto step = validate(message, answers, kNow, {.keys = &keys});
    EXPECT_EQ(std::get<Validation>(step).status, Status::pass);
    EXPECT_EQ(keys.size(), 1U);
  }
}

TEST(ArcSeal, PutsItsFieldsOnTopAndFoldsThem) {
  const auto fields = sealed(kText, "h.example", found(kText)).value();
  EXPECT_THAT(fields, testing::StartsWith("ARC-Seal: i=1; a=ed25519-sha256; d=h.example; s=s;"));
  EXPECT_THAT(fields, testing::EndsWith("ARC-Authentication-Results: i=1; " + kResults + "\r\n"));
  for (const auto line : text::split(fields, '\n')) EXPECT_LE(line.size(), 80U) << line;
}

TEST(ArcSeal, NoticesWhatWasAltered) {
  const auto text = through("h2.example", through("h1.example", kText));
  ASSERT_EQ(found(text).status, Status::pass);
  const auto altered = [&text](std::string_view what, std::string_view by, bool last = false) {
    auto copy = text;
    copy.replace(last ? copy.rfind(what) : copy.find(what), what.size(), by);
    return found(copy);
  };
  EXPECT_EQ(altered("Hello", "Hallo").status, Status::fail);
  EXPECT_EQ(altered("Hi.", "Ho.").reason, "the newest ARC-Message-Signature: the body was altered");
  EXPECT_EQ(altered("spf=pass", "spf=fail").status, Status::fail);
  EXPECT_EQ(altered("spf=pass", "spf=fail", true).status, Status::fail);
  EXPECT_EQ(altered("cv=pass", "cv=none").status, Status::fail);
  EXPECT_EQ(found("X: y\r\n" + text).status, Status::pass);
}

TEST(ArcSeal, LetsAHandlerAlterAndSealAnew) {
  const auto first = through("h1.example", kText);
  auto altered = first;
  altered.replace(altered.find("Hello"), 5, "[list] Hello");
  EXPECT_EQ(found(altered).status, Status::fail);
  const auto second = sealed(altered, "h2.example", found(first)).value() + altered;
  EXPECT_EQ(found(second).status, Status::pass) << found(second).reason;
}

TEST(ArcSeal, SealsABrokenChainAloneAndThenNoMore) {
  auto broken = through("h1.example", kText);
  broken.replace(broken.find("Hi."), 3, "Ho.");
  const auto fields = sealed(broken, "h2.example", found(broken)).value();
  EXPECT_THAT(fields, testing::HasSubstr("cv=fail"));
  EXPECT_THAT(fields, testing::HasSubstr("i=2"));
  const auto after = found(fields + broken);
  EXPECT_EQ(after.status, Status::fail);
  EXPECT_TRUE(after.ended);
  EXPECT_EQ(sealed(fields + broken, "h3.example", after).error().code, Errc::policy_reject);
  // Its seal covers its own set alone.
  const auto own = read(fields + broken);
  const auto tags = dkim::TagList::parse(own.value(own.fields.at(0))).value();
  dkim::Signature signature{.signature = dkim::parse_base64(tags.find("b")->value).value_or(""),
                            .header = dkim::Canon::relaxed,
                            .b_begin = tags.find("b")->begin,
                            .b_end = tags.find("b")->end};
  std::string text;
  for (const std::size_t field : {2U, 1U})
    dkim::append_field(text, own.raw(own.fields.at(field)), dkim::Canon::relaxed);
  dkim::append_unsigned(text, own, 0, signature);
  EXPECT_TRUE(key().public_key()->verify(crypto::sha256(text), signature.signature));
}

TEST(ArcSeal, AsksForAllKeysAtOnceAndForNoneInVain) {
  const auto text = through("h2.example", through("h1.example", kText));
  const auto step = validate(read(text), {}, kNow);
  EXPECT_THAT(std::get<dns::Need>(step).questions,
              testing::UnorderedElementsAre(question("h1.example"), question("h2.example")));
  auto altered = text;
  altered.replace(altered.find("Hi."), 3, "Ho.");
  EXPECT_TRUE(std::holds_alternative<Validation>(validate(read(altered), {}, kNow)));
  EXPECT_TRUE(std::holds_alternative<Validation>(validate(read(kText), {}, kNow)));
}

TEST(ArcSeal, SaysThatDnsFailed) {
  const auto text = through("h2.example", through("h1.example", kText));
  const auto chain = found(text, "h1.example");
  EXPECT_EQ(chain.status, Status::fail);
  EXPECT_TRUE(chain.dns_failed);
  EXPECT_FALSE(chain.sealers.at(0).secure);
  EXPECT_TRUE(chain.sealers.at(1).secure);
}

TEST(ArcSeal, StopsAtFifty) {
  auto text = kText;
  Validation before;
  for (int i = 1; i <= 50; ++i) {
    text.insert(0, sealed(text, "h.example", before).value());
    before.status = Status::pass;
  }
  const auto full = found(text);
  EXPECT_EQ(full.status, Status::pass) << full.reason;
  EXPECT_EQ(sealed(text, "h.example", full).error().code, Errc::policy_reject);
}

TEST(ArcSeal, RefusesWhatCannotBeSealed) {
  const auto code = [](const dkim::Message& message, const Validation& before,
                       const std::string& results, const std::string& domain) {
    const dkim::Signer signer{.domain = domain, .selector = "s", .key = key()};
    const auto out = seal(message, {.found = before, .results = results}, signer, kNow);
    return out ? Errc::shutting_down : out.error().code;
  };
  const auto good = read(kText);
  const Validation none;
  EXPECT_EQ(code(good, none, "a; none", "h.example"), Errc::shutting_down);
  for (const std::string results : {"", " ", "a\r\nb", "a\r\n", "a\nb", "a\rb", "a\x01"})
    EXPECT_EQ(code(good, none, results, "h.example"), Errc::bad_syntax) << results;
  EXPECT_EQ(code(good, none, "a; none", "h"), Errc::bad_config);
  EXPECT_EQ(code(read("To: x\r\n\r\n"), none, "a; none", "h.example"), Errc::bad_syntax);
  EXPECT_EQ(code(dkim::read_message(kText), none, "a; none", "h.example"), Errc::bad_sequence);
  EXPECT_EQ(code(good, {.status = Status::pass}, "a; none", "h.example"), Errc::bad_sequence);
  EXPECT_EQ(code(read(through("h.example", kText)), none, "a; none", "h.example"),
            Errc::bad_sequence);
}

TEST(ArcSeal, TakesNoPartOfABodyForTheWhole) {
  const std::string tags = "; a=ed25519-sha256; d=h.example; s=s; b=AAAA";
  const auto text = "ARC-Seal: i=1; cv=none" + tags +
                    "\r\nARC-Message-Signature: i=1; h=from; l=0; bh=AAAA" + tags +
                    "\r\nARC-Authentication-Results: i=1; a.example; none\r\n" + kText;
  EXPECT_EQ(found(text).reason, "the newest ARC-Message-Signature: l= is not accepted");
}

}  // namespace
}  // namespace postern::arc
