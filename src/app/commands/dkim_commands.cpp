#include <array>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "commands/command.hpp"
#include "commands/desk.hpp"
#include "commands/dkim_records.hpp"
#include "commands/text.hpp"

namespace postern::commands {
namespace {

namespace json = boost::json;

std::string day_of(const std::string& time) {
  return time.substr(0, 10);
}

std::string in_dns(const json::value& key) {
  if (const auto why = text_of(key, "lost"); !why.empty()) return "lost: " + why;
  const auto since = text_of(key, "seen_since");
  if (text_of(key, "state") == "retired") return "keep till it is gone from here";
  return since.empty() ? "not seen" : "since " + day_of(since);
}

void print_keys(std::ostream& out, const json::value& data) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& key : list_of(data)) {
    rows.push_back({text_of(key, "domain"), text_of(key, "selector"),
                    fmt::format("{} {}", text_of(key, "kind"), number_of(key, "bits")),
                    text_of(key, "state"), day_of(text_of(key, "created")), in_dns(key)});
  }
  print_table(out, {"DOMAIN", "SELECTOR", "KEY", "STATE", "MADE", "IN DNS"}, rows);
  print_dkim_records(out, data);
}

json::object request_of(const Arguments& arguments, std::string_view cmd) {
  json::object out{{"cmd", cmd}};
  if (arguments.has("DOMAIN")) out["domain"] = arguments.text("DOMAIN");
  if (arguments.has("SELECTOR")) out["selector"] = arguments.text("SELECTOR");
  if (arguments.has("--selector")) out["selector"] = arguments.text("--selector");
  if (arguments.has("--kind")) out["kind"] = arguments.text("--kind");
  if (arguments.has("--force")) out["force"] = true;
  return out;
}

void print_made(std::ostream& out, const json::value& data) {
  for (const auto& key : list_of(data)) {
    out << "made the key " << printable(text_of(key, "selector")) << " of "
        << printable(text_of(key, "domain")) << '\n';
  }
  print_dkim_records(out, data);
}

int add(const Arguments& arguments, Session& session) {
  return ask_and_print(arguments, session, request_of(arguments, "dkim.add"), print_made);
}

int list(const Arguments& arguments, Session& session) {
  return ask_and_print(arguments, session, request_of(arguments, "dkim.list"), print_keys);
}

int activate(const Arguments& arguments, Session& session) {
  return ask_and_print(arguments, session, request_of(arguments, "dkim.activate"),
                       [](std::ostream& out, const json::value& data) {
                         for (const auto& key : list_of(data)) {
                           out << printable(text_of(key, "domain")) << " is signed for with "
                               << printable(text_of(key, "selector")) << " from now on\n";
                         }
                       });
}

int rotate(const Arguments& arguments, Session& session) {
  return ask_and_print(arguments, session, request_of(arguments, "dkim.rotate"), print_made);
}

int retire(const Arguments& arguments, Session& session) {
  return ask_and_print(arguments, session, request_of(arguments, "dkim.retire"),
                       [](std::ostream& out, const json::value& data) {
                         out << "the key " << printable(text_of(data, "selector"))
                             << " signs no more; leave its record in DNS for two weeks, for mail "
                                "that is under way\n";
                       });
}

int remove(const Arguments& arguments, Session& session) {
  return ask_and_print(arguments, session, request_of(arguments, "dkim.remove"),
                       [](std::ostream& out, const json::value& data) {
                         out << "removed the key " << printable(text_of(data, "selector")) << " of "
                             << printable(text_of(data, "domain")) << '\n';
                       });
}

constexpr Option kDomain{.name = "DOMAIN", .value = "", .help = "The domain", .required = true};
constexpr Option kSelector{
    .name = "SELECTOR", .value = "", .help = "The key's selector", .required = true};

}  // namespace

std::span<const Command> dkim_commands() {
  static const std::array kCommands{
      Command{"dkim add", "Make keys to sign a domain's mail with",
              "Without --kind and --selector one RSA and one Ed25519 key. `domain add` did this "
              "already for a new\ndomain. A key signs once DNS has shown it for an hour.\n"
              "Example: postern dkim add example.org",
              printing({kDomain,
                        {"--selector", "NAME", "A name of your own for the key"},
                        {"--kind", "KIND", "rsa or ed25519"}}),
              add},
      Command{"dkim list", "Show signing keys, and what DNS must say",
              "Example: postern dkim list example.org",
              printing({{"DOMAIN", "", "Only of this domain"}}), list},
      Command{"dkim activate", "Sign with keys that wait, at once",
              "All of the domain's, or one. Asks DNS whether it shows them. Example: postern dkim "
              "activate example.org",
              printing({kDomain,
                        {"SELECTOR", "", "Only this key"},
                        {"--force", "", "Although DNS does not show them"}}),
              activate},
      Command{"dkim rotate", "Make successors of a domain's keys",
              "They take over once DNS has shown them for an hour; the old ones are retired then.\n"
              "By itself this happens after signing.rotate_days. Example: postern dkim rotate "
              "example.org",
              printing({kDomain}), rotate},
      Command{"dkim retire", "Sign no more with a key",
              "For good: its private part is erased. Example: postern dkim retire example.org "
              "20260101r",
              printing({kDomain, kSelector}), retire},
      Command{"dkim remove", "Forget a key", "Example: postern dkim remove example.org 20260101r",
              printing({kDomain, kSelector}), remove}};
  return kCommands;
}

}  // namespace postern::commands
