#include <chrono>

#include <boost/json.hpp>

#include "check/checks.hpp"

namespace postern::check {

namespace json = boost::json;

Report look_up(DnsSource& source, const dns::Question& question) {
  const auto answers = source.ask({question});
  const auto found = answers.find(question);
  const dns::Answer answer = found == answers.end() ? dns::Answer{} : found->second;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(answer.ttl).count();
  json::array records;
  for (const auto& record : answer.records) records.emplace_back(dns::to_string(record));
  Report out{.data = json::object{{"name", question.name.to_string()},
                                  {"type", dns::to_string(question.type)},
                                  {"outcome", dns::to_string(answer.outcome)},
                                  {"status", dns::to_string(answer.status)},
                                  {"canonical", answer.canonical.to_string()},
                                  {"ttl", seconds},
                                  {"records", std::move(records)},
                                  {"why", answer.why}},
             .words = {}};
  out.words = dns::to_string(question) + ": " + std::string{dns::to_string(answer.outcome)} + ", " +
              std::string{dns::to_string(answer.status)};
  if (answer.found()) out.words += ", for " + std::to_string(seconds) + " s";
  out.words += '\n';
  if (!answer.why.empty()) out.words += "  because: " + answer.why + '\n';
  if (!answer.canonical.is_root() && answer.canonical != question.name)
    out.words += "  an alias of " + answer.canonical.to_string() + '\n';
  for (const auto& record : answer.records) out.words += "  " + dns::to_string(record) + '\n';
  return out;
}

}  // namespace postern::check
