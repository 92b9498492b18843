#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sasl/mechanism.hpp"

namespace postern::sasl {

/// Which mechanisms a listener has at all.
struct ServerPolicy {
  bool plain = true;
  bool login = true;
  bool scram = true;
};

/// The names to list after AUTH or as AUTH= capabilities, strongest first. Empty without TLS: no
/// mechanism is offered in clear (RFC 4954 asks it of PLAIN; SCRAM in clear could be guessed
/// offline). The -PLUS one needs a channel that can be bound to.
[[nodiscard]] std::vector<std::string_view> offered_mechanisms(const Channel& channel,
                                                               const ServerPolicy& policy = {});

/// A mechanism by its name, in any case. `nonce`: make_scram_nonce of 18 or more fresh random
/// bytes. Errors: unsupported (no such mechanism, or not offered on this channel: 504 5.5.4 / NO),
/// bad_config (a nonce that is none).
[[nodiscard]] Result<std::unique_ptr<ServerMechanism>> make_server_mechanism(
    std::string_view name, const Channel& channel, std::string nonce,
    const ServerPolicy& policy = {});

}  // namespace postern::sasl
