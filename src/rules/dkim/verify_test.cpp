#include "dkim/verify.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dkim/key_source_fixture.hpp"
#include "dkim/sign.hpp"
#include "text/base64.hpp"

namespace postern::dkim {
namespace {

const Timestamp kNow{std::chrono::seconds{1'760'000'000}};
const std::string kText =
    "From: Ann <ann@a.example>\r\nTo: Bob <bob@b.example>\r\nSubject: Hello\r\n\r\nHi.\r\n";

const crypto::PrivateKey& key() {
  static const auto made = crypto::PrivateKey::generate(crypto::KeyKind::ed25519).value();
  return made;
}

struct Made {
  std::string domain = "a.example";
  std::vector<std::string> fields = {"from", "to", "subject"};
  std::string more = {};  ///< Tags.
  BodyWanted body = {.canon = Canon::relaxed};
};

/// A signature that holds, of any shape.
std::string signature(const std::string& text, const Made& made = {}) {
  const auto message = read_message(text, {.bodies = {made.body}});
  FieldWriter field{"DKIM-Signature"};
  field.tag("v", "1").tag("a", "ed25519-sha256").tag("c", "relaxed/relaxed");
  field.tag("d", made.domain + made.more).tag("s", "s").list("h", made.fields);
  field.base64("bh", crypto::view(message.body(made.body)->digest)).open_signature();
  std::string hashed;
  append_selected(hashed, message, made.fields, Canon::relaxed);
  append_field(hashed, field.text(), Canon::relaxed);
  hashed.resize(hashed.size() - 2);
  return close_signature(std::move(field), hashed, key()).value();
}

dns::Question question(const std::string& domain = "a.example") {
  return {key_name("s", domain).value(), dns::Type::txt};
}

dns::Answer records(std::vector<std::string> texts) {
  dns::Answer out{.status = dns::Status::secure, .outcome = dns::Outcome::found};
  for (auto& text : texts) out.records.emplace_back(dns::Txt{std::move(text)});
  return out;
}

dns::Answers good() {
  return {{question(), records({to_key_record(key())})}};
}

SignatureResult result(const std::string& text, const dns::Answers& answers = good()) {
  const auto step = verify(read_message(text), answers, kNow);
  const auto* report = std::get_if<Report>(&step);
  EXPECT_NE(report, nullptr) << "asks again";
  return report && !report->signatures.empty() ? report->signatures.front() : SignatureResult{};
}

bool asks_nothing(const std::string& text) {
  return std::holds_alternative<Report>(verify(read_message(text), {}, kNow));
}

TEST(DkimVerify, AsksForEachKeyOnceThenDecides) {
  const auto text = signature(kText) + signature(kText) + kText;
  const auto message = read_message(text);
  const auto first = verify(message, {}, kNow);
  const auto* need = std::get_if<dns::Need>(&first);
  ASSERT_NE(need, nullptr);
  EXPECT_THAT(need->questions, testing::ElementsAre(question()));
  const auto second = verify(message, good(), kNow);
  const auto* report = std::get_if<Report>(&second);
  ASSERT_NE(report, nullptr);
  ASSERT_EQ(report->signatures.size(), 2U);
  for (const auto& each : report->signatures) {
    EXPECT_EQ(each.verdict, Verdict::pass) << each.reason;
    EXPECT_TRUE(each.secure && each.aligned);
    EXPECT_EQ(each.key_bits, 256U);
    EXPECT_EQ(each.start.size(), 12U);
  }
}

TEST(DkimVerify, KeepsKeysButBelievesDns) {
  const auto message = read_message(signature(kText) + signature(kText) + kText);
  KeptKeys keys;
  const auto verdict = [&](const dns::Answers& answers) {
    const auto step = verify(message, answers, kNow, {.keys = &keys});
    return std::get<Report>(step).signatures.front().verdict;
  };
  EXPECT_EQ(verdict(good()), Verdict::pass);
  EXPECT_EQ(keys.size(), 1U);
  // What the name holds now is what counts, though the key it held is known.
  const auto other = crypto::PrivateKey::generate(crypto::KeyKind::ed25519).value();
  EXPECT_EQ(verdict({{question(), records({to_key_record(other)})}}), Verdict::fail);
  EXPECT_EQ(verdict({{question(), records({"p="})}}), Verdict::permerror);
  EXPECT_EQ(verdict({{question(), records({"k=ed25519; p=AAAA"})}}), Verdict::permerror);
  EXPECT_EQ(verdict({{question(), {}}}), Verdict::temperror);
  EXPECT_EQ(verdict(good()), Verdict::pass);
  EXPECT_EQ(keys.size(), 2U);
}

TEST(DkimVerify, KeysForTlsReportsAloneCountThereAlone) {
  // v= has to come first, if it is there at all.
  const auto with = [](const std::string& services) {
    auto record = to_key_record(key());
    record.erase(0, record.find(';') + 1);
    return dns::Answers{{question(), records({"s=" + services + ";" + record})}};
  };
  const auto text = signature(kText) + kText;
  const auto only = result(text, with("tlsrpt"));
  EXPECT_EQ(only.verdict, Verdict::permerror);
  EXPECT_EQ(only.reason, kNotForEmail);
  EXPECT_TRUE(only.for_tls_reports);
  EXPECT_FALSE(result(text + "more\r\n", with("tlsrpt")).for_tls_reports);
  const auto altered = signature(kText) + "From: Eve <eve@a.example>" + kText.substr(25);
  EXPECT_FALSE(result(altered, with("tlsrpt")).for_tls_reports);
  EXPECT_FALSE(result(text, with("x")).for_tls_reports);
  EXPECT_EQ(result(text, with("email:tlsrpt")).verdict, Verdict::pass);
  EXPECT_FALSE(result(text, good()).for_tls_reports);
  // While keys are changed there are several records, in any order.
  const auto other = crypto::PrivateKey::generate(crypto::KeyKind::ed25519).value();
  auto both = std::get<dns::Txt>(with("tlsrpt").at(question()).records.front()).text;
  for (const bool first : {true, false}) {
    const auto two =
        first ? records({both, to_key_record(other)}) : records({to_key_record(other), both});
    EXPECT_TRUE(result(text, {{question(), two}}).for_tls_reports) << first;
  }
  const auto cut = signature(kText, {.more = "; l=1"}) + kText;
  EXPECT_FALSE(result(cut, with("tlsrpt")).for_tls_reports);
}

/// Seconds without halving, for each such message.
TEST(DkimVerify, ManyFieldsNamedManyTimesTakeNoTime) {
  std::string text;
  for (int i = 0; i < 9'000; ++i) text += "a:\r\n";
  Made made;
  for (int i = 0; i < 60'000; ++i) made.fields.emplace_back(i % 2 == 0 ? "a" : "b");
  text += kText;
  const auto whole = signature(text, made) + text;
  EXPECT_EQ(result(whole).verdict, Verdict::pass) << result(whole).reason;
}

TEST(DkimVerify, ReportsNothingOfUnsignedMail) {
  const auto step = verify(read_message(kText), {}, kNow);
  EXPECT_TRUE(std::get<Report>(step).signatures.empty());
}

TEST(DkimVerify, FailsWhatWasAltered) {
  auto text = signature(kText) + kText;
  text.replace(text.find("Hello"), 5, "Hallo");
  EXPECT_EQ(result(text).verdict, Verdict::fail);
  text = signature(kText) + kText + "More.\r\n";
  EXPECT_EQ(result(text).verdict, Verdict::fail);
  EXPECT_EQ(result(text).reason, "the body was altered");
  // Unless the key is of no use; and then DNS that fails does not matter.
  EXPECT_EQ(result(text, {{question(), records({"p="})}}).verdict, Verdict::permerror);
  EXPECT_EQ(result(text, {{question(), {}}}).verdict, Verdict::fail);
}

TEST(DkimVerify, ChoosesFieldsFromTheBottomUp) {
  const std::string twice = "Subject: One\r\n" + kText;
  const auto signed_twice = signature(twice, {.fields = {"from", "subject", "subject", "subject"}});
  EXPECT_EQ(result(signed_twice + twice).verdict, Verdict::pass);
  EXPECT_EQ(result(signed_twice + "Subject: Two\r\n" + twice).verdict, Verdict::fail);
  // The lower one is the one that counts.
  EXPECT_EQ(result(signature(kText) + twice).verdict, Verdict::pass);
}

TEST(DkimVerify, NeverPassesWhatReadersCannotRelyOn) {
  const auto no_from = signature(kText, {.fields = {"to", "subject"}}) + kText;
  EXPECT_EQ(result(no_from).verdict, Verdict::policy);
  EXPECT_TRUE(asks_nothing(no_from));
  const auto no_subject = signature(kText, {.fields = {"from"}}) + kText;
  EXPECT_EQ(result(no_subject).verdict, Verdict::policy);
  EXPECT_TRUE(asks_nothing(no_subject));
  EXPECT_EQ(result("From: x@evil.example\r\n" + signature(kText) + kText).reason,
            "one of several From fields is not signed");
  const std::string plain = "From: ann@a.example\r\n\r\nHi.\r\n";
  EXPECT_EQ(result(signature(plain, {.fields = {"from"}}) + plain).verdict, Verdict::pass);
}

TEST(DkimVerify, DoesNotRelyOnPartsOfBodies) {
  const Made part{.more = "; l=3", .body = {.canon = Canon::relaxed, .length = 3}};
  const auto text = signature(kText, part) + kText;
  EXPECT_EQ(result(text + "More").verdict, Verdict::policy);
  EXPECT_EQ(result(text + "More").body_length, 3U);
  EXPECT_EQ(result(text, {{question(), {}}}).verdict, Verdict::policy);  // could never pass
  auto altered = text;
  altered.replace(altered.find("Hi."), 3, "Ho.");
  EXPECT_EQ(result(altered).verdict, Verdict::fail);
  const Made longer{.more = "; l=100", .body = {.canon = Canon::relaxed, .length = 100}};
  EXPECT_EQ(result(signature(kText, longer) + kText).verdict, Verdict::fail);
}

TEST(DkimVerify, LooksAtTimes) {
  const auto with = [](const std::string& more) {
    return signature(kText, {.more = more}) + kText;
  };
  EXPECT_EQ(result(with("; t=1760000599")).verdict, Verdict::pass);
  EXPECT_EQ(result(with("; t=1760000601")).verdict, Verdict::permerror);
  EXPECT_EQ(result(with("; x=1759999401")).verdict, Verdict::pass);
  EXPECT_EQ(result(with("; x=1759999399")).verdict, Verdict::permerror);
  EXPECT_TRUE(asks_nothing(with("; x=1759999399")));
}

TEST(DkimVerify, TellsWhatIsWrongWithKeys) {
  const auto text = signature(kText) + kText;
  const auto with = [&](dns::Answer answer) {
    return result(text, {{question(), std::move(answer)}});
  };
  const auto record = to_key_record(key());
  dns::Answer none{.status = dns::Status::insecure, .outcome = dns::Outcome::nxdomain};
  EXPECT_EQ(with(none).verdict, Verdict::permerror);
  none.outcome = dns::Outcome::no_data;
  EXPECT_EQ(with(none).verdict, Verdict::permerror);
  EXPECT_EQ(with(none).reason, "no key at the selector");
  none.outcome = dns::Outcome::timeout;
  EXPECT_EQ(with(none).verdict, Verdict::temperror);
  EXPECT_EQ(with({.status = dns::Status::bogus}).verdict, Verdict::temperror);
  EXPECT_EQ(with(records({"v=spf1 -all"})).reason, "no key record at the selector");
  EXPECT_EQ(with(records({"v=DKIM1; k=ed25519; p=AAAA"})).reason, "the key is malformed");
  EXPECT_EQ(with(records({record + "; s=tlsrpt"})).verdict, Verdict::permerror);
  const auto testing = with(records({record + "; t=y"}));
  EXPECT_EQ(testing.verdict, Verdict::pass);
  EXPECT_TRUE(testing.testing);
  const auto other = crypto::PrivateKey::generate(crypto::KeyKind::ed25519).value();
  EXPECT_EQ(with(records({to_key_record(other)})).verdict, Verdict::fail);
}

TEST(DkimVerify, TriesSeveralKeyRecords) {
  const auto text = signature(kText) + kText;
  const auto record = to_key_record(key());
  const auto with = [&](std::vector<std::string> texts) {
    return result(text, {{question(), records(std::move(texts))}}).verdict;
  };
  EXPECT_EQ(with({"hello", "p=", record}), Verdict::pass);
  EXPECT_EQ(with({"p=", "p=", "p=", "p=", record}), Verdict::permerror);  // no more than 4
}

/// DER with a length in two octets when one is not enough.
std::string element(char tag, const std::string& contents) {
  std::string out(1, tag);
  const auto size = contents.size();
  if (size >= 0x80) {
    out += '\x82';
    out += static_cast<char>(size >> 8U);
  }
  out += static_cast<char>(size & 0xffU);
  return out + contents;
}

TEST(DkimVerify, DistrustsRsaKeysOfOtherSizes) {
  auto text = signature(kText) + kText;
  text.replace(text.find("ed25519-sha256"), 14, "rsa-sha256");
  // A modulus of 16 and of 16,384 bits, all ones, and exponent 65537.
  for (const std::size_t octets : {std::size_t{2}, std::size_t{2048}}) {
    const auto modulus = std::string(1, '\0') + std::string(octets, '\xff');
    const auto der =
        element('\x30', element('\x02', modulus) + element('\x02', std::string{"\x01\x00\x01", 3}));
    const auto found = result(text, {{question(), records({"p=" + text::to_base64(der)})}});
    EXPECT_EQ(found.verdict, Verdict::permerror) << found.reason;
    EXPECT_EQ(found.key_bits, octets * 8);
  }
}

TEST(DkimVerify, LeavesWhatIsTooMuch) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += signature(kText, {.domain = "x.example"});
  const auto message = read_message(text + signature(kText) + kText);
  const auto step = verify(message, {}, kNow);
  EXPECT_EQ(std::get<dns::Need>(step).questions.size(), 1U);  // not looked at beyond 1,000
  const auto done =
      verify(message, {{question("x.example"), records({to_key_record(key())})}}, kNow);
  const auto& report = std::get<Report>(done);
  EXPECT_EQ(report.signatures.size(), kMaxListed);
  EXPECT_EQ(report.signatures.at(kMaxEvaluated - 1).verdict, Verdict::pass);
  EXPECT_EQ(report.signatures.at(kMaxEvaluated).verdict, Verdict::neutral);
  EXPECT_EQ(report.unlisted, 1001 - kMaxListed);

  const auto huge = verify(
      read_message(signature(kText) + "A: " + std::string(kMaxHeader, 'a') + kText), {}, kNow);
  ASSERT_EQ(std::get<Report>(huge).signatures.size(), 1U);
  EXPECT_EQ(std::get<Report>(huge).signatures.front().verdict, Verdict::neutral);
}

}  // namespace
}  // namespace postern::dkim
