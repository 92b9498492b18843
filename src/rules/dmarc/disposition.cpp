#include "dmarc/disposition.hpp"

#include <algorithm>
#include <utility>

#include "text/ascii.hpp"

namespace postern::dmarc {
namespace {

/// `text` as it may stand in a reply or report.
std::string plain(std::string_view text) {
  constexpr std::size_t kMost = 200;
  std::string out{text.substr(0, kMost)};
  std::ranges::replace_if(out, [](char c) { return text::is_control(c) || text::is_8bit(c); }, '?');
  return out;
}

bool unsigned_message(const Verdict& verdict) {
  return std::ranges::all_of(
      verdict.dkim, [](const Judged& judged) { return judged.identifier.result == Auth::none; });
}

/// "the policy of example.com (sp=reject at _dmarc.example.com)".
std::string policy_of(const Verdict& verdict) {
  std::string out = "the policy of " + verdict.author.to_string();
  if (!verdict.policy_domain) return out;
  out += " (";
  out += to_string(verdict.tag);
  out += '=';
  out += to_string(verdict.asked);
  return out + " at _dmarc." + verdict.policy_domain->to_string() + ")";
}

/// Why a message is accepted that the policy would not let pass; nothing if it is not.
std::optional<OverrideReason> exempted(const Grounds& grounds) {
  if (grounds.account == AccountRule::accept)
    return OverrideReason{Override::local_policy, "the recipient accepts such mail"};
  if (grounds.exception) {
    const bool list = grounds.exception->kind == Exception::Kind::mailing_list;
    return OverrideReason{
        list ? Override::mailing_list : Override::trusted_forwarder,
        (list ? "known mailing list " : "known forwarder ") + plain(grounds.exception->name)};
  }
  if (grounds.trusted_arc) {
    return OverrideReason{Override::trusted_forwarder,
                          "ARC chain sealed by " + plain(grounds.arc_sealer)};
  }
  return std::nullopt;
}

Disposition accept(std::string explanation) {
  return {.action = Action::accept, .explanation = std::move(explanation)};
}

Disposition accept(OverrideReason reason) {
  std::string explanation = "accepted: " + reason.comment;
  return {.action = Action::accept,
          .reasons = {std::move(reason)},
          .explanation = std::move(explanation)};
}

Disposition reject(const Verdict& verdict, SecondGround ground) {
  std::string why{to_string(ground)};
  return {.action = Action::reject,
          .reported = Policy::reject,
          .ground = ground,
          .reply = 550,
          .enhanced = "5.7.26",
          .text = "Refused by DMARC: this mail fails " + policy_of(verdict) + ", and " + why,
          .explanation = "refused: " + policy_of(verdict) + ", and " + why};
}

Disposition defer(const Verdict& verdict) {
  return {.action = Action::defer,
          .reply = 451,
          .enhanced = "4.7.0",
          .text = "DMARC cannot be checked for " + verdict.author.to_string() +
                  ": DNS fails for now, try again later",
          .explanation = "deferred: " + verdict.reason};
}

Disposition junk(const Verdict& verdict, std::optional<OverrideReason> reason) {
  Disposition out{.action = Action::junk,
                  .reported = Policy::quarantine,
                  .explanation = "Junk: " + policy_of(verdict)};
  if (reason) {
    out.explanation += ", " + reason->comment;
    out.reasons.push_back(*std::move(reason));
  }
  return out;
}

/// Where `reject` was asked for and nothing else speaks against the message.
OverrideReason why_not_rejected(const Grounds& grounds) {
  if (grounds.account == AccountRule::junk)
    return {Override::local_policy, "the recipient wants such mail in Junk"};
  if (grounds.mailing_list) return {Override::mailing_list, "it looks like mail of a list"};
  return {Override::local_policy, "mail of this domain has passed by this path before"};
}

Disposition dispose_failed(const Verdict& verdict, const Grounds& grounds) {
  if (verdict.applied == Policy::none) return accept("accepted: " + policy_of(verdict));
  if (auto reason = exempted(grounds)) return accept(*std::move(reason));
  if (verdict.applied == Policy::quarantine) return junk(verdict, std::nullopt);
  if (grounds.account == AccountRule::junk) return junk(verdict, why_not_rejected(grounds));
  const auto found = second_grounds(verdict, grounds);
  if (found.empty()) return junk(verdict, why_not_rejected(grounds));
  return reject(verdict, found.front());
}

Disposition dispose_unknown(const Verdict& verdict, const Grounds& grounds) {
  if (verdict.would_pass)
    return accept("accepted: an identifier of the Author Domain itself passes, " + verdict.reason);
  if (verdict.record && verdict.applied == Policy::none)
    return accept("accepted: " + policy_of(verdict));
  if (auto reason = exempted(grounds)) return accept(*std::move(reason));
  return defer(verdict);
}

}  // namespace

std::string_view to_string(SecondGround ground) {
  switch (ground) {
    case SecondGround::nonexistent_name:  return "the domain does not exist";
    case SecondGround::unsigned_spf_fail: return "SPF fails and there is no DKIM signature";
    case SecondGround::blocklisted:       return "the sender is on a block list";
    case SecondGround::bad_reputation:    return "the sender has a bad reputation";
    case SecondGround::unknown_path:
      return "no trusted forwarder or mailing list vouches for it, nor has such mail come this way "
             "before";
    case SecondGround::strict_option: return "such mail is always refused here";
  }
  return "such mail is always refused here";
}

std::string_view to_string(Override override_type) {
  switch (override_type) {
    case Override::local_policy:      return "local_policy";
    case Override::mailing_list:      return "mailing_list";
    case Override::trusted_forwarder: return "trusted_forwarder";
    case Override::policy_test_mode:  return "policy_test_mode";
    case Override::other:             return "other";
  }
  return "other";
}

std::string_view to_string(Action action) {
  switch (action) {
    case Action::accept: return "accept";
    case Action::junk:   return "junk";
    case Action::reject: return "reject";
    case Action::defer:  return "defer";
  }
  return "accept";
}

std::vector<SecondGround> second_grounds(const Verdict& verdict, const Grounds& grounds) {
  std::vector<SecondGround> out;
  const auto add = [&](bool holds, SecondGround ground) {
    if (holds) out.push_back(ground);
  };
  add(verdict.tag == PolicyTag::np && verdict.nonexistent, SecondGround::nonexistent_name);
  add(verdict.spf.identifier.result == Auth::fail && unsigned_message(verdict),
      SecondGround::unsigned_spf_fail);
  add(grounds.blocklisted, SecondGround::blocklisted);
  add(grounds.bad_reputation, SecondGround::bad_reputation);
  add(!grounds.trusted_arc && !grounds.mailing_list && !grounds.seen_passing,
      SecondGround::unknown_path);
  add(grounds.strict || grounds.account == AccountRule::strict, SecondGround::strict_option);
  return out;
}

Disposition dispose(const Verdict& verdict, const Grounds& grounds) {
  switch (verdict.result) {
    case Conclusion::none:
    case Conclusion::pass:
    case Conclusion::permerror:
      return accept("accepted: DMARC " + std::string{to_string(verdict.result)} + ", " +
                    verdict.reason);
    case Conclusion::temperror: return dispose_unknown(verdict, grounds);
    case Conclusion::fail:      break;
  }
  Disposition out = dispose_failed(verdict, grounds);
  if (verdict.tested) {
    out.reasons.insert(out.reasons.begin(),
                       {Override::policy_test_mode, "the record asks for test mode"});
  }
  return out;
}

}  // namespace postern::dmarc
