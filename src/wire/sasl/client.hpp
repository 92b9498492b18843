#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sasl/mechanism.hpp"
#include "vocab/result.hpp"
#include "vocab/secret.hpp"

// SASL for clients (we log in at a smart host), without I/O.
namespace postern::sasl {

struct ClientLogin {
  std::string user;
  Secret<std::string> password;
  std::string authzid = {};  ///< To act as somebody else; usually empty.
};

/// One exchange. Errors of `answer`: bad_syntax (a challenge that is none), policy_reject (the
/// server asks for too few or too many iterations), auth_failed (it does not know our keys, or says
/// so), bad_sequence (a challenge too many). After an error send "*" and give up.
class ClientMechanism {
 public:
  ClientMechanism() = default;
  ClientMechanism(const ClientMechanism&) = delete;
  ClientMechanism& operator=(const ClientMechanism&) = delete;
  virtual ~ClientMechanism() = default;

  [[nodiscard]] virtual std::string_view name() const = 0;
  /// What may be sent with the command, if the mechanism speaks first. Not calling it is allowed:
  /// the server then begins with an empty challenge.
  [[nodiscard]] virtual std::optional<std::string> initial_response() = 0;
  /// The response to a decoded challenge.
  [[nodiscard]] virtual Result<std::string> answer(std::string_view challenge) = 0;
  /// Whether a success reported by the server may be believed now: with SCRAM only once it has
  /// proved that it knows our keys.
  [[nodiscard]] virtual bool may_succeed() const = 0;
};

/// The strongest of `offered` that we speak: SCRAM with channel binding if the channel has it,
/// SCRAM, then PLAIN and LOGIN if it is encrypted.
[[nodiscard]] std::optional<std::string_view> strongest_mechanism(
    std::span<const std::string_view> offered, const Channel& channel);

/// `name`: one of strongest_mechanism's. `nonce`: make_scram_nonce of 18 or more fresh random
/// bytes. Errors: unsupported (name, or -PLUS without a binding), bad_syntax (user or password that
/// cannot be sent), bad_config (nonce).
[[nodiscard]] Result<std::unique_ptr<ClientMechanism>> make_client_mechanism(
    std::string_view name, const ClientLogin& login, const Channel& channel, std::string nonce);

}  // namespace postern::sasl
