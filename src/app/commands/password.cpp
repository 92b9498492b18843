#include "commands/password.hpp"

#include <fstream>
#include <iostream>
#include <optional>

#include <termios.h>
#include <unistd.h>

#include "vocab/try.hpp"

namespace postern::commands {
namespace {

/// The terminal shows nothing of what is typed while this lives.
class NoEcho {
 public:
  NoEcho() {
    termios quiet{};
    if (::tcgetattr(STDIN_FILENO, &quiet) != 0) return;
    before_ = quiet;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
  }
  NoEcho(const NoEcho&) = delete;
  NoEcho& operator=(const NoEcho&) = delete;
  ~NoEcho() {
    if (before_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &*before_);
  }

 private:
  std::optional<termios> before_;
};

std::string first_line(std::istream& in) {
  std::string line;
  std::getline(in, line);
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

std::string prompt(Session& session, std::string_view words) {
  session.err << words << std::flush;
  const NoEcho quiet;
  auto line = first_line(std::cin);
  session.err << '\n';
  return line;
}

Result<std::string> read(const Arguments& arguments, Session& session) {
  const auto file = arguments.text("--password-file");
  if (!file.empty() && file != "-") {
    std::ifstream in{file};
    if (!in) return fail(Errc::io_failed, file + " cannot be read");
    return first_line(in);
  }
  if (!file.empty() || ::isatty(STDIN_FILENO) == 0) return first_line(std::cin);
  auto word = prompt(session, "New password: ");
  if (prompt(session, "Again: ") != word)
    return fail(Errc::bad_syntax, "the two passwords differ; nothing was changed");
  return word;
}

}  // namespace

Result<Secret<std::string>> read_password(const Arguments& arguments, Session& session) {
  POSTERN_TRY(auto word, read(arguments, session));
  if (word.empty()) return fail(Errc::bad_syntax, "the password is empty; nothing was changed");
  return Secret<std::string>{std::move(word)};
}

}  // namespace postern::commands
