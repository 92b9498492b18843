#include "arc/seal.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "dkim/verify.hpp"
#include "text/ascii.hpp"
#include "vocab/try.hpp"

namespace postern::arc {
namespace {

using dkim::Canon;

std::string seconds(Timestamp time) {
  const auto since = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch();
  return std::to_string(since.count());
}

/// Whether `results` may be a field's value: no control characters, line breaks only to fold.
bool is_value(std::string_view results) {
  if (text::trim(results).empty()) return false;
  for (std::size_t at = 0; at < results.size(); ++at) {
    const char c = results.at(at);
    const auto next = results.substr(at + 1, 2);
    const bool folds =
        c == '\r' && next.size() == 2 && next.front() == '\n' && text::is_wsp(next.back());
    if (!folds && text::is_control(c) && c != '\t') return false;
    if (folds) ++at;
  }
  return true;
}

/// Why no set can be added to what the message carries.
Result<void> check(const dkim::Message& message, const Chain& chain, const Statement& statement) {
  const auto& found = statement.found;
  if (message.header_too_large || message.named("from").empty())
    return fail(Errc::bad_syntax, "no From field to sign");
  if (chain.ended || found.ended) return fail(Errc::policy_reject, "the chain has ended");
  if (chain.highest >= kMaxInstance) return fail(Errc::policy_reject, "the chain is full");
  const bool fits = found.status == Status::fail ||
                    (found.status == Status::none && chain.empty()) ||
                    (found.status == Status::pass && !chain.sets.empty());
  if (!fits) return fail(Errc::bad_sequence, "not the chain that was validated");
  if (!is_value(statement.results))
    return fail(Errc::bad_syntax, "results that are no field's value");
  return {};
}

/// The canonical form without its CRLF, which is not signed.
std::string unterminated(std::string canonical) {
  canonical.resize(canonical.size() - 2);
  return canonical;
}

class Sealing {
 public:
  Sealing(const dkim::Message& message, const Chain& chain, const dkim::Signer& signer,
          Timestamp now)
      : message_{message},
        chain_{chain},
        signer_{signer},
        instance_{std::to_string(chain.highest + 1)},
        now_{seconds(now)} {}

  [[nodiscard]] std::string results(std::string_view payload) const {
    std::string out = "ARC-Authentication-Results: i=" + instance_ + "; ";
    return out.append(payload).append("\r\n");
  }

  [[nodiscard]] Result<std::string> message_signature(const std::vector<std::string>& fields,
                                                      std::string_view body_hash) const {
    dkim::SignedFields wanted{.oversigned = {"from"}, .signed_if_there = fields};
    std::erase(wanted.signed_if_there, "from");
    const auto names = dkim::names_to_sign(message_, wanted);
    auto field = begin("ARC-Message-Signature");
    field.tag("c", "relaxed/relaxed").tag("t", now_);
    field.list("h", names).base64("bh", body_hash).open_signature();
    std::string hashed;
    dkim::append_selected(hashed, message_, names, Canon::relaxed);
    dkim::append_field(hashed, field.text(), Canon::relaxed);
    return dkim::close_signature(std::move(field), unterminated(std::move(hashed)), signer_.key);
  }

  [[nodiscard]] Result<std::string> seal(Status status, std::string_view results,
                                         std::string_view message_signature) const {
    auto field = begin("ARC-Seal");
    field.tag("cv", to_string(status)).tag("t", now_).open_signature();
    std::string hashed;
    if (status == Status::pass) {
      for (const Set& set : chain_.sets) {
        append_results(hashed, message_, set);
        append_seal(hashed, message_, set);
      }
    }
    dkim::append_field(hashed, results, Canon::relaxed);
    dkim::append_field(hashed, message_signature, Canon::relaxed);
    dkim::append_field(hashed, field.text(), Canon::relaxed);
    return dkim::close_signature(std::move(field), unterminated(std::move(hashed)), signer_.key);
  }

 private:
  [[nodiscard]] dkim::FieldWriter begin(std::string_view name) const {
    dkim::FieldWriter field{name};
    field.tag("i", instance_).tag("a", to_string(dkim::algorithm_of(signer_.key)));
    field.tag("d", signer_.domain).tag("s", signer_.selector);
    return field;
  }

  const dkim::Message& message_;
  const Chain& chain_;
  const dkim::Signer& signer_;
  std::string instance_;
  std::string now_;
};

}  // namespace

Result<std::string> seal(const dkim::Message& message, const Statement& statement,
                         const dkim::Signer& signer, Timestamp now, const SealSettings& settings) {
  const Chain chain = read_chain(message);
  POSTERN_CHECK(check(message, chain, statement));
  POSTERN_CHECK(dkim::check_signer(signer));
  const auto* body = message.body(dkim::kSignedBody);
  if (body == nullptr) return fail(Errc::bad_sequence, "the body was not hashed for signing");
  const Sealing sealing{message, chain, signer, now};
  const auto aar = sealing.results(statement.results);
  POSTERN_TRY(const auto ams,
              sealing.message_signature(settings.fields, crypto::view(body->digest)));
  POSTERN_TRY(const auto as, sealing.seal(statement.found.status, aar, ams));
  return as + ams + aar;
}

}  // namespace postern::arc
