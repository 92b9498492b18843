#include <array>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "commands/command.hpp"
#include "commands/desk.hpp"
#include "commands/text.hpp"

namespace postern::commands {
namespace {

namespace json = boost::json;

std::string number(const json::value& object, std::string_view key) {
  return std::to_string(number_of(object, key));
}

/// The first few, and how many more there are.
std::string some_of(const json::array& texts) {
  constexpr std::size_t kShown = 3;
  std::string out;
  for (std::size_t i = 0; i < texts.size() && i < kShown; ++i) {
    const auto* const text = texts[i].if_string();
    if (text != nullptr) out += (i == 0 ? "" : " ") + std::string{*text};
  }
  if (texts.size() > kShown) out += fmt::format(" and {} more", texts.size() - kShown);
  return out;
}

void print_end(std::ostream& out, const json::value& data) {
  const auto count = number_of(data, "count");
  out << (count == 1 ? "1 report" : fmt::format("{} reports", count));
  if (flag_of(data, "cut")) out << "; there is more than is shown";
  out << '\n';
}

void print_dmarc(std::ostream& out, const json::value& data) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& source : list_of(data, "sources")) {
    rows.push_back({text_of(source, "ip"), number(source, "messages"), number(source, "passed"),
                    number(source, "dkim"), number(source, "spf"), number(source, "quarantined"),
                    number(source, "rejected"), some_of(list_of(source, "header_from")),
                    some_of(list_of(source, "reporters"))});
  }
  print_table(
      out,
      {"SOURCE", "MESSAGES", "PASSED", "DKIM", "SPF", "JUNK", "REFUSED", "FROM", "REPORTED BY"},
      rows);
  print_end(out, data);
}

void print_tls(std::ostream& out, const json::value& data) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& policy : list_of(data, "policies")) {
    rows.push_back({text_of(policy, "domain"), text_of(policy, "policy"),
                    number(policy, "successful"), number(policy, "failed"),
                    some_of(list_of(policy, "reporters"))});
    for (const auto& failure : list_of(policy, "failures")) {
      rows.push_back({"  " + text_of(failure, "mx"), "  " + text_of(failure, "result"), "",
                      number(failure, "sessions"), ""});
    }
  }
  print_table(out, {"DOMAIN", "POLICY", "WITH TLS", "FAILED", "REPORTED BY"}, rows);
  print_end(out, data);
}

void print_failures(std::ostream& out, const json::value& data) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& message : list_of(data, "messages")) {
    rows.push_back({text_of(message, "time"), text_of(message, "ip"), text_of(message, "failure"),
                    text_of(message, "result"), text_of(message, "reporter"),
                    text_of(message, "from"), text_of(message, "subject")});
  }
  print_table(out, {"TIME", "SOURCE", "FAILED", "RESULT", "REPORTED BY", "FROM", "SUBJECT"}, rows);
  print_end(out, data);
}

void print_sent(std::ostream& out, const json::value& data) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& told : list_of(data)) {
    const auto& to = list_of(told, "to");
    const auto& notes = list_of(told, "notes");
    rows.push_back({text_of(told, "domain"), text_of(told, "topic"), text_of(told, "begin"),
                    text_of(told, "end"), number(told, "rows"),
                    to.empty() ? (flag_of(told, "later") ? "later: " : "nobody: ") + some_of(notes)
                               : some_of(to)});
  }
  print_table(out, {"DOMAIN", "ABOUT", "FROM", "UNTIL", "ROWS", "SENT TO"}, rows);
}

json::object filtered(const Arguments& arguments, std::string_view cmd) {
  json::object out{{"cmd", cmd}};
  for (const std::string_view key : {"domain", "reporter", "since"}) {
    const auto option = "--" + std::string{key};
    if (arguments.has(option)) out[key] = arguments.text(option);
  }
  return out;
}

int dmarc(const Arguments& arguments, Session& session) {
  return ask_and_print(arguments, session, filtered(arguments, "report.dmarc"), print_dmarc);
}

int tls(const Arguments& arguments, Session& session) {
  return ask_and_print(arguments, session, filtered(arguments, "report.tls"), print_tls);
}

int failures(const Arguments& arguments, Session& session) {
  return ask_and_print(arguments, session, filtered(arguments, "report.failures"), print_failures);
}

int send(const Arguments& arguments, Session& session) {
  return ask_and_print(arguments, session, filtered(arguments, "report.send"), print_sent);
}

std::vector<Option> questions() {
  return printing(
      {{"--domain", "DOMAIN", "Only about this domain of yours"},
       {"--reporter", "DOMAIN", "Only by this domain or those below it"},
       {"--since", "TIME", "Periods that end then or later: 12h, 7d, 2w, 2026-11-01 (all)"}});
}

}  // namespace

std::span<const Command> report_commands() {
  static const std::array kCommands{
      Command{"report dmarc", "Show who sends mail in your domains' names",
              "By the DMARC aggregate reports of others: for each sending host how many messages\n"
              "passed, by DKIM or SPF, and what was done with those that did not.\n"
              "Example: postern report dmarc --domain example.org --since 7d",
              questions(), dmarc},
      Command{"report tls", "Show with whom TLS to your servers works",
              "By the TLS reports of others: sessions with and without TLS, and what failed.\n"
              "Example: postern report tls --since 2026-11-01",
              questions(), tls},
      Command{"report failures", "Show single messages that failed DMARC",
              "By the failure reports of others (few send them).\n"
              "Example: postern report failures --domain example.org",
              questions(), failures},
      Command{
          "report send", "Tell others now what was seen of their mail",
          "Reports are sent once a day by themselves. This sends what there is up to now; what\n"
          "comes later on the same day is another report.\n"
          "Example: postern report send --domain example.org",
          printing({{"--domain", "DOMAIN", "Only to this domain"}}), send}};
  return kCommands;
}

}  // namespace postern::commands
