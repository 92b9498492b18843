#pragma once

#include <optional>
#include <string>

#include "async/task.hpp"
#include "resolver/resolver.hpp"
#include "smtp/reply.hpp"

namespace postern::smtpd {

/// Row A3: the refusal of a MAIL FROM whose domain could not take a reply; nothing if it could.
/// `domain`: A-labels or an address literal.
Task<std::optional<smtp::Reply>> judge_sender_domain(resolver::Resolver& resolver,
                                                     std::string domain);

}  // namespace postern::smtpd
