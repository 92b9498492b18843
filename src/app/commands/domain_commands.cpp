#include <array>

#include <boost/json.hpp>

#include "commands/command.hpp"
#include "commands/desk.hpp"
#include "commands/dkim_records.hpp"
#include "commands/text.hpp"

namespace postern::commands {
namespace {

namespace json = boost::json;

std::vector<Option> domain_options() {
  return {{"NAME", "", "The domain, for example example.org", true},
          {"--alias-of", "DOMAIN", "Every address here is that of the same name there"},
          {"--catch-all", "ADDRESS", "Who gets mail for addresses that do not exist"},
          {"--separators", "CHARS", "What begins a subaddress (ann+lists@...); default +"},
          {"--case-sensitive", "", "Ann@ and ann@ are two addresses"},
          {"--ignore-case", "", "Ann@ and ann@ are one address (the default)"},
          {"--ignore-dots", "", "a.n.n@ and ann@ are one address"},
          {"--count-dots", "", "a.n.n@ and ann@ are two addresses (the default)"}};
}

json::object with_options(const Arguments& arguments, std::string_view cmd) {
  json::object out{{"cmd", cmd}, {"name", arguments.text("NAME")}};
  if (arguments.has("--alias-of")) out["alias_of"] = arguments.text("--alias-of");
  if (arguments.has("--catch-all")) out["catch_all"] = arguments.text("--catch-all");
  if (arguments.has("--separators")) out["separators"] = arguments.text("--separators");
  if (arguments.has("--case-sensitive")) out["fold_case"] = false;
  if (arguments.has("--ignore-case")) out["fold_case"] = true;
  if (arguments.has("--ignore-dots")) out["fold_dots"] = true;
  if (arguments.has("--count-dots")) out["fold_dots"] = false;
  return out;
}

int add(const Arguments& arguments, Session& session) {
  const auto desk = Desk::open(arguments);
  if (!desk) return complain(session, desk.error());
  // The first domain of an installation makes its store.
  const auto data = (*desk)->ask(with_options(arguments, "domain.add"), Desk::Missing::make);
  if (!data) return complain(session, data.error());
  if (arguments.has("--json")) {
    session.out << json::serialize(*data) << '\n';
  } else {
    session.out << "added the domain " << printable(text_of(*data, "name")) << '\n';
    if (const auto* const keys = data->as_object().if_contains("dkim"))
      print_dkim_records(session.out, *keys);
    if (const auto why = text_of(*data, "dkim_error"); !why.empty()) {
      session.err << "postern: it has no signing keys: " << printable(why)
                  << "; then: postern dkim add " << printable(text_of(*data, "name")) << '\n';
    }
  }
  return 0;
}

int set(const Arguments& arguments, Session& session) {
  return ask_and_print(arguments, session, with_options(arguments, "domain.set"),
                       [](std::ostream& out, const json::value& data) {
                         out << "changed the domain " << printable(text_of(data, "name")) << '\n';
                       });
}

int list(const Arguments& arguments, Session& session) {
  return ask_and_print(
      arguments, session, {{"cmd", "domain.list"}}, [](std::ostream& out, const json::value& data) {
        std::vector<std::vector<std::string>> rows;
        for (const auto& domain : list_of(data)) {
          std::string names = flag_of(domain, "fold_case") ? "any case" : "case counts";
          if (flag_of(domain, "fold_dots")) names += ", dots ignored";
          rows.push_back({text_of(domain, "name"), text_of(domain, "alias_of"),
                          text_of(domain, "catch_all"), text_of(domain, "separators"), names});
        }
        print_table(out, {"DOMAIN", "ALIAS OF", "CATCH-ALL", "SEPARATORS", "NAMES"}, rows);
      });
}

int remove(const Arguments& arguments, Session& session) {
  return ask_and_print(arguments, session,
                       {{"cmd", "domain.remove"}, {"name", arguments.text("NAME")}},
                       [](std::ostream& out, const json::value& data) {
                         out << "removed the domain " << printable(text_of(data, "name")) << '\n';
                       });
}

}  // namespace

std::span<const Command> domain_commands() {
  static const std::array kCommands{
      Command{"domain add", "Receive mail for a domain",
              "The first domain of an installation makes its store.\n"
              "Example: postern domain add example.org --catch-all ann@example.org",
              printing(domain_options()), add},
      Command{"domain set", "Change options of a domain",
              "What is not named stays as it is; an empty --alias-of or --catch-all ends it.\n"
              "Example: postern domain set example.org --separators +-",
              printing(domain_options()), set},
      Command{"domain list", "Show all domains", "Example: postern domain list --json",
              printing({}), list},
      Command{"domain remove", "Stop receiving mail for a domain",
              "Refused while it has accounts, aliases or alias domains.\n"
              "Example: postern domain remove example.org",
              printing({{"NAME", "", "The domain", true}}), remove}};
  return kCommands;
}

}  // namespace postern::commands
