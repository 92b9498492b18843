#pragma once

#include <atomic>

#include "async/task.hpp"
#include "store/account.hpp"
#include "vocab/result.hpp"
#include "vocab/time.hpp"

namespace postern::store {

/// Erases everything of the account and its links to bodies; whoever has it open finds nothing from
/// the first of its commits on, each of which takes a thousand messages at most. Cut short, it goes
/// on where it was when it is called again. `not_found`: nothing is left; `shutting_down`: `stop`
/// was seen before one of the commits. On the home core.
Task<Result<void>> remove_account(Account& account, const std::atomic<bool>& stop);

/// Erases for good what was expunged and is past its time at `now`; `shutting_down` as above. On
/// the home core.
Task<Result<void>> erase_gone(Account& account, Timestamp now, const std::atomic<bool>& stop);

}  // namespace postern::store
