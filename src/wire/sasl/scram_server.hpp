#pragma once

#include "sasl/mechanism.hpp"

namespace postern::sasl {

/// The only kind of channel binding spoken (RFC 9266, which replaces tls-unique of RFC 5802 §6.1).
inline constexpr std::string_view kTlsExporter = "tls-exporter";
inline constexpr std::string_view kScramName = "SCRAM-SHA-256";
inline constexpr std::string_view kScramPlusName = "SCRAM-SHA-256-PLUS";

/// What to answer for a user without SCRAM keys: the salt is the same at every attempt, so that it
/// tells nobody who exists. `key`: 32 secret random bytes kept as long as the accounts (another key
/// would change the salts of those who do not exist, and of nobody else). `salt_size` and
/// `iterations`: as real accounts have them.
[[nodiscard]] ScramCredentials fake_scram_credentials(std::string_view key, std::string_view user,
                                                      std::uint32_t iterations,
                                                      std::size_t salt_size = 16);

/// SCRAM-SHA-256 (RFC 5802, RFC 7677) and, with `plus`, SCRAM-SHA-256-PLUS. The signature that
/// proves the server to the client travels as a last challenge, to which the response is empty:
/// SMTP and IMAP have no place for data beside success.
class ScramServer final : public ServerMechanism {
 public:
  /// `nonce`: of make_scram_nonce, used for this exchange only. With channel.tls_exporter a client
  /// that binds must, and one that was made to believe that we cannot ("y") is refused.
  ScramServer(bool plus, Channel channel, std::string nonce);
  [[nodiscard]] std::string_view name() const override {
    return plus_ ? kScramPlusName : kScramName;
  }

 protected:
  [[nodiscard]] Step on_response(std::string_view response) override;
  [[nodiscard]] Step on_answer(const Answer& answer) override;

 private:
  enum class Due : std::uint8_t { client_first, client_final, acknowledgement };
  Step on_client_first(std::string_view message);
  Step on_client_final(std::string_view message);

  const bool plus_;
  const Channel channel_;
  std::string nonce_;  ///< The server's part; with the client's before it from client-first on.
  Due due_ = Due::client_first;
  Identity identity_;
  std::string channel_binding_;  ///< What c= must hold.
  std::string auth_message_;     ///< Grows message by message.
  ScramCredentials credentials_;
};

}  // namespace postern::sasl
