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

/// Recipients on one line of the list.
constexpr std::size_t kShown = 3;

/// "2026-01-02T03:04:05.678901Z" for people.
std::string moment(const std::string& time) {
  return time.size() < 19 ? time : time.substr(0, 10) + ' ' + time.substr(11, 8);
}

std::string sender(const json::value& message) {
  const auto from = text_of(message, "from");
  return from.empty() ? "<>" : from;
}

std::string recipients_of(const json::value& message) {
  std::string out;
  const auto& recipients = list_of(message, "recipients");
  for (std::size_t i = 0; i < recipients.size() && i < kShown; ++i)
    out += (i == 0 ? "" : " ") + text_of(recipients[i], "address");
  if (recipients.size() > kShown) out += fmt::format(" and {} more", recipients.size() - kShown);
  return out;
}

void print_list(std::ostream& out, const json::value& data) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& message : list_of(data)) {
    const bool held = flag_of(message, "held");
    rows.push_back({text_of(message, "id"), show_size(number_of(message, "size")),
                    held ? "held" : moment(text_of(message, "due")),
                    std::to_string(number_of(message, "attempts")), sender(message),
                    recipients_of(message)});
  }
  print_table(out, {"ID", "SIZE", "NEXT ATTEMPT", "TRIED", "FROM", "TO"}, rows);
}

void print_recipient(std::ostream& out, const json::value& recipient) {
  out << "  " << printable(text_of(recipient, "address")) << ": " << text_of(recipient, "state")
      << '\n';
  const auto reply = text_of(recipient, "reply");
  const auto host = text_of(recipient, "host");
  if (!reply.empty()) {
    out << "    " << (host.empty() ? "said" : printable(host) + " said") << ": " << printable(reply)
        << '\n';
  }
  const auto* const explanation = recipient.as_object().if_contains("explanation");
  if (explanation == nullptr) return;
  out << "    meaning: " << text_of(*explanation, "cause") << '\n';
  out << "    what to do: " << text_of(*explanation, "advice") << '\n';
  const auto link = text_of(*explanation, "link");
  if (!link.empty()) out << "    see: " << link << '\n';
}

void print_message(std::ostream& out, const json::value& message) {
  out << "message    " << text_of(message, "id") << "  (postern trace " << text_of(message, "trace")
      << ")\n";
  out << "from       " << printable(sender(message)) << '\n';
  out << "size       " << show_size(number_of(message, "size")) << '\n';
  out << "accepted   " << moment(text_of(message, "created")) << '\n';
  if (flag_of(message, "held")) {
    out << "held       " << printable(text_of(message, "held_why")) << '\n';
  } else {
    out << "next try   " << moment(text_of(message, "due")) << ", after "
        << number_of(message, "attempts") << '\n';
  }
  out << "given up   " << moment(text_of(message, "expires")) << '\n';
  out << "recipients\n";
  for (const auto& recipient : list_of(message, "recipients")) print_recipient(out, recipient);
}

json::object filtered(const Arguments& arguments, std::string_view cmd) {
  json::object out{{"cmd", cmd}};
  if (arguments.has("ID")) out["id"] = arguments.text("ID");
  if (arguments.has("--domain")) out["domain"] = arguments.text("--domain");
  if (arguments.has("--address")) out["address"] = arguments.text("--address");
  if (arguments.has("--why")) out["why"] = arguments.text("--why");
  if (arguments.has("--all")) out["all"] = true;
  return out;
}

int list(const Arguments& arguments, Session& session) {
  auto request = filtered(arguments, "queue.list");
  if (arguments.has("--limit")) {
    const auto limit = text::parse_number<std::uint32_t>(arguments.text("--limit"));
    if (!limit) return misused(session, "--limit is a number");
    request["limit"] = *limit;
  }
  return ask_and_print(arguments, session, request, print_list);
}

int show(const Arguments& arguments, Session& session) {
  return ask_and_print(arguments, session, filtered(arguments, "queue.show"), print_message);
}

/// What changes messages: needs to be told which.
int change(const Arguments& arguments, Session& session, std::string_view cmd,
           void (*print)(std::ostream& out, const json::value& data)) {
  const bool narrow =
      arguments.has("ID") || arguments.has("--domain") || arguments.has("--address");
  if (narrow == arguments.has("--all"))
    return misused(session, "which messages: an ID, --domain, --address, or --all of them");
  return ask_and_print(arguments, session, filtered(arguments, cmd), print);
}

int hold(const Arguments& arguments, Session& session) {
  return change(arguments, session, "queue.hold", [](std::ostream& out, const json::value& data) {
    out << "messages held: " << number_of(data, "messages") << '\n';
  });
}

int release(const Arguments& arguments, Session& session) {
  return change(arguments, session, "queue.release",
                [](std::ostream& out, const json::value& data) {
                  out << "messages released: " << number_of(data, "messages") << '\n';
                });
}

int retry(const Arguments& arguments, Session& session) {
  return change(arguments, session, "queue.retry", [](std::ostream& out, const json::value& data) {
    out << "messages to be tried now: " << number_of(data, "messages") << '\n';
  });
}

int drop(const Arguments& arguments, Session& session) {
  return change(arguments, session, "queue.drop", [](std::ostream& out, const json::value& data) {
    out << "messages dropped: " << number_of(data, "messages") << '\n';
  });
}

constexpr Option kId{.name = "ID", .value = "", .help = "The message, by its 16 digits"};
constexpr Option kDomain{
    .name = "--domain", .value = "DOMAIN", .help = "Messages that wait for this domain"};
constexpr Option kAddressed{
    .name = "--address", .value = "ADDRESS", .help = "Messages from or to this address"};
constexpr Option kAll{.name = "--all", .value = "", .help = "Every message"};
constexpr Option kWhy{.name = "--why", .value = "TEXT", .help = "What the trace will say"};

}  // namespace

std::span<const Command> queue_commands() {
  static const std::array kCommands{
      Command{"queue list", "Show what waits to be sent",
              "At most 10000 messages. Example: postern queue list --domain example.org",
              printing({kDomain, kAddressed, {"--limit", "N", "At most so many messages"}}), list},
      Command{"queue show", "Show one message, what was tried, and what refusals mean",
              "Example: postern queue show 00c0ffee00c0ffee",
              printing({{"ID", "", "The message, by its 16 digits", true}}), show},
      Command{"queue hold", "Keep messages from being sent",
              "Until `queue release`. Example: postern queue hold --domain example.org",
              printing({kId, kDomain, kAddressed, kAll, kWhy}), hold},
      Command{"queue release", "Send what was held",
              "Example: postern queue release 00c0ffee00c0ffee",
              printing({kId, kDomain, kAddressed, kAll}), release},
      Command{"queue retry", "Try again now instead of when it is due",
              "Beside a running server; a stopped one tries what is due when it starts.\n"
              "Example: postern queue retry --all",
              printing({kId, kDomain, kAddressed, kAll}), retry},
      Command{"queue drop", "Remove messages without telling their senders",
              "The trace keeps what happened. Example: postern queue drop 00c0ffee00c0ffee --why "
              "spam",
              printing({kId, kDomain, kAddressed, kAll, kWhy}), drop}};
  return kCommands;
}

}  // namespace postern::commands
