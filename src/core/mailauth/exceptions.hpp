#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dmarc/disposition.hpp"
#include "mailauth/findings.hpp"
#include "vocab/result.hpp"

// Mailing lists and forwarders that somebody named, and what a recipient wants.
namespace postern::mailauth {

/// Whether somebody may write this as an exception, and how it is kept: a domain (in A-labels) or a
/// net ("192.0.2.0/24", "2001:db8::1"). `bad_syntax`: neither.
[[nodiscard]] Result<std::string> parse_exception(std::string_view text);

/// Which of `named` the message comes by, if any. A net holds the peer's address; a domain, or one
/// below it, is proven by SPF (MAIL FROM or EHLO), by a DKIM signature, by the newest seal of an
/// ARC chain that passes, or by reverse DNS. What a message only says of itself proves nothing.
/// With the traits of list mail it counts as a mailing list, else as a forwarder.
[[nodiscard]] std::optional<dmarc::Exception> exception_for(const Findings& findings,
                                                            std::span<const std::string> named);

/// What one recipient wants.
struct Wishes {
  dmarc::AccountRule rule = dmarc::AccountRule::follow;
  std::vector<std::string> exceptions;
};

/// The disposition for such a recipient; that of `findings` for who wants nothing special.
[[nodiscard]] dmarc::Disposition disposition_for(const Findings& findings, const Wishes& wishes);

}  // namespace postern::mailauth
