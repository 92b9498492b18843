#include "arc/validate.hpp"

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

#include "crypto/hash.hpp"
#include "dkim/verify.hpp"

namespace postern::arc {
namespace {

dns::Question question_for(const dkim::Signature& signature) {
  return {signature.key, dns::Type::txt};
}

class Validating {
 public:
  Validating(const dkim::Message& message, const dns::Answers& answers, Timestamp now,
             const Settings& settings)
      : message_{message},
        answers_{answers},
        now_{std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count()},
        skew_{std::chrono::floor<std::chrono::seconds>(settings.skew).count()},
        keys_{settings.keys},
        chain_{read_chain(message)} {
    out_.highest = chain_.highest;
    out_.ended = chain_.ended;
  }

  std::variant<Validation, dns::Need> run() {
    if (message_.header_too_large) return failed("the header is too large");
    if (chain_.empty()) {
      out_.reason = "no ARC fields";
      return out_;
    }
    if (chain_.fault) return failed(*chain_.fault);
    for (const Set& set : chain_.sets) describe(set);
    if (const auto reason = without_keys()) return failed(*reason);
    auto need = missing();
    if (!need.questions.empty()) return need;
    for (std::size_t i = 0; i < chain_.sets.size(); ++i) {
      const auto question = question_for(chain_.sets.at(i).seal.signature);
      out_.sealers.at(i).secure = answers_.at(question).secure();
    }
    return with_keys();
  }

 private:
  Validation failed(std::string reason) {
    out_.status = Status::fail;
    out_.reason = std::move(reason);
    return out_;
  }

  void describe(const Set& set) {
    out_.sealers.push_back({.instance = static_cast<std::uint8_t>(out_.sealers.size() + 1),
                            .domain = set.seal.signature.domain,
                            .selector = set.seal.signature.selector,
                            .message_domain = set.message.signature.domain,
                            .results = set.results.payload});
  }

  /// What breaks the chain whatever the keys are.
  [[nodiscard]] std::optional<std::string> without_keys() const {
    const auto& newest = chain_.sets.back().message.signature;
    if (newest.flaw) return "the newest ARC-Message-Signature: " + newest.flaw->reason;
    if (const auto flaw = dkim::check_times(newest, now_, skew_))
      return "the newest ARC-Message-Signature: " + flaw->reason;
    // Else a sealed message could be given another author.
    if (newest.fields.count("from") == 0)
      return "the newest ARC-Message-Signature: From is not signed";
    if (newest.body.length) return "the newest ARC-Message-Signature: l= is not accepted";
    for (const Set& set : chain_.sets) {
      const auto& flaw = set.seal.signature.flaw;
      if (flaw) return "an ARC-Seal: " + flaw->reason;
    }
    if (const auto flaw = dkim::check_body(message_, newest))
      return "the newest ARC-Message-Signature: " + flaw->reason;
    return std::nullopt;
  }

  [[nodiscard]] dns::Need missing() const {
    std::set<dns::Question> out;
    const auto add = [&](const dkim::Signature& signature) {
      if (!answers_.contains(question_for(signature))) out.insert(question_for(signature));
    };
    add(chain_.sets.back().message.signature);
    for (const Set& set : chain_.sets) add(set.seal.signature);
    return {.questions = {out.begin(), out.end()}};
  }

  Validation with_keys() {
    const auto& newest = chain_.sets.back().message;
    const auto header = dkim::header_hash(message_, newest.field, newest.signature);
    if (!holds(newest.signature, header, "the newest ARC-Message-Signature: ")) return out_;
    const auto hashes = seal_hashes();
    for (std::size_t i = hashes.size(); i > 0; --i) {
      if (!holds(chain_.sets.at(i - 1).seal.signature, hashes.at(i - 1), "an ARC-Seal: "))
        return out_;
    }
    out_.status = Status::pass;
    out_.reason = "the chain is whole";
    return out_;
  }

  /// What each seal signs: all sets before it, and its own (RFC 8617 §5.1.1).
  [[nodiscard]] std::vector<crypto::Digest> seal_hashes() const {
    std::vector<crypto::Digest> out;
    std::string before;
    std::string own;
    crypto::Sha256 hash;
    for (const Set& set : chain_.sets) {
      append_results(before, message_, set);
      own.clear();
      dkim::append_unsigned(own, message_, set.seal.field, set.seal.signature);
      hash.update(before);
      hash.update(own);
      out.push_back(hash.finish());
      append_seal(before, message_, set);
    }
    return out;
  }

  bool holds(const dkim::Signature& signature, const crypto::Digest& digest,
             const std::string& what) {
    const auto check =
        dkim::check_with_key(answers_.at(question_for(signature)), signature, &digest, keys_);
    if (check.verdict == dkim::Verdict::pass) return true;
    out_.status = Status::fail;
    out_.reason = what + check.reason;
    out_.dns_failed = check.verdict == dkim::Verdict::temperror;
    return false;
  }

  const dkim::Message& message_;
  const dns::Answers& answers_;
  std::int64_t now_;
  std::int64_t skew_;
  crypto::KeySource* keys_;
  Chain chain_;
  Validation out_;
};

}  // namespace

std::variant<Validation, dns::Need> validate(const dkim::Message& message,
                                             const dns::Answers& answers, Timestamp now,
                                             const Settings& settings) {
  return Validating{message, answers, now, settings}.run();
}

}  // namespace postern::arc
