#pragma once

#include <string_view>
#include <variant>

#include "dns/answer.hpp"
#include "route/failure.hpp"

namespace postern::route {

/// The sender's domain could take a reply, as far as DNS knows.
struct Answerable {};

using SenderStep = std::variant<Answerable, Need, Failure>;

/// Judges the domain of a MAIL FROM: mail that can be neither answered nor returned is not taken.
/// `domain` as for `locate`; not for the null path `<>`. It asks at most twice.
/// Failures: 550 5.7.27 the domain says it sends and takes no mail (RFC 7505 §4.2); 550 5.1.8 no
/// such domain, or neither MX nor address records; 451 4.1.8 DNS fails or DNSSEC says forged.
[[nodiscard]] SenderStep check_sender_domain(std::string_view domain, const dns::Answers& answers);

}  // namespace postern::route
