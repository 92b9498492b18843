#pragma once

#include "delivery/delivery.hpp"
#include "smtp/data.hpp"
#include "smtp/reply.hpp"
#include "vocab/result.hpp"

// The one place where failures become SMTP's words (RFC 5321 §4.2, RFC 3463).
namespace postern::smtpd {

/// What to say when an operation that a command needs failed so. Shows nothing of the detail.
[[nodiscard]] smtp::Reply reply_for(Errc code);
/// To whoever logged in with what is good no more; 421 ends the session.
[[nodiscard]] smtp::Reply reply_login_over(int code);

/// What to say to RCPT.
[[nodiscard]] smtp::Reply reply_for(const delivery::RecipientVerdict& verdict);

/// The refusal of message data with such a flaw (row A2).
[[nodiscard]] smtp::Reply reply_for(smtp::DataFlaw flaw);

}  // namespace postern::smtpd
