#pragma once

#include <map>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "commands/run.hpp"

// Inside commands: what a command is. Each group of commands has a table; cli.cpp, the only file
// that knows the argument parser, reads the command line with it.
namespace postern::commands {

inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;

struct Option {
  std::string_view name;   ///< "--quota", or "ADDRESS": an argument by place.
  std::string_view value;  ///< What stands behind it ("SIZE"); empty: a switch.
  std::string_view help;
  bool required = false;
  bool many = false;
};

/// What was given. Names as in the table.
class Arguments {
 public:
  void put(std::string_view name, std::vector<std::string> values) {
    values_.insert_or_assign(std::string{name}, std::move(values));
  }
  [[nodiscard]] bool has(std::string_view name) const { return values_.contains(name); }
  /// Empty when it was not given.
  [[nodiscard]] std::string text(std::string_view name) const {
    const auto found = values_.find(name);
    return found == values_.end() || found->second.empty() ? std::string{} : found->second.front();
  }
  [[nodiscard]] std::vector<std::string> texts(std::string_view name) const {
    const auto found = values_.find(name);
    return found == values_.end() ? std::vector<std::string>{} : found->second;
  }

 private:
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
};

/// Where a command writes, and what it may start.
struct Session {
  std::ostream& out;
  std::ostream& err;
  const Servers& servers;
};

struct Command {
  std::string_view words;  ///< "account add"
  std::string_view summary;
  std::string_view details;  ///< The end of its --help: more words, examples.
  std::vector<Option> options;
  int (*run)(const Arguments& arguments, Session& session);
  bool hidden = false;  ///< Not listed by --help.
};

[[nodiscard]] std::span<const Command> server_commands();
[[nodiscard]] std::span<const Command> domain_commands();
[[nodiscard]] std::span<const Command> account_commands();
[[nodiscard]] std::span<const Command> alias_commands();
[[nodiscard]] std::span<const Command> queue_commands();
[[nodiscard]] std::span<const Command> store_commands();
[[nodiscard]] std::span<const Command> trace_commands();
[[nodiscard]] std::span<const Command> dkim_commands();
[[nodiscard]] std::span<const Command> report_commands();
[[nodiscard]] std::span<const Command> check_commands();
[[nodiscard]] std::span<const Command> test_commands();  ///< Hidden from --help.

/// The options of every command that works on a store, behind its own.
[[nodiscard]] std::vector<Option> on_store(std::vector<Option> own);
/// The same and --json.
[[nodiscard]] std::vector<Option> printing(std::vector<Option> own);

inline constexpr std::string_view kDefaultConfig = "/etc/postern/postern.toml";

}  // namespace postern::commands
