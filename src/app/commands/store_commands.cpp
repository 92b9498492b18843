#include <array>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "commands/command.hpp"
#include "commands/desk.hpp"
#include "commands/text.hpp"

namespace postern::commands {
namespace {

namespace json = boost::json;

void print_report(Session& session, const json::value& report) {
  for (const auto& finding : list_of(report, "findings")) {
    session.err << printable(text_of(finding, "where")) << ": "
                << printable(text_of(finding, "what")) << '\n';
  }
  const auto found = number_of(report, "found");
  const auto listed = list_of(report, "findings").size();
  if (found > listed) session.err << "... and " << found - listed << " more\n";
  const auto* const counts = report.as_object().if_contains("counts");
  const auto count = [&](std::string_view of) {
    return counts == nullptr ? 0 : number_of(*counts, of);
  };
  session.out << fmt::format(
      "{} accounts, {} mailboxes, {} messages in {} places, {} bodies ({}), {} in the queue\n",
      count("accounts"), count("mailboxes"), count("messages"), count("entries"), count("bodies"),
      show_size(count("octets")), count("queued"));
  if (count("pending") != 0) {
    session.out << count("pending")
                << " bodies are coming in, or were when the server was killed; it removes them "
                   "when it starts\n";
  }
  session.out << (found == 0 ? std::string{"clean"} : fmt::format("{} findings", found)) << '\n';
}

int verify(const Arguments& arguments, Session& session) {
  const auto desk = Desk::open(arguments);
  if (!desk) return complain(session, desk.error());
  const auto report = (*desk)->verify();
  if (!report) return complain(session, report.error());
  if (!report->is_object())
    return complain(session, {Errc::bad_syntax, "the server's report makes no sense"});
  if (arguments.has("--json")) {
    session.out << json::serialize(*report) << '\n';
  } else {
    print_report(session, *report);
  }
  return flag_of(*report, "clean") ? 0 : kFailed;
}

void print_stats(std::ostream& out, const json::value& data) {
  for (const auto& [name, value] : data.as_object()) {
    const auto* const group = value.if_object();
    if (group == nullptr) {
      out << fmt::format(
          "{:<32}{}\n", std::string_view{name},
          value.is_string() ? std::string{value.get_string()} : json::serialize(value));
      continue;
    }
    for (const auto& [inner, number] : *group) {
      out << fmt::format("{:<32}{}\n", std::string{name} + '.' + std::string{inner},
                         json::serialize(number));
    }
  }
}

int stats(const Arguments& arguments, Session& session) {
  return ask_and_print(arguments, session, {{"cmd", "store.stats"}},
                       [](std::ostream& out, const json::value& data) {
                         if (data.is_object()) print_stats(out, data);
                       });
}

}  // namespace

std::span<const Command> store_commands() {
  static const std::array kCommands{
      Command{"store verify", "Prove that the store is sound, reading only",
              "Reads every key and every body: accounts, mailboxes, messages, the queue, the\n"
              "directory; holds counts, references and checksums against each other. Beside a\n"
              "running server it looks at one moment's state. Exit status 1: something is wrong,\n"
              "and standard error says what.\n"
              "Example: postern store verify --dir /var/lib/postern",
              printing({}), verify},
      Command{"store stats", "Show the store's counters",
              "Since the server started. Example: postern store stats --json", printing({}),
              stats}};
  return kCommands;
}

}  // namespace postern::commands
