#pragma once

#include <memory>

#include "async/clock.hpp"
#include "imapd/session.hpp"
#include "smtpd/limits.hpp"

namespace postern::server {

/// One memory of failed logins for every service; IMAP's strangers are counted by themselves.
/// All arguments outlive it.
[[nodiscard]] std::unique_ptr<imapd::LoginGuard> make_login_guard(smtpd::Guard& guard,
                                                                  net::Places& strangers,
                                                                  const Clock& clock);

}  // namespace postern::server
