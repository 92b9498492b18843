#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "vocab/result.hpp"

// The four messages of SCRAM, by the grammar of RFC 5802 §7. All views point into the message that
// was parsed. Errors are bad_syntax, with the error's name of that section as detail.
namespace postern::sasl {

/// Longest message taken; real ones stay below 300 bytes.
inline constexpr std::size_t kMaxScramMessage = 4096;

/// The gs2-cbind-flag: does the client bind to the channel?
enum class BindingFlag : std::uint8_t {
  not_supported,    ///< n
  server_does_not,  ///< y: it could, and believes that the server cannot
  used,             ///< p=
};

struct ClientFirst {
  BindingFlag flag = BindingFlag::not_supported;
  std::string_view binding_type;  ///< After "p=".
  std::string authzid;            ///< Unescaped; may be empty.
  std::string user;               ///< Unescaped.
  std::string_view nonce;
  std::string_view gs2_header;  ///< Up to and with the second comma.
  std::string_view bare;        ///< What follows it.
};
[[nodiscard]] Result<ClientFirst> parse_client_first(std::string_view message);

struct ServerFirst {
  std::string_view nonce;
  std::string salt;
  std::uint32_t iterations = 0;
};
[[nodiscard]] Result<ServerFirst> parse_server_first(std::string_view message);

struct ClientFinal {
  std::string channel_binding;  ///< Decoded: gs2 header and binding data.
  std::string_view nonce;
  std::string proof;               ///< Decoded.
  std::string_view without_proof;  ///< What the proof covers.
};
[[nodiscard]] Result<ClientFinal> parse_client_final(std::string_view message);

struct ServerFinal {
  std::string verifier;    ///< Decoded; empty when there is an error instead.
  std::string_view error;  ///< After "e=".
};
[[nodiscard]] Result<ServerFinal> parse_server_final(std::string_view message);

/// "," and "=" of a name as =2C and =3D, and back; nothing for any other use of "=", or an empty
/// name.
[[nodiscard]] std::string escape_scram_name(std::string_view name);
[[nodiscard]] std::optional<std::string> unescape_scram_name(std::string_view escaped);

/// Printable ASCII without a comma, and not empty.
[[nodiscard]] bool is_scram_nonce(std::string_view nonce);
/// A nonce from fresh random bytes: at least 18.
[[nodiscard]] std::string make_scram_nonce(std::string_view random_bytes);

}  // namespace postern::sasl
