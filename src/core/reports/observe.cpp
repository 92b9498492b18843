#include "reports/observe.hpp"

#include <algorithm>
#include <utility>

#include "dns/name.hpp"
#include "feedback/words.hpp"

namespace postern::reports {
namespace {

using feedback::AuthResult;

/// The same word in the vocabulary of reports.
template <class To>
To same(auto word) {
  return feedback::value_of<To>(to_string(word));
}

feedback::Alignment mode_of(dmarc::AlignmentMode mode) {
  return mode == dmarc::AlignmentMode::strict ? feedback::Alignment::strict
                                              : feedback::Alignment::relaxed;
}

feedback::PolicyPublished policy_of(const dmarc::Verdict& verdict, const dmarc::Record& record) {
  return {.domain = verdict.policy_domain ? verdict.policy_domain->to_string() : std::string{},
          .p = same<feedback::Policy>(record.policy()),
          .sp = same<feedback::Policy>(record.subdomain_policy()),
          .np = same<feedback::Policy>(record.nonexistent_policy()),
          .adkim = mode_of(record.adkim),
          .aspf = mode_of(record.aspf),
          .fo = record.fo,
          .testing = record.testing,
          .discovery_method = verdict.boundary == dmarc::Boundary::public_suffix
                                  ? feedback::Discovery::psl
                                  : feedback::Discovery::treewalk,
          .pct = {},
          .psd = {}};
}

/// RFC 9990 §3.1.1.9.
feedback::Disposition disposition_of(const dmarc::Verdict& verdict,
                                     const dmarc::Disposition& what) {
  if (verdict.result == dmarc::Conclusion::pass && verdict.applied != dmarc::Policy::none)
    return feedback::Disposition::pass;
  return same<feedback::Disposition>(what.reported);
}

/// In fixed words: the disposition's own may tell strangers what one of our people wishes, and whom
/// they know.
std::string_view words_for(dmarc::Override type) {
  switch (type) {
    case dmarc::Override::local_policy:      return "local policy";
    case dmarc::Override::mailing_list:      return "mail of a list";
    case dmarc::Override::trusted_forwarder: return "trusted forwarder";
    case dmarc::Override::policy_test_mode:  return "the record asks for test mode";
    case dmarc::Override::other:             break;
  }
  return {};
}

std::vector<feedback::OverrideReason> reasons_of(const dmarc::Disposition& what) {
  std::vector<feedback::OverrideReason> out;
  out.reserve(what.reasons.size());
  for (const auto& reason : what.reasons) {
    out.push_back({.type = same<feedback::Override>(reason.type),
                   .comment = std::string{words_for(reason.type)}});
  }
  return out;
}

/// Who signs a hundred times is told of the first.
constexpr std::size_t kMaxDkimResults = 10;

std::vector<feedback::DkimAuth> dkim_of(const mailauth::Findings& found) {
  std::vector<feedback::DkimAuth> out;
  out.reserve(std::min(found.dkim.signatures.size(), kMaxDkimResults));
  for (const auto& signature : found.dkim.signatures) {
    if (signature.domain.empty()) continue;
    if (out.size() >= kMaxDkimResults) break;
    out.push_back({.domain = signature.domain,
                   .selector = signature.selector,
                   .result = same<AuthResult>(signature.verdict),
                   .human_result = signature.verdict == dkim::Verdict::pass ? std::string{}
                                                                            : signature.reason});
  }
  return out;
}

feedback::SpfAuth spf_of(const mailauth::Findings& found) {
  return {
      .domain = found.spf.domain,
      .scope = found.peer.mail_from.empty() ? feedback::SpfScope::helo : feedback::SpfScope::mfrom,
      .result = same<AuthResult>(found.spf.outcome),
      .human_result = {}};
}

std::string domain_of(std::string_view address) {
  const auto at = address.rfind('@');
  if (at == std::string_view::npos) return {};
  const auto name = dns::Name::parse(address.substr(at + 1));
  return name ? name->to_string() : std::string{};
}

/// The domain that all recipients share; nothing when they do not.
std::optional<std::string> common_domain(std::span<const smtp::Address> recipients) {
  if (recipients.empty()) return std::nullopt;
  const auto& first = recipients.front().domain.ascii;
  const bool one = std::ranges::all_of(
      recipients, [&first](const smtp::Address& other) { return other.domain.ascii == first; });
  return one && !first.empty() ? std::optional{first} : std::nullopt;
}

bool wants_reports(const dmarc::Record& record) {
  return std::ranges::any_of(record.rua,
                             [](const dmarc::ReportUri& uri) { return uri.mailbox.has_value(); });
}

}  // namespace

std::optional<SeenMessage> observe(const mailauth::Findings& found,
                                   std::span<const smtp::Address> recipients) {
  if (!found.dmarc || !found.dmarc->record || !found.dmarc->policy_domain || !found.peer.ip)
    return std::nullopt;
  const auto& verdict = *found.dmarc;
  if (found.disposition.action == dmarc::Action::defer || !wants_reports(*verdict.record))
    return std::nullopt;
  using feedback::Aligned;
  SeenMessage out;
  out.policy = policy_of(verdict, *verdict.record);
  out.row = {.source_ip = found.peer.ip,
             .count = 1,
             .disposition = disposition_of(verdict, found.disposition),
             .dkim = verdict.dkim_passes() ? Aligned::pass : Aligned::fail,
             .spf = verdict.spf_passes() ? Aligned::pass : Aligned::fail,
             .reasons = reasons_of(found.disposition),
             .header_from = verdict.author.to_string(),
             .envelope_from = domain_of(found.peer.mail_from),
             .envelope_to = common_domain(recipients),
             .dkim_results = dkim_of(found),
             .spf_results = {spf_of(found)}};
  return out;
}

}  // namespace postern::reports
