#include <algorithm>

#include <boost/json.hpp>

#include "check/checks.hpp"
#include "check/show.hpp"
#include "text/ascii.hpp"

namespace postern::check {
namespace {

namespace json = boost::json;

json::object judged_data(const dmarc::Judged& judged) {
  return {
      {"result", to_string(judged.identifier.result)},
      {"domain", judged.identifier.domain.is_root() ? "" : judged.identifier.domain.to_string()},
      {"alignment", to_string(judged.alignment)},
      {"counts", judged.counts}};
}

std::string judged_words(std::string_view method, const dmarc::Judged& judged) {
  std::string out =
      "  " + std::string{method} + '=' + std::string{to_string(judged.identifier.result)};
  if (judged.identifier.domain.is_root()) return out + '\n';
  out += " for " + judged.identifier.domain.to_string() + ": ";
  switch (judged.alignment) {
    case dmarc::Alignment::unchecked: out += "does not pass, so it counts for nothing"; break;
    case dmarc::Alignment::none:      out += "another organisation's domain"; break;
    case dmarc::Alignment::relaxed:
      out += judged.counts ? "the same organisation, which is enough"
                           : "the same organisation, which is not enough here";
      break;
    case dmarc::Alignment::strict:  out += "the very domain"; break;
    case dmarc::Alignment::unknown: out += "DNS does not tell now whose it is"; break;
  }
  return out + '\n';
}

}  // namespace

json::object dmarc_data(const dmarc::Verdict& verdict) {
  json::array dkim;
  for (const auto& judged : verdict.dkim) dkim.push_back(judged_data(judged));
  json::object out{{"result", to_string(verdict.result)},
                   {"policy", to_string(verdict.asked)},
                   {"domain", verdict.author.to_string()},
                   {"applied", to_string(verdict.applied)},
                   {"organisation", verdict.organisation.to_string()},
                   {"reason", verdict.reason},
                   {"spf", judged_data(verdict.spf)},
                   {"dkim", std::move(dkim)}};
  if (verdict.policy_domain) {
    out["record_at"] = verdict.policy_domain->to_string();
    out["tag"] = to_string(verdict.tag);
  }
  return out;
}

std::optional<Claim> parse_claim(std::string_view text) {
  const auto colon = std::min(text.find(':'), text.size());
  const auto result = dmarc::parse_auth(text.substr(0, colon));
  if (!result) return std::nullopt;
  auto rest = text.substr(std::min(colon + 1, text.size()));
  rest = rest.substr(0, rest.find(':'));
  if (rest.empty()) return Claim{*result, {}};
  const auto name = dns::Name::parse(rest);
  if (!name) return std::nullopt;
  return Claim{*result, *name};
}

Report dmarc(DnsSource& source, const dns::Name& from, const std::optional<Claim>& spf,
             const std::vector<Claim>& dkim, const mailauth::Settings& settings) {
  dmarc::Input input{.author = from};
  if (spf) input.spf = {.result = spf->result, .domain = spf->domain};
  for (const auto& claim : dkim)
    input.dkim.push_back({.result = claim.result, .domain = claim.domain});
  dns::Answers answers;
  const auto verdict = decide<dmarc::Verdict>(source, answers, [&](const dns::Answers& known) {
    return dmarc::evaluate(input, known, settings.suffix);
  });
  Report out{.data = dmarc_data(verdict), .words = {}};
  out.words = "dmarc=" + std::string{to_string(verdict.result)} + ": " + verdict.reason + '\n';
  if (verdict.policy_domain && verdict.record) {
    out.words +=
        "  the record at _dmarc." + verdict.policy_domain->to_string() + " asks for " +
        std::string{to_string(verdict.asked)} + " (" + std::string{to_string(verdict.tag)} + ')' +
        (verdict.tested ? ", in test mode: " + std::string{to_string(verdict.applied)} : "") + '\n';
  }
  out.words += "  the organisation is " + verdict.organisation.to_string() + '\n';
  if (spf) out.words += judged_words("spf", verdict.spf);
  for (const auto& judged : verdict.dkim) out.words += judged_words("dkim", judged);
  for (const auto& fault : verdict.faults) out.words += "  in the record: " + fault + '\n';
  return out;
}

}  // namespace postern::check
