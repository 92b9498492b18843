#include "sasl/scram_server.hpp"

#include <utility>

#include "crypto/hash.hpp"
#include "sasl/scram_message.hpp"
#include "text/base64.hpp"

namespace postern::sasl {
namespace {

Failed failed(const Error& error) {
  return {error.code, error.detail};
}

// RFC 5802 §6: what the client says of channel binding against what we offered. The error's name,
// or nothing when they agree.
std::string_view binding_objection(const ClientFirst& first, bool plus, const Channel& channel) {
  switch (first.flag) {
    case BindingFlag::not_supported: return plus ? "channel-bindings-dont-match" : "";
    case BindingFlag::server_does_not:
      // We did offer -PLUS: somebody in between has taken it off the list.
      return plus || !channel.tls_exporter.empty() ? "server-does-support-channel-binding" : "";
    case BindingFlag::used:
      if (!plus || channel.tls_exporter.empty()) return "channel-binding-not-supported";
      return first.binding_type == kTlsExporter ? "" : "unsupported-channel-binding-type";
  }
  return "other-error";
}

}  // namespace

ScramCredentials fake_scram_credentials(std::string_view key, std::string_view user,
                                        std::uint32_t iterations, std::size_t salt_size) {
  const crypto::Digest salt = crypto::hmac_sha256_fields(key, {"scram salt", user});
  return {.salt = std::string{crypto::view(salt).substr(0, salt_size)},
          .iterations = iterations,
          .keys = {.stored_key = crypto::hmac_sha256_fields(key, {"scram stored key", user}),
                   .server_key = crypto::hmac_sha256_fields(key, {"scram server key", user})},
          .known = false};
}

ScramServer::ScramServer(bool plus, Channel channel, std::string nonce)
    : plus_{plus}, channel_{std::move(channel)}, nonce_{std::move(nonce)} {}

Step ScramServer::on_response(std::string_view response) {
  switch (due_) {
    case Due::client_first:    return on_client_first(response);
    case Due::client_final:    return on_client_final(response);
    case Due::acknowledgement: break;
  }
  if (!response.empty()) return Failed{Errc::bad_syntax, "data after server-final"};
  return Authenticated{.user = std::move(identity_.user), .authzid = std::move(identity_.authzid)};
}

Step ScramServer::on_client_first(std::string_view message) {
  const auto first = parse_client_first(message);
  if (!first) return failed(first.error());
  if (const auto objection = binding_objection(*first, plus_, channel_); !objection.empty()) {
    return Failed{Errc::auth_failed, std::string{objection}};
  }
  auto identity = prepare_identity(first->user, first->authzid);
  if (!identity) return failed(identity.error());
  identity_ = *std::move(identity);
  channel_binding_ = first->gs2_header;
  if (first->flag == BindingFlag::used) channel_binding_ += channel_.tls_exporter;
  nonce_.insert(0, first->nonce);
  auth_message_ = first->bare;
  return FindScramKeys{.user = identity_.user, .authzid = identity_.authzid};
}

Step ScramServer::on_answer(const Answer& answer) {
  const auto* const credentials = std::get_if<ScramCredentials>(&answer);
  if (credentials == nullptr) return Failed{Errc::bad_sequence, "SCRAM credentials were due"};
  credentials_ = *credentials;
  std::string message = "r=" + nonce_ + ",s=" + text::to_base64(credentials_.salt) +
                        ",i=" + std::to_string(credentials_.iterations);
  auth_message_ += "," + message;
  due_ = Due::client_final;
  return Challenge{std::move(message)};
}

Step ScramServer::on_client_final(std::string_view message) {
  const auto final = parse_client_final(message);
  if (!final) return failed(final.error());
  if (!crypto::equal_constant_time(final->nonce, nonce_)) {
    return Failed{Errc::auth_failed, "other-error: nonce"};
  }
  if (!crypto::equal_constant_time(final->channel_binding, channel_binding_)) {
    return Failed{Errc::auth_failed, "channel-bindings-dont-match"};
  }
  auth_message_ += ',';
  auth_message_ += final->without_proof;
  // Both are computed whatever the outcome, so that a failure takes as long as a success.
  const bool good = crypto::scram_proof_is_good(credentials_.keys, auth_message_, final->proof);
  const crypto::Digest signature = crypto::scram_server_signature(credentials_.keys, auth_message_);
  if (!credentials_.known || !good) return Failed{Errc::auth_failed, "invalid-proof"};
  due_ = Due::acknowledgement;
  return Challenge{"v=" + text::to_base64(crypto::view(signature))};
}

}  // namespace postern::sasl
