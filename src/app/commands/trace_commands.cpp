#include <array>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "commands/command.hpp"
#include "commands/desk.hpp"
#include "commands/text.hpp"
#include "text/ascii.hpp"

namespace postern::commands {
namespace {

namespace json = boost::json;

std::string facts_of(const json::value& event) {
  std::string out;
  for (const auto& fact : list_of(event, "facts")) {
    if (!out.empty()) out += "  ";
    out += text_of(fact, "key") + '=' + printable(text_of(fact, "value"));
  }
  return out;
}

void print(std::ostream& out, const json::value& data) {
  bool first = true;
  for (const auto& story : list_of(data)) {
    if (!std::exchange(first, false)) out << '\n';
    out << "trace " << text_of(story, "id") << '\n';
    for (const auto& event : list_of(story, "events")) {
      auto time = text_of(event, "time");
      if (time.size() > 10) time[10] = ' ';
      out << fmt::format("  {:<27}  {:<9}  {}\n", printable(time), text_of(event, "kind"),
                         facts_of(event));
    }
  }
}

int show(const Arguments& arguments, Session& session) {
  json::object request{{"cmd", "trace.get"}, {"what", arguments.text("WHAT")}};
  if (arguments.has("--limit")) {
    const auto limit = text::parse_number<std::uint32_t>(arguments.text("--limit"));
    if (!limit) return misused(session, "--limit is a number");
    request["limit"] = *limit;
  }
  return ask_and_print(arguments, session, request, print);
}

}  // namespace

std::span<const Command> trace_commands() {
  static const std::array kCommands{Command{
      "trace", "Show what happened to a message",
      "Every decision and every attempt, in order of time (UTC). By the id that stands in log\n"
      "lines and Received fields, or by an address for the newest messages that concern it.\n"
      "Examples: postern trace 00c0ffee00c0ffee\n"
      "          postern trace ann@example.org --limit 5",
      printing({{"WHAT", "", "An id (16 digits) or an address", true},
                {"--limit", "N", "At most so many messages of an address (20)"}}),
      show}};
  return kCommands;
}

}  // namespace postern::commands
