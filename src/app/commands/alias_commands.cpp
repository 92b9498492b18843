#include <array>

#include <boost/json.hpp>

#include "commands/command.hpp"
#include "commands/desk.hpp"
#include "commands/text.hpp"

namespace postern::commands {
namespace {

namespace json = boost::json;

int add(const Arguments& arguments, Session& session) {
  const auto members = arguments.texts("MEMBER");
  if (members.empty() != arguments.has("--refuse"))
    return misused(session, "either members or --refuse TEXT");
  json::array list;
  for (const auto& member : members) list.emplace_back(member);
  return ask_and_print(arguments, session,
                       {{"cmd", "alias.add"},
                        {"address", arguments.text("ADDRESS")},
                        {"members", std::move(list)},
                        {"refusal", arguments.text("--refuse")}},
                       [](std::ostream& out, const json::value& data) {
                         out << "added the alias " << printable(text_of(data, "address")) << '\n';
                       });
}

int list(const Arguments& arguments, Session& session) {
  return ask_and_print(arguments, session, {{"cmd", "alias.list"}},
                       [](std::ostream& out, const json::value& data) {
                         std::vector<std::vector<std::string>> rows;
                         for (const auto& alias : list_of(data)) {
                           std::string members;
                           for (const auto& member : list_of(alias, "members")) {
                             if (!members.empty()) members += ' ';
                             if (member.is_string()) members += std::string{member.get_string()};
                           }
                           const auto refusal = text_of(alias, "refusal");
                           if (!refusal.empty()) members = "refused: " + refusal;
                           rows.push_back({text_of(alias, "address"), std::move(members)});
                         }
                         print_table(out, {"ALIAS", "LEADS TO"}, rows);
                       });
}

int remove(const Arguments& arguments, Session& session) {
  return ask_and_print(arguments, session,
                       {{"cmd", "alias.remove"}, {"address", arguments.text("ADDRESS")}},
                       [](std::ostream& out, const json::value& data) {
                         out << "removed the alias " << printable(text_of(data, "address")) << '\n';
                       });
}

}  // namespace

std::span<const Command> alias_commands() {
  static const std::array kCommands{
      Command{"alias add", "Add or replace an alias",
              "Mail for ADDRESS goes to every member, here or elsewhere; or it is refused in your\n"
              "words. Examples: postern alias add sales@example.org ann@example.org bob@b.example\n"
              "                 postern alias add old@example.org --refuse \"moved to b.example\"",
              printing({{"ADDRESS", "", "The alias, in a domain of ours", true},
                        {"MEMBER", "", "Who gets the mail", false, true},
                        {"--refuse", "TEXT", "Refuse mail with this text instead"}}),
              add},
      Command{"alias list", "Show all aliases", "Example: postern alias list --json", printing({}),
              list},
      Command{"alias remove", "Remove an alias", "Example: postern alias remove sales@example.org",
              printing({{"ADDRESS", "", "The alias", true}}), remove}};
  return kCommands;
}

}  // namespace postern::commands
