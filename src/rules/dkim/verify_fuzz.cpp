// libFuzzer: any message against any DNS. Nothing passes that was not signed by the one key there
// is, at most one round of at most 8 questions is asked, and pieces give what the whole gives.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <utility>
#include <variant>

#include "dkim/sign.hpp"
#include "dkim/verify.hpp"

namespace {

using namespace postern;

void require(bool holds) {
  if (!holds) std::abort();
}

constexpr Timestamp kNow{std::chrono::seconds{1'760'000'000}};

dns::Answer answer_for(const dns::Question& question, std::size_t seed) {
  dns::Answer answer{.status = static_cast<dns::Status>(seed % 3),
                     .outcome = static_cast<dns::Outcome>(seed % 7 < 5 ? seed % 5 : 0)};
  if (!answer.found()) return answer;
  // The key of RFC 8463 A.2: it signed the message of A.3, which is among the seeds.
  answer.records.emplace_back(
      dns::Txt{question.name.depth() % 2 == 0
                   ? "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
                   : "v=DKIM1; k=rsa; t=y:s; p=MIGJAoGBAL"});
  return answer;
}

dkim::Message in_pieces(std::string_view text) {
  dkim::MessageReader reader{{.bodies = {dkim::kSignedBody}}};
  for (std::size_t step = 1; !text.empty(); step = step % 13 + 1) {
    reader.feed(text.substr(0, step));
    text.remove_prefix(std::min(step, text.size()));
  }
  return reader.finish();
}

void check(const dkim::Report& report) {
  require(report.signatures.size() <= dkim::kMaxListed);
  for (const auto& each : report.signatures) {
    require(!each.reason.empty() && each.start.size() <= 12);
    if (each.verdict != dkim::Verdict::pass) continue;
    require(!each.body_length && each.key_bits == 256 && !each.domain.empty());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const auto message = dkim::read_message(text, {.bodies = {dkim::kSignedBody}});
  const auto pieces = in_pieces(text);
  require(message.header == pieces.header && message.bodies.size() == pieces.bodies.size());
  for (std::size_t i = 0; i < message.bodies.size(); ++i)
    require(message.bodies.at(i).digest == pieces.bodies.at(i).digest);
  require(message.bodies.size() <= dkim::kMaxEvaluated + 2);

  dns::Answers answers;
  auto step = dkim::verify(message, answers, kNow);
  if (const auto* need = std::get_if<dns::Need>(&step)) {
    require(!need->questions.empty() && need->questions.size() <= dkim::kMaxEvaluated);
    for (const auto& question : need->questions)
      answers.emplace(question, answer_for(question, size));
    step = dkim::verify(message, answers, kNow);
  }
  const auto* report = std::get_if<dkim::Report>(&step);
  require(report != nullptr);
  check(*report);
  return 0;
}
