#include "dmarc/destination.hpp"

#include <utility>

namespace postern::dmarc {
namespace {

using dns::Name;
using Kind = Permission::Kind;

Permission denied(std::string reason) {
  return {.kind = Kind::denied, .reason = std::move(reason)};
}

/// What the destination's own records say (steps 6 to 9).
Permission judge(const dns::Answer& answer, const ReportMailbox& destination) {
  const auto host = destination.domain.to_string();
  bool allowed = false;
  std::vector<ReportMailbox> instead;
  for (const dns::Record& held : answer.records) {
    const auto* txt = std::get_if<dns::Txt>(&held);
    if (!txt || !is_record(txt->text)) continue;
    allowed = true;
    // Named: before C++23 a loop keeps only the last temporary of its range alive.
    const auto record = parse_record(txt->text).value();
    for (const ReportUri& uri : record.rua) {
      if (!uri.mailbox) continue;
      if (uri.mailbox->domain != destination.domain)
        return denied(host + " names another host instead");
      if (instead.size() < kMaxReportUris) instead.push_back(*uri.mailbox);
    }
  }
  if (!allowed) return denied(host + " does not allow it");
  if (instead.empty()) instead.push_back(destination);
  return {.kind = Kind::allowed, .mailboxes = std::move(instead), .reason = host + " allows it"};
}

}  // namespace

Result<Name> external_report_name(const Name& policy_domain, const Name& destination) {
  if (policy_domain.is_root() || destination.is_root())
    return fail(Errc::bad_syntax, "the root has no reports");
  return destination.below(policy_domain.to_string() + "._report._dmarc");
}

std::variant<Permission, dns::Need> may_report_to(const Name& policy_domain,
                                                  const ReportMailbox& destination,
                                                  const dns::Answers& answers,
                                                  const PublicSuffix& suffix) {
  if (destination.domain == policy_domain)
    return Permission{.kind = Kind::internal, .mailboxes = {destination}, .reason = "same domain"};
  Tree tree{answers, suffix};
  const Organisation from = tree.organisation_of(policy_domain);
  const Organisation to = tree.organisation_of(destination.domain);
  if (tree.pending()) return dns::Need{tree.take_questions()};
  const bool known = from.kind == Organisation::Kind::known && to.kind == from.kind;
  if (known && from.domain == to.domain) {
    return Permission{.kind = Kind::internal,
                      .mailboxes = {destination},
                      .reason = "same organisation, " + from.domain.to_string()};
  }
  const auto name = external_report_name(policy_domain, destination.domain);
  if (!name) return denied("the name to ask is too long");
  const dns::Answer* answer = tree.ask({*name, dns::Type::txt});
  if (!answer) return dns::Need{tree.take_questions()};
  if (answer->temporary())
    return Permission{.kind = Kind::temporary, .reason = "DNS fails for " + name->to_string()};
  Permission out = judge(*answer, destination);
  if (out.kind == Kind::denied && !known)
    return Permission{.kind = Kind::temporary, .reason = "DNS fails for the organisation"};
  return out;
}

}  // namespace postern::dmarc
