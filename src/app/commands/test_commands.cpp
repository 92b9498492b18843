#include <array>
#include <optional>

#include <fmt/format.h>

#include "commands/command.hpp"
#include "commands/desk.hpp"
#include "kv/power_cut.hpp"
#include "text/ascii.hpp"

// What only the crash tests need (tests/e2e/test_crash.py).
namespace postern::commands {
namespace {

int power_cut(const Arguments& arguments, Session& session) {
  std::optional<std::uint64_t> seed;
  if (arguments.has("--torn")) {
    seed = text::parse_number<std::uint64_t>(arguments.text("--torn"));
    if (!seed) return misused(session, "--torn is a number");
  }
  const auto cut = kv::apply_power_cut(arguments.text("--dir"), seed);
  if (!cut) {
    Error error = cut.error();
    if (error.code == Errc::not_found)
      error.detail = "no journal of syncs: this store was not run with POSTERN_TEST_FAULTS";
    return complain(session, error);
  }
  session.out << fmt::format("{} files cut, {} removed, {} renames undone, {} octets lost\n",
                             cut->files_cut, cut->files_removed, cut->renames_undone,
                             cut->bytes_lost);
  return 0;
}

}  // namespace

std::span<const Command> test_commands() {
  static const std::array kCommands{
      Command{"store power-cut",
              "Lose what a power cut might have taken (for crash tests)",
              "Of a stopped store whose server ran with POSTERN_TEST_FAULTS=track or no_sync, and "
              "of no other.\n"
              "Example: postern store power-cut --dir /tmp/mail",
              {{"--dir", "DIR", "The store's directory", true},
               {"--torn", "SEED", "Let files end at random points beyond their last sync"}},
              power_cut,
              true}};
  return kCommands;
}

}  // namespace postern::commands
