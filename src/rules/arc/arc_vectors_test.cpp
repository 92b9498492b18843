// Chains with known verdicts, and what was sealed by others: tests/data/arc (see its README).
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "arc/seal.hpp"
#include "dkim/key_record.hpp"
#include "text/ascii.hpp"

namespace postern::arc {
namespace {

namespace fs = std::filesystem;

const fs::path kData = fs::path{POSTERN_TEST_DATA} / "arc";
const Timestamp kNow{std::chrono::seconds{1'760'000'000}};

using Row = std::vector<std::string>;

std::string unescaped(std::string_view text) {
  static const std::map<char, char> kNamed = {{'n', '\n'}, {'r', '\r'}, {'t', '\t'}, {'\\', '\\'}};
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at)
    out += text.at(at) == '\\' ? kNamed.at(text.at(++at)) : text.at(at);
  return out;
}

std::vector<Row> rows_of(const fs::path& path) {
  std::ifstream in{path, std::ios::binary};
  EXPECT_TRUE(in) << path;
  std::vector<Row> rows;
  for (std::string line; std::getline(in, line);) {
    auto& row = rows.emplace_back();
    for (const auto cell : text::split(line, '\t')) row.push_back(unescaped(cell));
  }
  return rows;
}

dns::Answers dns_of(const std::string& group) {
  dns::Answers out;
  for (const auto& row : rows_of(kData / "keys.tsv")) {
    if (row.at(0) != group) continue;
    auto& answer = out[{dns::Name::parse(row.at(1)).value(), dns::Type::txt}];
    answer = {.status = dns::Status::secure, .outcome = dns::Outcome::found};
    answer.records.emplace_back(dns::Txt{row.at(3)});
  }
  return out;
}

Validation run(const dkim::Message& message, const dns::Answers& dns) {
  dns::Answers answers;
  auto step = validate(message, answers, kNow);
  if (const auto* need = std::get_if<dns::Need>(&step)) {
    for (const auto& question : need->questions) {
      const auto at = dns.find(question);
      answers[question] = at != dns.end() ? at->second
                                          : dns::Answer{.status = dns::Status::insecure,
                                                        .outcome = dns::Outcome::nxdomain};
    }
    step = validate(message, answers, kNow);
  }
  return std::get<Validation>(step);
}

std::string name_of(const testing::TestParamInfo<Row>& param) {
  std::string out = param.param.at(0) + "_" + param.param.at(1);
  for (char& c : out)
    if (!text::is_alnum(c)) c = '_';
  return out;
}

class Validate : public testing::TestWithParam<Row> {};
INSTANTIATE_TEST_SUITE_P(Arc, Validate, testing::ValuesIn(rows_of(kData / "validate.tsv")),
                         name_of);

// Columns: group, name, status, description, message.
TEST_P(Validate, HasTheStatus) {
  const auto& row = GetParam();
  const auto found = run(dkim::read_message(row.at(4)), dns_of(row.at(0)));
  EXPECT_EQ(to_string(found.status), row.at(2)) << row.at(3) << "\n" << found.reason;
}

class SealAs : public testing::TestWithParam<Row> {};
INSTANTIATE_TEST_SUITE_P(Arc, SealAs, testing::ValuesIn(rows_of(kData / "sign.tsv")), name_of);

std::string without_folding(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool blank = text::is_wsp(c) || c == '\r' || c == '\n';
    if (!blank)
      out += c;
    else if (!out.ends_with(' '))
      out += ' ';
  }
  return std::string{text::trim(out)};
}

/// A tag's value without blanks, for comparison.
std::string tag_of(std::string_view value, std::string_view name) {
  const auto tags = dkim::TagList::parse(value);
  const auto* tag = tags ? tags->find(name) : nullptr;
  return tag ? dkim::without_blanks(tag->value) : "-";
}

/// The domain whose key is made anew for the test, since private keys are nobody's test data.
dns::Answers with_key(dns::Answers dns, const crypto::PrivateKey& key) {
  dns[{dns::Name::parse("dummy._domainkey.new.example.org").value(), dns::Type::txt}] = {
      .status = dns::Status::secure,
      .outcome = dns::Outcome::found,
      .records = {dns::Txt{dkim::to_key_record(key)}}};
  return dns;
}

// Columns: group, name, description, AAR, AMS, AS, signed fields, message. An empty AAR: no set is
// added.
TEST_P(SealAs, MakesTheSameStructure) {
  const auto& row = GetParam();
  static const auto key = crypto::PrivateKey::generate(crypto::KeyKind::rsa).value();
  const auto dns = with_key(dns_of(row.at(0)), key);
  const auto message = dkim::read_message(row.at(7), {.bodies = {dkim::kSignedBody}});
  const auto found = run(message, dns);
  // What the sealer would write of the chain is what these vectors' payloads say already.
  const auto instance = parse_results(row.at(3));
  const std::string payload{instance ? instance->payload : "none"};
  std::string results;
  for (const auto c : without_folding(payload)) results += c;
  SealSettings settings;
  settings.fields.clear();
  for (const auto name : dkim::split_list(row.at(6))) settings.fields.emplace_back(name);
  const dkim::Signer signer{.domain = "new.example.org", .selector = "dummy", .key = key};
  const auto sealed = seal(message, {.found = found, .results = results}, signer, kNow, settings);
  if (row.at(3).empty()) {
    ASSERT_FALSE(sealed);
    EXPECT_EQ(sealed.error().code, Errc::policy_reject);
    return;
  }
  ASSERT_TRUE(sealed) << sealed.error().detail;
  const auto whole = dkim::read_message(*sealed + row.at(7));
  const auto field = [&whole](std::size_t i) {
    return std::string{whole.value(whole.fields.at(i))};
  };
  ASSERT_EQ(whole.name(whole.fields.at(0)), "ARC-Seal");
  for (const auto* tag : {"a", "i", "cv", "s"})
    EXPECT_EQ(tag_of(field(0), tag), tag_of(row.at(5), tag)) << tag;
  ASSERT_EQ(whole.name(whole.fields.at(1)), "ARC-Message-Signature");
  for (const auto* tag : {"a", "i", "c", "bh", "s"})
    EXPECT_EQ(tag_of(field(1), tag), tag_of(row.at(4), tag)) << tag;
  ASSERT_EQ(whole.name(whole.fields.at(2)), "ARC-Authentication-Results");
  EXPECT_EQ(without_folding(field(2)), without_folding(row.at(3)));
  const auto again = run(whole, dns);
  EXPECT_EQ(again.status, found.status == Status::fail ? Status::fail : Status::pass)
      << again.reason;
}

}  // namespace
}  // namespace postern::arc
