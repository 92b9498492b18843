#pragma once

#include "sasl/client.hpp"

namespace postern::sasl {

/// What a server may ask for: fewer iterations would let it learn the password cheaply (RFC 7677 §4
/// has 4096), more would only keep us busy.
inline constexpr std::uint32_t kMinScramIterations = 4096;
inline constexpr std::uint32_t kMaxScramIterations = 2'000'000;

class ScramClient final : public ClientMechanism {
 public:
  /// `login` has its password prepared (prepare_scram_password).
  ScramClient(bool plus, ClientLogin login, const Channel& channel, std::string nonce);
  [[nodiscard]] std::string_view name() const override;
  [[nodiscard]] std::optional<std::string> initial_response() override;
  [[nodiscard]] Result<std::string> answer(std::string_view challenge) override;
  [[nodiscard]] bool may_succeed() const override { return due_ == Due::nothing; }

 private:
  enum class Due : std::uint8_t { opening, server_first, server_final, nothing, broken };
  Result<std::string> step(std::string_view challenge);
  Result<std::string> on_server_first(std::string_view challenge);
  Result<std::string> on_server_final(std::string_view challenge);

  const bool plus_;
  const ClientLogin login_;
  const std::string nonce_;
  std::string gs2_header_;
  std::string channel_binding_;
  std::string auth_message_;
  crypto::ScramKeys keys_{};
  Due due_ = Due::opening;
};

}  // namespace postern::sasl
