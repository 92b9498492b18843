#pragma once

#include <span>

#include "imap/status_item.hpp"
#include "imapd/connection.hpp"

namespace postern::imapd {

/// `* STATUS`; for STATUS and for LIST with RETURN (STATUS). The store's failures.
Task<Result<void>> append_status(Connection& c, const store::MailboxInfo& info,
                                 std::span<const imap::StatusItem> items);

}  // namespace postern::imapd
