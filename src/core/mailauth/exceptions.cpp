#include "mailauth/exceptions.hpp"

#include <algorithm>

#include "dns/name.hpp"
#include "text/ip.hpp"

namespace postern::mailauth {
namespace {

/// Domains that are proven to have had a hand in it.
std::vector<dns::Name> proven_domains(const Findings& findings) {
  std::vector<dns::Name> out;
  const auto add = [&](std::string_view domain) {
    auto name = dns::Name::parse(domain);
    if (name && name->depth() > 0) out.push_back(*std::move(name));
  };
  for (const auto* const spf : {&findings.spf, &findings.spf_helo}) {
    if (spf->outcome == spf::Outcome::pass) add(spf->domain);
  }
  for (const auto& signature : findings.dkim.signatures) {
    if (signature.verdict == dkim::Verdict::pass) add(signature.domain);
  }
  if (findings.arc.status == arc::Status::pass && !findings.arc.sealers.empty())
    add(findings.arc.sealers.back().domain);
  if (findings.iprev.result == iprev::Conclusion::pass) out.push_back(findings.iprev.name);
  return out;
}

}  // namespace

Result<std::string> parse_exception(std::string_view text) {
  if (const auto net = text::Cidr::parse(text)) return net->to_string();
  const auto name = dns::Name::parse(text);
  if (!name || name->depth() < 2 || !name->is_host())
    return fail(Errc::bad_syntax, std::string{text} + " is neither a domain nor a net");
  return name->to_string();
}

std::optional<dmarc::Exception> exception_for(const Findings& findings,
                                              std::span<const std::string> named) {
  if (named.empty()) return std::nullopt;
  const auto domains = proven_domains(findings);
  const auto comes_by = [&](const std::string& entry) {
    if (const auto net = text::Cidr::parse(entry))
      return findings.peer.ip.has_value() && net->contains(*findings.peer.ip);
    const auto name = dns::Name::parse(entry);
    return name && std::ranges::any_of(
                       domains, [&](const dns::Name& domain) { return domain.is_within(*name); });
  };
  const auto found = std::ranges::find_if(named, comes_by);
  if (found == named.end()) return std::nullopt;
  using Kind = dmarc::Exception::Kind;
  return dmarc::Exception{
      .kind = findings.grounds.mailing_list ? Kind::mailing_list : Kind::forwarder, .name = *found};
}

dmarc::Disposition disposition_for(const Findings& findings, const Wishes& wishes) {
  const bool plain = wishes.rule == dmarc::AccountRule::follow && wishes.exceptions.empty();
  if (plain || !findings.dmarc) return findings.disposition;
  auto grounds = findings.grounds;
  grounds.account = wishes.rule;
  if (!grounds.exception) grounds.exception = exception_for(findings, wishes.exceptions);
  return dmarc::dispose(*findings.dmarc, grounds);
}

}  // namespace postern::mailauth
