#pragma once

#include <memory>
#include <vector>

#include "async/task.hpp"
#include "search/query.hpp"
#include "store/account_session.hpp"
#include "store/mailbox_view.hpp"
#include "vocab/result.hpp"

namespace postern::search {

/// Of one message's body so much is looked at.
inline constexpr std::uint64_t kMaxBody = std::uint64_t{16} << 20U;

/// The positions in `view` of what `query` is looking for, ascending. Reads no more of a message
/// than the answer needs; exact (no index stands between). Messages that went meanwhile are not
/// found. Gives way to other work of the core every few messages. Failures are the session's.
Task<Result<std::vector<std::size_t>>> find(store::AccountSession& session,
                                            std::shared_ptr<const store::MailboxView> view,
                                            Query query);

}  // namespace postern::search
