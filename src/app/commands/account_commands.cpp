#include <array>
#include <fstream>
#include <iostream>

#include <boost/json.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "commands/command.hpp"
#include "commands/desk.hpp"
#include "commands/password.hpp"
#include "commands/text.hpp"
#include "text/ascii.hpp"

namespace postern::commands {
namespace {

namespace json = boost::json;

/// Of one request: both below what the server takes at a time (1000, 1 MiB).
constexpr std::size_t kBatch = 200;
constexpr std::size_t kBatchOctets = std::size_t{500} * 1000;

constexpr Option kAddress{.name = "ADDRESS", .value = "", .help = "The account", .required = true};
constexpr Option kQuota{.name = "--quota",
                        .value = "SIZE",
                        .help = "How much it may hold: 512M, 10G, none (the default)"};

std::optional<std::uint64_t> quota_of(const Arguments& arguments, std::string_view name) {
  return arguments.has(name) ? parse_size(arguments.text(name)) : std::uint64_t{0};
}

/// Adds up the answers to many requests.
struct Tally {
  std::uint64_t added = 0;
  json::array failed;

  void take(const json::value& data) {
    added += number_of(data, "added");
    for (const auto& one : list_of(data, "failed")) failed.push_back(one);
  }
  int show(const Arguments& arguments, Session& session) const {
    if (arguments.has("--json")) {
      session.out << json::serialize(json::object{{"added", added}, {"failed", failed}}) << '\n';
    } else {
      session.out << fmt::format("added {} accounts\n", added);
    }
    for (const auto& one : failed) {
      session.err << "postern: " << printable(text_of(one, "address")) << ": "
                  << printable(text_of(one, "error")) << '\n';
    }
    return failed.empty() ? 0 : kFailed;
  }
};

/// "address password": the password is the rest of the line.
Result<json::object> parse_line(std::string_view line, std::size_t number) {
  const auto gap = line.find_first_of(" \t");
  const auto rest =
      gap == std::string_view::npos ? line.size() : line.find_first_not_of(" \t", gap);
  if (rest >= line.size())
    return fail(Errc::bad_syntax, fmt::format("line {} is not: address password", number));
  return json::object{{"address", line.substr(0, gap)}, {"password", line.substr(rest)}};
}

Result<Tally> add_lines(std::istream& in, Desk& desk, std::uint64_t quota) {
  Tally tally;
  json::array accounts;
  std::size_t octets = 0;
  const auto send = [&]() -> Result<void> {
    if (accounts.empty()) return {};
    const auto data = desk.ask(
        {{"cmd", "account.add_many"}, {"quota", quota}, {"accounts", std::exchange(accounts, {})}});
    octets = 0;
    if (!data) return std::unexpected(data.error());
    tally.take(*data);
    return {};
  };
  std::string line;
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    const auto trimmed = text::trim(line);
    if (trimmed.empty() || trimmed.starts_with('#')) continue;
    auto account = parse_line(trimmed, number);
    if (!account) return std::unexpected(account.error());
    accounts.push_back(*std::move(account));
    octets += line.size();
    if (accounts.size() < kBatch && octets < kBatchOctets) continue;
    if (auto sent = send(); !sent) return std::unexpected(sent.error());
  }
  if (auto sent = send(); !sent) return std::unexpected(sent.error());
  return tally;
}

int add_batch(const Arguments& arguments, Session& session, std::uint64_t quota) {
  const auto file = arguments.text("--batch");
  std::ifstream opened;
  if (file != "-") opened.open(file);
  if (!opened) return complain(session, {Errc::io_failed, file + " cannot be read"});
  const auto desk = Desk::open(arguments);
  if (!desk) return complain(session, desk.error());
  const auto tally = add_lines(file == "-" ? std::cin : opened, **desk, quota);
  if (!tally) return complain(session, tally.error());
  return tally->show(arguments, session);
}

int add(const Arguments& arguments, Session& session) {
  const auto quota = quota_of(arguments, "--quota");
  if (!quota) return misused(session, "--quota is a size: 512M, 10G, none");
  if (arguments.has("--batch") == arguments.has("ADDRESS"))
    return misused(session, "either an address or --batch");
  if (arguments.has("--batch")) return add_batch(arguments, session, *quota);
  const auto password = read_password(arguments, session);
  if (!password) return complain(session, password.error());
  return ask_and_print(arguments, session,
                       {{"cmd", "account.add"},
                        {"address", arguments.text("ADDRESS")},
                        {"password", password->reveal()},
                        {"quota", *quota}},
                       [](std::ostream& out, const json::value& data) {
                         out << "added " << printable(text_of(data, "address")) << '\n';
                       });
}

std::string state_of(const json::value& account) {
  std::string out = flag_of(account, "disabled") ? "disabled" : "active";
  if (flag_of(account, "relay")) out += ", relays";
  return out;
}

int list(const Arguments& arguments, Session& session) {
  return ask_and_print(
      arguments, session, {{"cmd", "account.list"}, {"domain", arguments.text("--domain")}},
      [](std::ostream& out, const json::value& data) {
        std::vector<std::vector<std::string>> rows;
        for (const auto& account : list_of(data)) {
          const auto quota = number_of(account, "quota");
          rows.push_back({text_of(account, "address"), show_size(number_of(account, "used")),
                          quota == 0 ? "none" : show_size(quota), state_of(account),
                          text_of(account, "created").substr(0, 10)});
        }
        print_table(out, {"ACCOUNT", "USED", "QUOTA", "STATE", "SINCE"}, rows);
      });
}

int set_password(const Arguments& arguments, Session& session) {
  const auto password = read_password(arguments, session);
  if (!password) return complain(session, password.error());
  return ask_and_print(arguments, session,
                       {{"cmd", "account.set_password"},
                        {"address", arguments.text("ADDRESS")},
                        {"password", password->reveal()}},
                       [](std::ostream& out, const json::value& data) {
                         out << "changed the password of " << printable(text_of(data, "address"))
                             << '\n';
                       });
}

/// Its mail goes with it at once: a person at a terminal is asked.
bool may_remove(const Arguments& arguments, Session& session) {
  if (arguments.has("--yes") || ::isatty(STDIN_FILENO) == 0) return true;
  session.err << "Remove " << arguments.text("ADDRESS") << " with all its mail? [y/N] "
              << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

int remove(const Arguments& arguments, Session& session) {
  if (!may_remove(arguments, session))
    return complain(session, {Errc::not_permitted, "nothing was removed"});
  return ask_and_print(
      arguments, session, {{"cmd", "account.remove"}, {"address", arguments.text("ADDRESS")}},
      [](std::ostream& out, const json::value& data) {
        out << "removed " << printable(text_of(data, "address")) << " and all its mail\n";
      });
}

int quota(const Arguments& arguments, Session& session) {
  const auto octets = parse_size(arguments.text("SIZE"));
  if (!octets) return misused(session, "SIZE is a size: 512M, 10G, none");
  return ask_and_print(
      arguments, session,
      {{"cmd", "account.quota"}, {"address", arguments.text("ADDRESS")}, {"quota", *octets}},
      [](std::ostream& out, const json::value& data) {
        const auto limit = number_of(data, "quota");
        out << printable(text_of(data, "address")) << " may hold "
            << (limit == 0 ? "any amount" : show_size(limit)) << '\n';
      });
}

int disable(const Arguments& arguments, Session& session) {
  return ask_and_print(arguments, session,
                       {{"cmd", "account.disable"}, {"address", arguments.text("ADDRESS")}},
                       [](std::ostream& out, const json::value& data) {
                         out << "disabled " << printable(text_of(data, "address")) << '\n';
                       });
}

int enable(const Arguments& arguments, Session& session) {
  return ask_and_print(arguments, session,
                       {{"cmd", "account.enable"}, {"address", arguments.text("ADDRESS")}},
                       [](std::ostream& out, const json::value& data) {
                         out << "enabled " << printable(text_of(data, "address")) << '\n';
                       });
}

int dmarc(const Arguments& arguments, Session& session) {
  json::object request{{"cmd", "account.dmarc"}, {"address", arguments.text("ADDRESS")}};
  if (arguments.has("RULE")) request["rule"] = arguments.text("RULE");
  if (arguments.has("--exception")) {
    json::array names;
    for (const auto& name : arguments.texts("--exception")) {
      if (!name.empty()) names.push_back(json::string{name});
    }
    request["exceptions"] = std::move(names);
  }
  return ask_and_print(arguments, session, request, [](std::ostream& out, const json::value& data) {
    out << printable(text_of(data, "address")) << ": " << text_of(data, "dmarc");
    for (const auto& name : list_of(data, "exceptions")) {
      const auto* const text = name.if_string();
      if (text != nullptr) out << ", but for " << printable({text->data(), text->size()});
    }
    out << '\n';
  });
}

int relay(const Arguments& arguments, Session& session) {
  const auto word = arguments.text("STATE");
  if (word != "on" && word != "off") return misused(session, "either on or off");
  return ask_and_print(
      arguments, session,
      {{"cmd", "account.relay"}, {"address", arguments.text("ADDRESS")}, {"relay", word == "on"}},
      [](std::ostream& out, const json::value& data) {
        out << printable(text_of(data, "address"))
            << (flag_of(data, "relay") ? " may submit the mail of others\n"
                                       : " may submit its own mail only\n");
      });
}

}  // namespace

std::span<const Command> account_commands() {
  static const std::array kCommands{
      Command{
          "account add", "Add an account, or many",
          "The password is asked for twice, or read from standard input or a file; it is never an\n"
          "argument. --batch reads lines of an address, a space and a password; accounts that\n"
          "cannot be added are named on standard error, the others are added.\n"
          "Examples: postern account add ann@example.org --quota 10G\n"
          "          postern account add --batch people.txt",
          printing({{"ADDRESS", "", "The account's address and login name"},
                    kQuota,
                    kPasswordFile,
                    {"--batch", "FILE", "Add the accounts that FILE lists (-: standard input)"}}),
          add},
      Command{"account list", "Show all accounts and what they use",
              "Example: postern account list --domain example.org --json",
              printing({{"--domain", "DOMAIN", "Only accounts of this domain"}}), list},
      Command{"account set-password", "Give an account a new password",
              "It is read as `account add` reads it. Who is logged in with the old one is let go.\n"
              "Example: postern account set-password ann@example.org",
              printing({kAddress, kPasswordFile}), set_password},
      Command{"account remove", "Remove an account with all its mail",
              "At once and for good. At a terminal it asks first.\n"
              "Example: postern account remove ann@example.org",
              printing({kAddress, {"--yes", "", "Do not ask"}}), remove},
      Command{"account quota", "Limit what an account may hold",
              "Example: postern account quota ann@example.org 10G",
              printing({kAddress, {"SIZE", "", "512M, 10G, none", true}}), quota},
      Command{"account disable", "Let nobody log in, and refuse its mail",
              "Its mail stays. Who is logged in is let go.\n"
              "Example: postern account disable ann@example.org",
              printing({kAddress}), disable},
      Command{"account enable", "Undo `account disable`",
              "Example: postern account enable ann@example.org", printing({kAddress}), enable},
      Command{"account relay", "Let an account submit the mail of others, or not",
              "For programs that pass on mail: any sender and From are taken, and Received fields\n"
              "stay. Whoever knows the password can then send in anybody's name.\n"
              "Example: postern account relay gateway@example.org on",
              printing({kAddress, {"STATE", "", "on or off", true}}), relay},
      Command{"account dmarc", "Say what is done with mail to an account that fails DMARC",
              "RULE is follow (what the sender's domain asks for), accept, junk (never refuse) or "
              "strict (refuse\nwherever it is asked for). --exception names a mailing list's or "
              "forwarder's domain, or a net, whose mail\nis accepted; what is given replaces what "
              "was; an empty one ends them all.\n"
              "Example: postern account dmarc ann@example.org junk --exception lists.example.net",
              printing({kAddress,
                        {"RULE", "", "follow, accept, junk or strict"},
                        {"--exception", "NAME", "A domain or net; may be repeated", false, true}}),
              dmarc}};
  return kCommands;
}

}  // namespace postern::commands
