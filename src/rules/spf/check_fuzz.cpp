// libFuzzer: any record, sender and DNS. An evaluation asks nothing twice, asks no more than its
// limits allow, ends, and passes on only printable ASCII.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "spf/check.hpp"
#include "text/ascii.hpp"

namespace {

using namespace postern;

void require(bool holds) {
  if (!holds) std::abort();
}

/// Takes up to the next line feed.
std::string_view take_line(std::string_view& rest) {
  const auto line = rest.substr(0, rest.find('\n'));
  rest.remove_prefix(std::min(rest.size(), line.size() + 1));
  return line;
}

/// TXT questions get the input's lines in turn, others what one octet says.
class FuzzedDns {
 public:
  explicit FuzzedDns(std::string_view input) : all_{input}, rest_{input} {}

  dns::Answer answer(const dns::Question& question) {
    if (rest_.empty()) rest_ = all_;
    dns::Answer out{.status = dns::Status::insecure, .outcome = dns::Outcome::found};
    if (question.type == dns::Type::txt) {
      out.records.emplace_back(dns::Txt{std::string{take_line(rest_)}});
      return out;
    }
    const auto line = take_line(rest_);
    const auto steer = line.empty() ? 0U : static_cast<unsigned char>(line.front());
    out.outcome = static_cast<dns::Outcome>(steer % 5);
    if (!out.found()) return out;
    for (unsigned i = 0; i < steer % 16; ++i) {
      const auto name = dns::Name::parse("h" + std::to_string(i) + ".example").value();
      if (question.type == dns::Type::mx) out.records.emplace_back(dns::Mx{10, name});
      if (question.type == dns::Type::ptr) out.records.emplace_back(dns::Target{name});
      if (question.type == dns::Type::a) {
        out.records.emplace_back(
            text::IpAddress::v4({192, 0, 2, static_cast<std::uint8_t>(steer + i)}));
      }
    }
    if (out.records.empty()) out.outcome = dns::Outcome::no_data;
    return out;
  }

 private:
  std::string_view all_;
  std::string_view rest_;
};

bool printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Records come in at most 64 KiB by DNS; more only slows the search.
  std::string_view input{reinterpret_cast<const char*>(data), std::min<std::size_t>(size, 8192)};
  const auto sender = take_line(input);
  const spf::Query query{.ip = text::IpAddress::v4({192, 0, 2, 1}),
                         .helo = "mail.example.org",
                         .mail_from = sender,
                         .receiver = "mx.example.net",
                         .now = {}};
  FuzzedDns dns{input};
  dns::Answers answers;
  for (;;) {
    auto step = spf::check(query, answers);
    if (const auto* const verdict = std::get_if<spf::Verdict>(&step)) {
      require(printable(verdict->explanation) && verdict->explanation.size() <= 250);
      require(printable(verdict->matched));
      require(verdict->lookups <= 11);
      break;
    }
    const auto& need = std::get<dns::Need>(step);
    require(!need.questions.empty());
    for (const auto& question : need.questions) answers.emplace(question, dns.answer(question));
    // Ten terms, each with ten names at most; the record, the explanation, the peer's names.
    require(answers.size() <= 130);
  }
  return 0;
}
