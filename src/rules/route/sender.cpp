#include "route/sender.hpp"

#include <string>
#include <utility>

namespace postern::route {
namespace {

using dns::Answer;
using dns::Outcome;
using dns::Type;

Failure no_such(const std::string& domain) {
  return {550, "5.1.8", "Sender domain " + domain + " does not exist"};
}

Failure not_known(const std::string& domain, const Answer& answer) {
  return {451, "4.1.8", "Sender domain " + domain + " cannot be looked up now", answer.why};
}

/// Without MX records, an address will do (RFC 5321 §5.1's implicit MX).
SenderStep check_addresses(const dns::Name& name, const dns::Answers& answers) {
  Need need;
  const Answer* failed = nullptr;
  for (const Type type : {Type::a, Type::aaaa}) {
    const auto at = answers.find({name, type});
    if (at == answers.end()) {
      need.questions.push_back({name, type});
      continue;
    }
    if (at->second.temporary()) {
      failed = &at->second;
    } else if (at->second.found()) {
      return Answerable{};
    }
  }
  if (!need.questions.empty()) return need;
  if (failed) return not_known(name.to_string(), *failed);
  return Failure{550, "5.1.8",
                 "Sender domain " + name.to_string() + " has neither MX nor address records"};
}

}  // namespace

SenderStep check_sender_domain(std::string_view domain, const dns::Answers& answers) {
  if (domain.starts_with('[')) return Answerable{};  // An address literal; its owner is the peer.
  const auto name = dns::Name::parse(domain);
  if (!name || !name->is_host())
    return Failure{550, "5.1.8", "Malformed sender domain", std::string{domain}};
  const std::string text = name->to_string();
  const auto at = answers.find({*name, Type::mx});
  if (at == answers.end()) return Need{{{*name, Type::mx}}};
  const Answer& mx = at->second;
  if (mx.temporary()) return not_known(text, mx);
  if (mx.outcome == Outcome::nxdomain) return no_such(text);
  if (!mx.found()) return check_addresses(*name, answers);
  if (is_null_mx(mx.all<dns::Mx>()))
    return Failure{550, "5.7.27", "Sender domain " + text + " takes no mail (null MX)"};
  return Answerable{};
}

}  // namespace postern::route
