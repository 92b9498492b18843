#include "resolver/scripted.hpp"

#include <utility>

namespace postern::resolver {

void ScriptedResolver::add(std::string_view name, dns::Type type, dns::Record record,
                           dns::Status status) {
  const dns::Name owner = dns::Name::parse(name).value();
  dns::Answer& answer = answers_[{owner, type}];
  answer.status = status;
  answer.outcome = dns::Outcome::found;
  answer.canonical = owner;
  answer.ttl = std::chrono::seconds{60};
  answer.records.push_back(std::move(record));
}

void ScriptedResolver::add_mx(std::string_view name, std::uint16_t preference,
                              std::string_view exchange, dns::Status status) {
  add(name, dns::Type::mx, dns::Mx{preference, dns::Name::parse(exchange).value()}, status);
}

void ScriptedResolver::add_address(std::string_view name, std::string_view ip, dns::Status status) {
  const auto address = text::IpAddress::parse(ip).value();
  add(name, address.is_v4() ? dns::Type::a : dns::Type::aaaa, address, status);
}

void ScriptedResolver::set(std::string_view name, dns::Type type, dns::Answer answer) {
  answers_[{dns::Name::parse(name).value(), type}] = std::move(answer);
}

void ScriptedResolver::fail(std::string_view name, dns::Type type, dns::Outcome outcome) {
  set(name, type, {.outcome = outcome, .why = "scripted"});
}

void ScriptedResolver::delay(std::string_view name, Duration delay) {
  delays_[dns::Name::parse(name).value()] = delay;
}

std::size_t ScriptedResolver::asked(std::string_view name, dns::Type type) const {
  const auto at = asked_.find({dns::Name::parse(name).value(), type});
  return at == asked_.end() ? 0 : at->second;
}

dns::Answer ScriptedResolver::find(const dns::Question& question) const {
  if (const auto at = answers_.find(question); at != answers_.end()) return at->second;
  dns::Answer answer{.status = dns::Status::insecure,
                     .outcome = dns::Outcome::nxdomain,
                     .canonical = question.name,
                     .ttl = std::chrono::seconds{60}};
  // A name with other records exists; so does one with names below it (RFC 8020 §2).
  for (const auto& [known, other] : answers_) {
    if (!known.name.is_within(question.name)) continue;
    answer.outcome = dns::Outcome::no_data;
    if (known.name == question.name && other.secure()) answer.status = dns::Status::secure;
  }
  return answer;
}

void ScriptedResolver::start(dns::Question question, Done done) {
  ++asked_[question];
  auto answer = find(question);
  const auto at = delays_.find(question.name);
  if (at == delays_.end()) return done(std::move(answer));
  Late& late = late_.emplace_back(*this, std::move(answer), std::move(done));
  late.self = std::prev(late_.end());
  timers_.arm_after(late, at->second);
}

void ScriptedResolver::deliver(Late& late) {
  auto done = std::move(late.done);
  auto answer = std::move(late.answer);
  late_.erase(late.self);
  done(std::move(answer));
}

}  // namespace postern::resolver
