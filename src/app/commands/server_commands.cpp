#include <array>

#include <boost/json.hpp>

#include "commands/command.hpp"
#include "commands/desk.hpp"
#include "commands/version.hpp"
#include "config/config.hpp"
#include "text/ascii.hpp"

namespace postern::commands {
namespace {

int serve(const Arguments& arguments, Session& session) {
  const auto file = arguments.text("--config");
  return session.servers.serve(file.empty() ? std::string{kDefaultConfig} : file);
}

int localserve(const Arguments& arguments, Session& session) {
  Servers::Local local;
  local.directory = arguments.text("--dir");
  if (arguments.has("--ip")) local.ip = arguments.text("--ip");
  if (arguments.has("--port-offset")) {
    constexpr std::uint16_t kMost = 60'000;
    const auto offset = text::parse_number<std::uint16_t>(arguments.text("--port-offset"));
    if (!offset || *offset > kMost)
      return misused(session, "--port-offset is a number up to 60000");
    local.port_offset = *offset;
  }
  local.deliver_remote = arguments.has("--deliver-remote");
  return session.servers.localserve(local);
}

int check(const Arguments& arguments, Session& session) {
  const auto named = arguments.text("FILE");
  const auto file = named.empty() ? std::string{kDefaultConfig} : named;
  const auto config = config::load(file);
  if (!config) return complain(session, config.error());
  const auto files = config::check_files(*config);
  if (!files) return complain(session, files.error());
  session.out << file << ": good\n";
  return 0;
}

int print_default(const Arguments&, Session& session) {
  session.out << config::default_file();
  return 0;
}

int print_reference(const Arguments&, Session& session) {
  session.out << config::reference();
  return 0;
}

int version(const Arguments& arguments, Session& session) {
  if (arguments.has("--json")) {
    session.out << boost::json::serialize(boost::json::object{{"version", kVersion}}) << '\n';
  } else {
    session.out << "postern " << kVersion << '\n';
  }
  return 0;
}

}  // namespace

std::span<const Command> server_commands() {
  static const std::array kCommands{
      Command{"serve",
              "Run the mail server",
              "Until SIGTERM; SIGHUP reads certificates and configuration anew.\n"
              "Example: postern serve --config /etc/postern/postern.toml",
              {{"--config", "FILE", "The configuration; default /etc/postern/postern.toml"}},
              serve},
      Command{"localserve",
              "Run a whole server on this machine, to try out or develop against",
              "Makes what is missing in DIR: a CA of its own and a certificate, the domain\n"
              "localhost, and user@localhost with a password that it prints and keeps in\n"
              "DIR/credentials.txt. Takes mail for any address at localhost and prints `ready`\n"
              "when it serves. Ports are the usual ones plus the offset: 1025 SMTP, 1465 and 1587\n"
              "submission, 1143 and 1993 IMAP.\n"
              "Example: postern localserve --dir /tmp/mail",
              {{"--dir", "DIR", "Where everything is kept", true},
               {"--ip", "ADDRESS", "Where to listen; default 127.0.0.1"},
               {"--port-offset", "N", "Added to every port; default 1000"},
               {"--deliver-remote", "", "Send mail to the world and not only to loopback"}},
              localserve},
      Command{"config check",
              "Look for mistakes in a configuration file",
              "One line for each, with file, line and remedy.\n"
              "Example: postern config check postern.toml",
              {{"FILE", "", "The file; default /etc/postern/postern.toml"}},
              check},
      Command{"config default",
              "Print a configuration file with every key and its default",
              "Example: postern config default > postern.toml",
              {},
              print_default},
      Command{"config reference",
              "Print the reference of all keys, in Markdown",
              "Example: postern config reference > configuration.md",
              {},
              print_reference},
      Command{"version",
              "Print the release",
              "Example: postern version --json",
              {{"--json", "", "Print JSON"}},
              version}};
  return kCommands;
}

}  // namespace postern::commands
