// The only file that sees CLI11: turns the tables of commands into its parser, and what it found
// into Arguments.
#include <deque>
#include <exception>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include <CLI/CLI.hpp>

#include "commands/command.hpp"
#include "commands/version.hpp"

namespace postern::commands {
namespace {

/// What the groups are, in the order in which --help shows them.
struct Group {
  std::string_view name;
  std::string_view summary;
};
constexpr Group kGroups[] = {
    {"config", "Check and print configuration"},
    {"domain", "The domains that mail is received for"},
    {"account", "The people who have mail here"},
    {"alias", "Addresses that lead to others"},
    {"queue", "What waits to be sent"},
    {"store", "The store of all mail"},
    {"check", "Judge senders, messages and domains as the server would"},
    {"dns", "Ask the resolver"},
};

/// A command in the parser, with the places its values go to.
struct Bound {
  const Command* command = nullptr;
  CLI::App* app = nullptr;
  struct Slot {
    const Option* option;
    CLI::Option* parsed;
    std::vector<std::string> values;
    bool given = false;
  };
  std::deque<Slot> slots;

  [[nodiscard]] Arguments arguments() const {
    Arguments out;
    for (const auto& slot : slots) {
      if (slot.parsed->count() > 0) out.put(slot.option->name, slot.values);
    }
    return out;
  }
};

void bind(Bound& bound, const Option& option) {
  auto& slot = bound.slots.emplace_back(Bound::Slot{&option, nullptr, {}, false});
  const std::string name{option.name};
  const std::string help{option.help};
  const bool by_place = !name.starts_with('-');
  if (!by_place && option.value.empty()) {
    slot.parsed = bound.app->add_flag(name, slot.given, help);
    return;
  }
  slot.parsed = bound.app->add_option(name, slot.values, help);
  slot.parsed->type_name(std::string{option.value})->required(option.required);
  if (option.many) return;
  // A list of one, or what follows would be taken for more of it.
  slot.parsed->expected(1)->allow_extra_args(false);
  slot.parsed->multi_option_policy(CLI::MultiOptionPolicy::Throw);
}

class Parser {
 public:
  Parser() {
    app_.require_subcommand(1);
    app_.set_version_flag("--version", "postern " + std::string{kVersion});
    app_.footer("`postern COMMAND --help` tells more about each.");
    for (const auto commands :
         {server_commands(), domain_commands(), account_commands(), alias_commands(),
          queue_commands(), store_commands(), trace_commands(), dkim_commands(), report_commands(),
          check_commands(), test_commands()}) {
      for (const auto& command : commands) add(command);
    }
  }

  void parse(int argc, const char* const* argv) { app_.parse(argc, argv); }
  [[nodiscard]] const CLI::App& app() const { return app_; }
  [[nodiscard]] const Bound* chosen() const {
    for (const auto& bound : commands_) {
      if (bound.app->parsed()) return &bound;
    }
    return nullptr;
  }

 private:
  CLI::App& group(std::string_view name) {
    const auto found = groups_.find(name);
    if (found != groups_.end()) return *found->second;
    std::string summary;
    for (const auto& group : kGroups) {
      if (group.name == name) summary = group.summary;
    }
    auto* const made = app_.add_subcommand(std::string{name}, summary);
    made->require_subcommand(1);
    groups_.emplace(name, made);
    return *made;
  }

  void add(const Command& command) {
    const auto space = command.words.find(' ');
    const bool grouped = space != std::string_view::npos;
    CLI::App& parent = grouped ? group(command.words.substr(0, space)) : app_;
    const std::string word{grouped ? command.words.substr(space + 1) : command.words};
    auto& bound = commands_.emplace_back();
    bound.command = &command;
    bound.app = parent.add_subcommand(word, std::string{command.summary});
    if (command.hidden) bound.app->group("");
    bound.app->footer(std::string{command.details});
    for (const auto& option : command.options) bind(bound, option);
  }

  CLI::App app_{"Postern, a secure and complete mail server.", "postern"};
  std::map<std::string, CLI::App*, std::less<>> groups_;
  std::deque<Bound> commands_;
};

}  // namespace

namespace {

/// The first word that is no command, with those before it; empty if all are.
std::string unknown_command(const CLI::App& app, std::span<const char* const> words) {
  const CLI::App* at = &app;
  std::string said;
  for (const std::string_view word : words) {
    if (word.starts_with('-') || at->get_require_subcommand_min() == 0) return {};
    said += (said.empty() ? "" : " ") + std::string{word};
    const auto known = at->get_subcommands(
        [&](const CLI::App* one) { return one->check_name(std::string{word}); });
    if (known.empty()) return said;
    at = known.front();
  }
  return {};
}

}  // namespace

std::vector<Option> on_store(std::vector<Option> own) {
  own.push_back(
      {"--config", "FILE", "The server's configuration; default /etc/postern/postern.toml"});
  own.push_back({"--dir", "DIR", "The store's directory instead (that of localserve)"});
  return own;
}

std::vector<Option> printing(std::vector<Option> own) {
  own = on_store(std::move(own));
  own.push_back({"--json", "", "Print JSON"});
  return own;
}

int run(int argc, const char* const* argv, std::ostream& out, std::ostream& err,
        const Servers& servers) {
  Parser parser;
  try {
    parser.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {  // --help, --version
      parser.app().exit(error, out, err);
      return 0;
    }
    const std::span words{argv, static_cast<std::size_t>(argc)};
    const auto unknown = unknown_command(parser.app(), words.subspan(words.empty() ? 0 : 1));
    err << "postern: " << (unknown.empty() ? error.what() : "no command `" + unknown + '`')
        << "; --help tells more\n";
    return kUsage;
  }
  const auto* const chosen = parser.chosen();
  if (chosen == nullptr) return kUsage;
  Session session{.out = out, .err = err, .servers = servers};
  const int status = chosen->command->run(chosen->arguments(), session);
  out.flush();
  if (!out) {
    err << "postern: the output could not be written\n";
    return kFailed;
  }
  return status;
}

}  // namespace postern::commands
