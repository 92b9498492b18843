#include "iprev/hello.hpp"

#include <algorithm>

#include "smtp/domain.hpp"

namespace postern::iprev {
namespace {

Hello judge_literal(const text::IpAddress& said, const text::IpAddress& peer) {
  const bool same = said == peer;
  return {.form = HelloForm::literal,
          .match = same ? HelloMatch::yes : HelloMatch::no,
          .reason = same ? "the peer's own address" : "the address of another than the peer"};
}

Hello judge_name(const dns::Name& name, const text::IpAddress& peer, const dns::Answer& answer) {
  Hello out{.form = name.depth() > 1 ? HelloForm::name : HelloForm::single_word,
            .name = name,
            .status = answer.status};
  if (answer.temporary()) {
    out.match = HelloMatch::unknown;
    out.reason = "DNS fails for " + name.to_string();
  } else if (std::ranges::find(answer.records, dns::Record{peer}) != answer.records.end()) {
    out.match = HelloMatch::yes;
    out.reason = name.to_string() + " is " + peer.to_string();
  } else {
    out.reason = name.to_string() + (answer.outcome == dns::Outcome::nxdomain
                                         ? " does not exist"
                                         : " does not lead to " + peer.to_string());
  }
  return out;
}

}  // namespace

std::string_view to_string(HelloForm form) {
  switch (form) {
    case HelloForm::name:        return "name";
    case HelloForm::single_word: return "single word";
    case HelloForm::literal:     return "literal";
    case HelloForm::invalid:     return "invalid";
  }
  return "invalid";
}

std::string_view to_string(HelloMatch match) {
  switch (match) {
    case HelloMatch::yes:     return "yes";
    case HelloMatch::no:      return "no";
    case HelloMatch::unknown: return "unknown";
  }
  return "unknown";
}

std::variant<Hello, dns::Need> check_hello(std::string_view argument, const text::IpAddress& peer,
                                           const dns::Answers& answers) {
  const auto domain = smtp::parse_domain(argument, true);
  if (!domain) return Hello{.reason = "neither a domain name nor an address literal"};
  const auto& literal = domain->literal;
  if (literal) return judge_literal(*literal, peer);
  const auto name = dns::Name::parse(domain->ascii);
  // An address without brackets is a name to the grammar, but there are no such names.
  if (!name || text::IpAddress::parse(argument))
    return Hello{.reason = "an address without brackets, or no domain name"};
  const dns::Question question{*name, peer.is_v4() ? dns::Type::a : dns::Type::aaaa};
  const auto it = answers.find(question);
  if (it == answers.end()) return dns::Need{{question}};
  return judge_name(*name, peer, it->second);
}

}  // namespace postern::iprev
