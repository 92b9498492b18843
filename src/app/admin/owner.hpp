#pragma once

#include <string>

#include "vocab/result.hpp"

namespace postern::admin {

/// Root becomes `user`, whose `directory` then is (it is made when `make`); without a user, whoever
/// owns `directory`. Anybody else stays who they are. `bad_config`: no such user. `io_failed`.
[[nodiscard]] Result<void> become_owner(const std::string& directory, const std::string& user,
                                        bool make);

}  // namespace postern::admin
