#include <boost/json.hpp>

#include "check/checks.hpp"
#include "spf/check.hpp"

namespace postern::check {
namespace {

namespace json = boost::json;

std::string sentence(const spf::Verdict& verdict, const Sender& sender) {
  const std::string who = sender.ip.to_string() + " for " + verdict.domain;
  switch (verdict.outcome) {
    case spf::Outcome::pass:      return who + " is permitted";
    case spf::Outcome::fail:      return who + " is not permitted";
    case spf::Outcome::softfail:  return who + " is probably not permitted";
    case spf::Outcome::neutral:   return "nothing is said of " + who;
    case spf::Outcome::none:      return "there is no policy for " + who;
    case spf::Outcome::temperror: return "it cannot be said now; later it may";
    case spf::Outcome::permerror: return "the published policy cannot be understood";
  }
  return {};
}

}  // namespace

Report spf(DnsSource& source, const Sender& sender) {
  const spf::Query query{.ip = sender.ip,
                         .helo = sender.helo,
                         .mail_from = sender.mail_from,
                         .receiver = sender.receiver,
                         .now = sender.now,
                         .with_steps = true};
  dns::Answers answers;
  const auto verdict = decide<spf::Verdict>(
      source, answers, [&](const dns::Answers& known) { return spf::check(query, known); });
  json::array steps;
  for (const auto& step : verdict.steps) steps.emplace_back(step);
  Report out{.data = json::object{{"result", spf::to_string(verdict.outcome)},
                                  {"explanation", verdict.explanation},
                                  {"domain", verdict.domain},
                                  {"matched", verdict.matched},
                                  {"reason", verdict.why},
                                  {"lookups", verdict.lookups},
                                  {"secure", verdict.secure},
                                  {"steps", std::move(steps)}},
             .words = {}};
  out.words = "spf=" + std::string{spf::to_string(verdict.outcome)} + ": " +
              sentence(verdict, sender) + '\n';
  for (const auto& step : verdict.steps) out.words += "  " + step + '\n';
  if (!verdict.matched.empty()) out.words += "  decided by: " + verdict.matched + '\n';
  if (!verdict.why.empty()) out.words += "  because: " + verdict.why + '\n';
  if (!verdict.explanation.empty())
    out.words += "  the domain's own words: " + verdict.explanation + '\n';
  out.words += "  " + std::to_string(verdict.lookups) + " of 10 terms that ask DNS" +
               (verdict.secure ? ", all proven by DNSSEC" : "") + '\n';
  return out;
}

}  // namespace postern::check
