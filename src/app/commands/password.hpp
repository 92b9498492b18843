#pragma once

#include <string>

#include "commands/command.hpp"
#include "vocab/result.hpp"
#include "vocab/secret.hpp"

namespace postern::commands {

/// A new password: the first line of --password-file (`-`: standard input), else asked for twice
/// without an echo when standard input is a terminal, else its first line. `bad_syntax`: empty, or
/// the two differ. `io_failed`: the file.
[[nodiscard]] Result<Secret<std::string>> read_password(const Arguments& arguments,
                                                        Session& session);

/// The option by which commands ask for it.
inline constexpr Option kPasswordFile{
    .name = "--password-file",
    .value = "FILE",
    .help = "Read the password from the first line of FILE (-: standard input)"};

}  // namespace postern::commands
