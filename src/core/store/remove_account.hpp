#pragma once

#include <cstdint>

#include "async/task.hpp"
#include "store/account.hpp"
#include "vocab/result.hpp"
#include "vocab/time.hpp"

namespace postern::store {

/// Erases everything of the account and its links to bodies; whoever has it open finds nothing from
/// the first of its commits on, each of which takes a thousand messages at most. Cut short, it goes
/// on where it was when it is called again. `not_found`: nothing is left. On the home core.
Task<Result<void>> remove_account(Account& account);

/// Erases for good what was expunged and is past its time at `now`. On the home core.
Task<Result<void>> erase_gone(Account& account, Timestamp now);

}  // namespace postern::store
