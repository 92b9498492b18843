#include "dkim/verify.hpp"

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

#include "crypto/hash.hpp"
#include "vocab/try.hpp"

namespace postern::dkim {
namespace {

constexpr std::size_t kMaxKeys = 4;
/// Room for the fields of most messages.
constexpr std::size_t kHashedRoom = 8192;
constexpr std::string_view kTooMany = "not evaluated: the message has too many signatures";

/// A field that readers go by, of which the signature leaves one or all out.
std::optional<Flaw> check_fields(const Message& message, const Signature& signature) {
  const auto from = signature.fields.count("from");
  if (from == 0) return Flaw{.verdict = Verdict::policy, .reason = "From is not signed"};
  if (from < message.named("from").size())
    return Flaw{.verdict = Verdict::policy, .reason = "one of several From fields is not signed"};
  if (!message.named("subject").empty() && signature.fields.count("subject") == 0)
    return Flaw{.verdict = Verdict::policy, .reason = "Subject is not signed"};
  return std::nullopt;
}

Result<std::shared_ptr<const crypto::PublicKey>> ready_key(const KeyRecord& record,
                                                           crypto::KeySource* known) {
  if (known != nullptr) return known->get(record.key_kind(), record.octets);
  POSTERN_TRY(auto made, public_key(record));
  return std::make_shared<const crypto::PublicKey>(std::move(made));
}

/// A finding on one key record. Without a digest a usable key passes.
KeyCheck check_record(const KeyRecord& record, const Signature& signature,
                      const crypto::Digest* digest, crypto::KeySource* known) {
  KeyCheck out{.testing = record.testing};
  if (const auto flaw = check_key(record, signature)) {
    out.reason = flaw->reason;
    return out;
  }
  const auto made = ready_key(record, known);
  if (!made) {
    out.reason = "the key is malformed";
    return out;
  }
  const crypto::PublicKey& key = **made;
  out.key_bits = key.bits();
  if (!key.usable()) {
    out.reason = key.bits() < crypto::kMinRsaBits   ? "the key is too short"
                 : key.bits() > crypto::kMaxRsaBits ? "the key is too long"
                                                    : "the key is useless";
    return out;
  }
  const bool valid = digest == nullptr || key.verify(*digest, signature.signature);
  if (!record.email) {
    out.for_tls_reports = valid && digest != nullptr;
    out.reason = kNotForEmail;
    return out;
  }
  out.verdict = valid ? Verdict::pass : Verdict::fail;
  out.reason =
      valid ? "the signature is valid" : "the header was altered, or the key is not the signer's";
  return out;
}

/// Which of two findings tells more.
int weight(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass:      return 3;
    case Verdict::policy:    return 2;
    case Verdict::fail:      return 1;
    case Verdict::none:
    case Verdict::neutral:
    case Verdict::temperror:
    case Verdict::permerror: return 0;
  }
  return 0;
}

SignatureResult describe(const SignatureAt& at) {
  const Signature& signature = at.signature;
  return {.verdict = Verdict::neutral,
          .reason = {},
          .domain = signature.domain,
          .selector = signature.selector,
          .identity = signature.identity,
          .algorithm = signature.algorithm_word,
          .start = signature.start,
          .aligned = at.aligned,
          .body_length = signature.body.length};
}

/// What is known of a signature before its key is tried.
struct Candidate {
  const SignatureAt& at;
  std::optional<Flaw> settled;          ///< What can be said without the key, if it decides.
  const dns::Answer* answer = nullptr;  ///< On the key. Null: not to be asked, or not yet known.
};

class Verification {
 public:
  Verification(const Message& message, const dns::Answers& answers, Timestamp now,
               const VerifySettings& settings)
      : message_{message},
        answers_{answers},
        now_{std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count()},
        skew_{std::chrono::floor<std::chrono::seconds>(settings.skew).count()},
        keys_{settings.keys} {}

  std::variant<Report, dns::Need> run() {
    std::set<dns::Question> missing;
    std::vector<Candidate> candidates;
    candidates.reserve(message_.signatures.size());
    for (const auto& at : message_.signatures) {
      auto& candidate = candidates.emplace_back(at, settled(at));
      if (candidate.settled) continue;
      dns::Question question{at.signature.key, dns::Type::txt};
      const auto found = answers_.find(question);
      if (found != answers_.end()) {
        candidate.answer = &found->second;
      } else {
        missing.insert(std::move(question));
      }
    }
    if (!missing.empty()) return dns::Need{.questions = {missing.begin(), missing.end()}};
    Report report{.signatures = {}, .unlisted = message_.unlisted};
    report.signatures.reserve(candidates.size());
    for (auto& candidate : candidates) report.signatures.push_back(result(std::move(candidate)));
    return report;
  }

 private:
  [[nodiscard]] std::optional<Flaw> settled(const SignatureAt& at) const {
    if (!at.evaluated) return Flaw{.verdict = Verdict::neutral, .reason = std::string{kTooMany}};
    if (at.signature.flaw) return at.signature.flaw;
    if (auto flaw = check_times(at.signature, now_, skew_)) return flaw;
    // Such a signature is worth nothing, so that its key is not asked for.
    return check_fields(message_, at.signature);
  }

  [[nodiscard]] SignatureResult result(Candidate candidate) const {
    const SignatureAt& at = candidate.at;
    auto out = describe(at);
    if (candidate.settled) {
      out.verdict = candidate.settled->verdict;
      out.reason = std::move(candidate.settled->reason);
      return out;
    }
    auto checked = check_key_and_body(at, *candidate.answer);
    out.verdict = checked.verdict;
    out.reason = std::move(checked.reason);
    out.key_bits = checked.key_bits;
    out.testing = checked.testing;
    out.secure = checked.secure;
    out.for_tls_reports = checked.for_tls_reports && !at.signature.body.length;
    if (at.signature.body.length && may_pass(out.verdict)) {
      out.verdict = Verdict::policy;
      out.reason = "the body may be added to (l=)";
    }
    return out;
  }

  static bool may_pass(Verdict verdict) {
    return verdict == Verdict::pass || verdict == Verdict::temperror;
  }

  /// A key that is of no use comes before an altered body (the order of RFC 6376 §6.1), but DNS
  /// that fails says nothing on a body that will stay altered.
  [[nodiscard]] KeyCheck check_key_and_body(const SignatureAt& at,
                                            const dns::Answer& answer) const {
    auto flaw = check_body(message_, at.signature);
    if (!flaw) {
      const auto digest = header_hash(message_, at.field, at.signature);
      return check_with_key(answer, at.signature, &digest, keys_);
    }
    auto checked = check_with_key(answer, at.signature, nullptr, keys_);
    if (may_pass(checked.verdict)) {
      checked.verdict = flaw->verdict;
      checked.reason = std::move(flaw->reason);
    }
    return checked;
  }

  const Message& message_;
  const dns::Answers& answers_;
  std::int64_t now_;
  std::int64_t skew_;
  crypto::KeySource* keys_;
};

template <class Names>
void append_each(std::string& out, const Message& message, const Names& names, Canon canon) {
  // How many fields are taken of a name; kept where its first one is in `by_name`.
  std::vector<std::uint32_t> taken(message.by_name.size());
  std::span<const std::uint32_t> fields;
  std::string_view last;
  for (const std::string_view name : names) {
    // Signers who leave no room for another one name each field twice in a row.
    if (name != last) fields = message.named(name);
    last = name;
    if (fields.empty()) continue;
    auto& count = taken.at(static_cast<std::size_t>(fields.data() - message.by_name.data()));
    if (count == fields.size()) continue;
    append_field(out, message.raw(message.fields.at(fields[count])), canon);
    ++count;
  }
}

}  // namespace

void append_selected(std::string& out, const Message& message,
                     const std::vector<std::string>& names, Canon canon) {
  append_each(out, message, names, canon);
}

void append_selected(std::string& out, const Message& message, const FieldNames& names,
                     Canon canon) {
  append_each(out, message, names, canon);
}

void append_unsigned(std::string& out, const Message& message, std::size_t field,
                     const Signature& signature) {
  const auto& at = message.fields.at(field);
  std::string own{message.raw(at)};
  own.erase(at.value_begin - at.begin + signature.b_begin, signature.b_end - signature.b_begin);
  append_field(out, own, signature.header);
  out.resize(out.size() - 2);
}

crypto::Digest header_hash(const Message& message, std::size_t field, const Signature& signature) {
  std::string text;
  text.reserve(std::min(message.header.size(), kHashedRoom));
  append_selected(text, message, signature.fields, signature.header);
  append_unsigned(text, message, field, signature);
  return crypto::sha256(text);
}

std::optional<Flaw> check_body(const Message& message, const Signature& signature) {
  const BodyHash* body = message.body(signature.body);
  if (body == nullptr)
    return Flaw{.verdict = Verdict::neutral, .reason = "the body was not hashed"};
  if (signature.body.length && *signature.body.length > body->octets)
    return Flaw{.verdict = Verdict::fail, .reason = "the body is shorter than what was signed"};
  if (signature.body_hash != crypto::view(body->digest))
    return Flaw{.verdict = Verdict::fail, .reason = "the body was altered"};
  return std::nullopt;
}

KeyCheck check_with_key(const dns::Answer& answer, const Signature& signature,
                        const crypto::Digest* digest, crypto::KeySource* known) {
  KeyCheck best{.secure = answer.secure()};
  if (answer.temporary()) {
    best.verdict = Verdict::temperror;
    best.reason = "DNS cannot tell the key for now";
    return best;
  }
  std::size_t tried = 0;
  bool for_tls_reports = false;
  for (const auto& one : answer.records) {
    const auto* txt = std::get_if<dns::Txt>(&one);
    if (txt == nullptr) continue;
    if (tried == kMaxKeys) break;
    const auto record = parse_key_record(txt->text);
    if (!record) continue;
    auto check = check_record(*record, signature, digest, known);
    check.secure = answer.secure();
    for_tls_reports = for_tls_reports || check.for_tls_reports;
    if (tried++ == 0 || weight(check.verdict) > weight(best.verdict)) best = std::move(check);
    if (best.verdict == Verdict::pass) break;
  }
  best.for_tls_reports = for_tls_reports;
  if (tried == 0)
    best.reason = answer.found() ? "no key record at the selector" : "no key at the selector";
  return best;
}

std::variant<Report, dns::Need> verify(const Message& message, const dns::Answers& answers,
                                       Timestamp now, const VerifySettings& settings) {
  if (!message.header_too_large) return Verification{message, answers, now, settings}.run();
  Report report;
  report.signatures.push_back(
      {.verdict = Verdict::neutral, .reason = "not evaluated: the header is too large"});
  return report;
}

}  // namespace postern::dkim
