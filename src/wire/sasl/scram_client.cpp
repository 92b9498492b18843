#include "sasl/scram_client.hpp"

#include <utility>

#include "sasl/scram_message.hpp"
#include "sasl/scram_server.hpp"
#include "text/base64.hpp"
#include "vocab/try.hpp"

namespace postern::sasl {
namespace {

// RFC 5802 §6: "y" tells a server that did offer -PLUS that its offer was tampered with.
std::string gs2_header(bool plus, const ClientLogin& login, const Channel& channel) {
  std::string header = "n,";
  if (plus) {
    header = "p=" + std::string{kTlsExporter} + ",";
  } else if (!channel.tls_exporter.empty()) {
    header = "y,";
  }
  if (!login.authzid.empty()) header += "a=" + escape_scram_name(login.authzid);
  return header + ",";
}

}  // namespace

ScramClient::ScramClient(bool plus, ClientLogin login, const Channel& channel, std::string nonce)
    : plus_{plus},
      login_{std::move(login)},
      nonce_{std::move(nonce)},
      gs2_header_{gs2_header(plus, login_, channel)},
      channel_binding_{gs2_header_ + (plus ? channel.tls_exporter : std::string{})},
      auth_message_{"n=" + escape_scram_name(login_.user) + ",r=" + nonce_} {}

std::string_view ScramClient::name() const {
  return plus_ ? kScramPlusName : kScramName;
}

std::optional<std::string> ScramClient::initial_response() {
  due_ = Due::server_first;
  return gs2_header_ + auth_message_;
}

Result<std::string> ScramClient::answer(std::string_view challenge) {
  auto response = step(challenge);
  if (!response) due_ = Due::broken;
  return response;
}

Result<std::string> ScramClient::step(std::string_view challenge) {
  switch (due_) {
    case Due::opening:
      if (!challenge.empty()) return fail(Errc::bad_syntax, "SCRAM: the client speaks first");
      return *initial_response();
    case Due::server_first: return on_server_first(challenge);
    case Due::server_final: return on_server_final(challenge);
    case Due::nothing:
    case Due::broken:       break;
  }
  return fail(Errc::bad_sequence, "SCRAM: a challenge too many");
}

Result<std::string> ScramClient::on_server_first(std::string_view challenge) {
  POSTERN_TRY(const ServerFirst first, parse_server_first(challenge));
  if (!first.nonce.starts_with(nonce_) || first.nonce.size() == nonce_.size()) {
    return fail(Errc::auth_failed, "SCRAM: not our nonce");
  }
  if (first.iterations < kMinScramIterations || first.iterations > kMaxScramIterations) {
    return fail(Errc::policy_reject, "SCRAM: iteration count");
  }
  const crypto::ScramClientKeys keys =
      crypto::derive_scram_client_keys(login_.password.reveal(), first.salt, first.iterations);
  keys_ = keys.keys;
  std::string final = "c=" + text::to_base64(channel_binding_) + ",r=" + std::string{first.nonce};
  auth_message_ += "," + std::string{challenge} + "," + final;
  const crypto::Digest proof = crypto::scram_client_proof(keys, auth_message_);
  due_ = Due::server_final;
  return final + ",p=" + text::to_base64(crypto::view(proof));
}

Result<std::string> ScramClient::on_server_final(std::string_view challenge) {
  POSTERN_TRY(const ServerFinal final, parse_server_final(challenge));
  if (!final.error.empty()) return fail(Errc::auth_failed, "SCRAM: " + std::string{final.error});
  const crypto::Digest expected = crypto::scram_server_signature(keys_, auth_message_);
  if (!crypto::equal_constant_time(final.verifier, crypto::view(expected))) {
    return fail(Errc::auth_failed, "SCRAM: the server does not know our keys");
  }
  due_ = Due::nothing;
  return std::string{};
}

}  // namespace postern::sasl
