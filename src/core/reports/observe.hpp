#pragma once

#include <optional>
#include <span>
#include <string>

#include "mailauth/findings.hpp"
#include "reports/collector.hpp"
#include "smtp/address.hpp"

namespace postern::reports {

/// What `found` is for a report about the message's author; nothing when it is in none: no DMARC
/// record, nobody whom its record wants told, no verdict yet (it is deferred, and comes again), or
/// no peer. `recipients` are those of the envelope. RFC 9990 §3.1.1.
[[nodiscard]] std::optional<SeenMessage> observe(const mailauth::Findings& found,
                                                 std::span<const smtp::Address> recipients);

}  // namespace postern::reports
