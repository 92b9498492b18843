// Messages with known verdicts: tests/data/dkim and dkim-generated (each has a README).
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dkim/verify.hpp"
#include "text/ascii.hpp"

namespace postern::dkim {
namespace {

namespace fs = std::filesystem;

const fs::path kData{POSTERN_TEST_DATA};

std::string slurp(const fs::path& path) {
  std::ifstream in{path, std::ios::binary};
  EXPECT_TRUE(in) << path;
  return {std::istreambuf_iterator<char>{in}, {}};
}

std::vector<std::vector<std::string>> rows_of(const fs::path& path) {
  std::vector<std::vector<std::string>> rows;
  std::istringstream in{slurp(path)};
  for (std::string line; std::getline(in, line);) {
    auto& row = rows.emplace_back();
    for (const auto cell : text::split(line, '\t')) row.emplace_back(cell);
  }
  return rows;
}

std::string unescaped(std::string_view text) {
  static const std::map<char, char> kNamed = {{'n', '\n'}, {'r', '\r'}, {'t', '\t'}, {'\\', '\\'}};
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at)
    out += text.at(at) == '\\' ? kNamed.at(text.at(++at)) : text.at(at);
  return out;
}

/// The DNS of one case: rows `case name kind text`.
class Dns {
 public:
  Dns(const fs::path& keys, const std::string& wanted) {
    for (const auto& row : rows_of(keys)) {
      if (row.at(0) != wanted && row.at(0) != "*") continue;
      auto& answer = answers_[{dns::Name::parse(row.at(1)).value(), dns::Type::txt}];
      answer = {.status = dns::Status::insecure, .outcome = dns::Outcome::found};
      if (row.at(2) == "txt") answer.records.emplace_back(dns::Txt{unescaped(row.at(3))});
      if (row.at(2) == "nxdomain") answer.outcome = dns::Outcome::nxdomain;
      if (row.at(2) == "timeout") answer.outcome = dns::Outcome::timeout;
    }
  }

  dns::Answer ask(const dns::Question& question) const {
    const auto at = answers_.find(question);
    if (at != answers_.end()) return at->second;
    return {.status = dns::Status::insecure, .outcome = dns::Outcome::nxdomain};
  }

 private:
  dns::Answers answers_;
};

Report run(const Message& message, const Dns& dns, std::int64_t now) {
  const Timestamp time{std::chrono::seconds{now}};
  dns::Answers answers;
  auto step = verify(message, answers, time);
  if (const auto* need = std::get_if<dns::Need>(&step)) {
    EXPECT_LE(need->questions.size(), kMaxEvaluated);
    for (const auto& question : need->questions) answers[question] = dns.ask(question);
    step = verify(message, answers, time);
  }
  return std::get<Report>(step);
}

std::string verdicts(const Report& report) {
  std::string out;
  for (const auto& each : report.signatures) {
    if (!out.empty()) out += ',';
    out += to_string(each.verdict);
  }
  return out;
}

std::string reasons(const Report& report) {
  std::string out;
  for (const auto& each : report.signatures)
    out += each.domain + " " + each.selector + ": " + each.reason + "\n";
  return out;
}

std::string name_of(const testing::TestParamInfo<std::vector<std::string>>& param) {
  std::string out = param.param.at(0);
  for (char& c : out)
    if (!text::is_alnum(c)) c = '_';
  return out;
}

using Row = std::vector<std::string>;

class Collected : public testing::TestWithParam<Row> {};
INSTANTIATE_TEST_SUITE_P(Dkim, Collected, testing::ValuesIn(rows_of(kData / "dkim/cases.tsv")),
                         name_of);

// Columns: message, now, the verdicts here, the source's own, its note.
TEST_P(Collected, HasTheVerdict) {
  const auto& row = GetParam();
  const auto text = slurp(kData / "dkim" / (row.at(0) + ".eml"));
  const Dns dns{kData / "dkim/keys.tsv", row.at(0)};
  const auto report = run(read_message(text), dns, std::stoll(row.at(1)));
  EXPECT_EQ(verdicts(report), row.at(2)) << reasons(report);
}

TEST_P(Collected, HasItFedByteByByteToo) {
  const auto& row = GetParam();
  const auto text = slurp(kData / "dkim" / (row.at(0) + ".eml"));
  const Dns dns{kData / "dkim/keys.tsv", row.at(0)};
  MessageReader reader;
  for (std::size_t i = 0; i < text.size(); ++i) reader.feed(std::string_view{text}.substr(i, 1));
  EXPECT_EQ(verdicts(run(reader.finish(), dns, std::stoll(row.at(1)))), row.at(2));
}

class Generated : public testing::TestWithParam<Row> {};
INSTANTIATE_TEST_SUITE_P(Dkim, Generated,
                         testing::ValuesIn(rows_of(kData / "dkim-generated/cases.tsv")), name_of);

// Columns: message, the verdict here, what follows from the RFCs alone, what was done to it.
TEST_P(Generated, HasTheVerdict) {
  const auto& row = GetParam();
  const auto text = slurp(kData / "dkim-generated" / (row.at(0) + ".eml"));
  const Dns dns{kData / "dkim-generated/keys.tsv", "*"};
  const auto report = run(read_message(text), dns, 1'800'000'000);
  EXPECT_EQ(verdicts(report), row.at(1)) << row.at(2) << "; " << row.at(3) << "\n"
                                         << reasons(report);
}

// RFC 8463 A.3 tells what is to be found in its message.
TEST(DkimVectors, DescribeRfc8463) {
  const auto text = slurp(kData / "dkim/mimekit-rfc8463.eml");
  const Dns dns{kData / "dkim/keys.tsv", "mimekit-rfc8463"};
  const auto report = run(read_message(text), dns, 1'800'000'000);
  ASSERT_EQ(report.signatures.size(), 2U);
  const auto& first = report.signatures.front();
  EXPECT_EQ(first.domain, "football.example.com");
  EXPECT_EQ(first.selector, "brisbane");
  EXPECT_EQ(first.identity, "@football.example.com");
  EXPECT_EQ(first.algorithm, "ed25519-sha256");
  EXPECT_EQ(first.start, "/gCrinpcQOoI");
  EXPECT_EQ(first.key_bits, 256U);
  EXPECT_TRUE(first.aligned);
  EXPECT_FALSE(first.secure);
  const auto& second = report.signatures.back();
  EXPECT_EQ(second.selector, "test");
  EXPECT_EQ(second.algorithm, "rsa-sha256");
  EXPECT_EQ(second.key_bits, 1024U);
}

// RFC 6376 A.2: the message as printed there, and its key.
TEST(DkimVectors, HoldRfc6376) {
  const auto text = slurp(kData / "dkim/dkimverifier-004.eml");
  const auto message = read_message(text);
  ASSERT_EQ(message.signatures.size(), 1U);
  const auto& signature = message.signatures.front().signature;
  EXPECT_EQ(signature.identity, "joe@football.example.com");
  EXPECT_EQ(signature.body.canon, Canon::simple);
  EXPECT_THAT(signature.fields,
              testing::ElementsAre("received", "from", "to", "subject", "date", "message-id"));
}

}  // namespace
}  // namespace postern::dkim
