// libFuzzer: any message's chain against any DNS, then sealed. It ends within one round of
// questions; what is sealed has one set more, or is refused.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <utility>
#include <variant>

#include "arc/seal.hpp"
#include "arc/validate.hpp"

namespace {

using namespace postern;

void require(bool holds) {
  if (!holds) std::abort();
}

constexpr Timestamp kNow{std::chrono::seconds{1'760'000'000}};

dns::Answer answer_for(std::size_t seed) {
  dns::Answer answer{.status = static_cast<dns::Status>(seed % 3),
                     .outcome = static_cast<dns::Outcome>(seed % 7 < 5 ? seed % 5 : 0)};
  if (!answer.found()) return answer;
  answer.records.emplace_back(
      dns::Txt{"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="});
  return answer;
}

const crypto::PrivateKey& key() {
  static const auto made = crypto::PrivateKey::generate(crypto::KeyKind::ed25519).value();
  return made;
}

arc::Validation decide(const dkim::Message& message, std::size_t seed) {
  dns::Answers answers;
  auto step = arc::validate(message, answers, kNow);
  if (const auto* need = std::get_if<dns::Need>(&step)) {
    require(!need->questions.empty() && need->questions.size() <= 51);
    for (const auto& question : need->questions) answers.emplace(question, answer_for(seed));
    step = arc::validate(message, answers, kNow);
  }
  const auto* found = std::get_if<arc::Validation>(&step);
  require(found != nullptr);
  return *found;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const auto message = dkim::read_message(text, {.bodies = {dkim::kSignedBody}});
  const auto found = decide(message, size);
  require(found.status == arc::Status::none || !found.reason.empty());
  require(found.sealers.size() <= arc::kMaxInstance);
  require(found.status != arc::Status::pass || found.sealers.size() == found.highest);

  const dkim::Signer signer{.domain = "a.example", .selector = "s", .key = key()};
  const auto sealed =
      arc::seal(message, {.found = found, .results = "a.example; none"}, signer, kNow);
  if (!sealed) return 0;
  const auto chain = arc::read_chain(dkim::read_message(*sealed + message.header));
  require(chain.highest == found.highest + 1);
  require(chain.ended == (found.status == arc::Status::fail));
  return 0;
}
