#include "spf/lookup.hpp"

#include <algorithm>

#include "spf/check.hpp"
#include "vocab/try.hpp"

namespace postern::spf {

using dns::Answer;
using dns::Name;
using dns::Type;

Got<const Answer*> Lookup::ask(const Name& name, Type type) {
  const auto at = answers_.find({name, type});
  if (at == answers_.end()) return std::unexpected(Stop{.need = {{{name, type}}}});
  secure_ = secure_ && at->second.secure();
  return &at->second;
}

Got<const Answer*> Lookup::ask_or_fail(const Name& name, Type type) {
  POSTERN_TRY(const auto* const answer, ask(name, type));
  if (!answer->temporary()) return answer;
  return std::unexpected(
      Stop{.outcome = Outcome::temperror,
           .why = "DNS: " + to_string(dns::Question{name, type}) + ": " +
                  std::string{answer->status == dns::Status::bogus ? to_string(answer->status)
                                                                   : to_string(answer->outcome)}});
}

Got<void> Lookup::count_term() {
  if (++terms_ <= limits_.lookups) return {};
  return permanent("more than " + std::to_string(limits_.lookups) + " terms that ask DNS");
}

Got<void> Lookup::count_void(const Answer& answer) {
  if (answer.found() || ++voids_ <= limits_.void_lookups) return {};
  return permanent("more than " + std::to_string(limits_.void_lookups) +
                   " look-ups that find nothing");
}

Got<void> Lookup::ask_all(const std::vector<Name>& names, Type type) const {
  dns::Need need;
  for (const auto& name : names) {
    if (!answers_.contains({name, type})) need.questions.push_back({name, type});
  }
  if (need.questions.empty()) return {};
  return std::unexpected(Stop{.need = std::move(need)});
}

Got<std::optional<std::string>> Lookup::record(const Name& domain) {
  POSTERN_TRY(const auto* const answer, ask_or_fail(domain, Type::txt));
  std::optional<std::string> out;
  for (auto& txt : answer->all<dns::Txt>()) {
    if (!is_spf(txt.text)) continue;
    if (out) return permanent("several SPF records at " + domain.to_string());
    out = std::move(txt.text);
  }
  return out;
}

Got<bool> Lookup::exists(const Name& name) {
  POSTERN_TRY(const auto* const answer, ask_or_fail(name, Type::a));
  POSTERN_CHECK(count_void(*answer));
  return answer->found();
}

Got<bool> Lookup::any_address(const std::vector<Name>& hosts,
                              const std::function<bool(const text::IpAddress&)>& wanted) {
  POSTERN_CHECK(ask_all(hosts, address_type()));
  for (const auto& host : hosts) {
    POSTERN_TRY(const auto* const answer, ask_or_fail(host, address_type()));
    if (std::ranges::any_of(answer->all<text::IpAddress>(), wanted)) return true;
    POSTERN_CHECK(count_void(*answer));
  }
  return false;
}

Got<std::vector<Name>> Lookup::exchangers(const Name& domain) {
  POSTERN_TRY(const auto* const answer, ask_or_fail(domain, Type::mx));
  POSTERN_CHECK(count_void(*answer));
  const auto records = answer->all<dns::Mx>();
  if (records.size() > limits_.names) {
    return permanent("more than " + std::to_string(limits_.names) + " MX records at " +
                     domain.to_string());
  }
  std::vector<Name> out;
  for (const auto& mx : records) {
    if (!mx.exchange.is_root()) out.push_back(mx.exchange);
  }
  return out;
}

Got<std::vector<Name>> Lookup::validated_names() {
  if (!validated_) {
    POSTERN_TRY(validated_, validate_names());
  }
  return *validated_;
}

Got<std::vector<Name>> Lookup::validate_names() {
  const Name reverse = dns::reverse_name(peer_);
  POSTERN_TRY(const auto* const pointers, ask(reverse, Type::ptr));
  if (pointers->temporary()) return std::vector<Name>{};
  POSTERN_CHECK(count_void(*pointers));
  std::vector<Name> names;
  for (const auto& target : pointers->all<dns::Target>()) {
    if (names.size() == limits_.names) break;
    names.push_back(target.name);
  }
  POSTERN_CHECK(ask_all(names, address_type()));
  std::vector<Name> out;
  for (const auto& name : names) {
    POSTERN_TRY(const auto* const answer, ask(name, address_type()));
    if (answer->temporary()) continue;
    const auto ips = answer->all<text::IpAddress>();
    if (std::ranges::find(ips, peer_) != ips.end()) out.push_back(name);
  }
  return out;
}

Got<std::string> Lookup::only_text(const Name& name) {
  POSTERN_TRY(const auto* const answer, ask(name, Type::txt));
  const auto texts = answer->all<dns::Txt>();
  if (texts.size() != 1) return "";
  return texts.front().text;
}

}  // namespace postern::spf
