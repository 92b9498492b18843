#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "crypto/scram.hpp"
#include "vocab/result.hpp"
#include "vocab/secret.hpp"

// SASL (RFC 4422) for servers, without I/O. A session makes a mechanism (server.hpp), calls start,
// and then does what each Step says until it is Authenticated or Failed:
//
//   Challenge      send it (frame.hpp), read a line, call step
//   CheckPassword  ask the directory, call resume with a PasswordVerdict
//   FindScramKeys  ask the directory, call resume with ScramCredentials
//
// A mechanism never learns who exists: unknown users take the same steps, fail at the end, and must
// be made to cost the same by whoever answers. Names arrive prepared (prep.hpp).
namespace postern::sasl {

/// What protects the connection.
struct Channel {
  bool encrypted = false;  ///< TLS is up.
  /// The 32 bytes of tls-exporter (RFC 9266: label "EXPORTER-Channel-Binding", empty context), on
  /// TLS 1.3 only; empty where there is none, and then nothing is bound.
  std::string tls_exporter = {};
};

struct Challenge {
  std::string data;  ///< Bytes, not yet base64. May be empty.
};
/// `authzid`: who the client wants to act as; empty when that is `user`. Answer "not good" unless
/// `user` may.
struct CheckPassword {
  std::string user;
  std::string authzid;
  Secret<std::string> password;  ///< As prepare_password gives it.
};
struct FindScramKeys {
  std::string user;
  std::string authzid;
};
struct Authenticated {
  std::string user;
  std::string authzid;
};
/// Codes: bad_syntax (501 5.5.2 / BAD), auth_failed (535 5.7.8 / NO [AUTHENTICATIONFAILED]),
/// too_large (500 5.5.6 / BAD), bad_sequence (the mechanism was used after its end). `detail` is
/// for the log; with SCRAM it holds the error's name of RFC 5802 §7.
struct Failed {
  Errc code;
  std::string detail;
};
using Step = std::variant<Challenge, CheckPassword, FindScramKeys, Authenticated, Failed>;

struct PasswordVerdict {
  bool good = false;
};
/// For an unknown user, one without SCRAM keys, or one that may not act as the authzid asked for:
/// fake_scram_credentials (scram_server.hpp).
struct ScramCredentials {
  std::string salt;
  std::uint32_t iterations = 0;
  crypto::ScramKeys keys;
  bool known = false;  ///< False: the exchange goes on as for any user, and fails.
};
using Answer = std::variant<PasswordVerdict, ScramCredentials>;

/// One exchange. Mechanisms implement the two `on_` functions; the order of calls, sizes and the
/// end are kept here for all.
class ServerMechanism {
 public:
  ServerMechanism() = default;
  ServerMechanism(const ServerMechanism&) = delete;
  ServerMechanism& operator=(const ServerMechanism&) = delete;
  virtual ~ServerMechanism() = default;

  /// As in AUTH and AUTHENTICATE, in upper case.
  [[nodiscard]] virtual std::string_view name() const = 0;

  /// With the initial response, decoded, if the client sent one.
  [[nodiscard]] Step start(std::optional<std::string_view> initial_response);
  /// With the response to the last Challenge, decoded.
  [[nodiscard]] Step step(std::string_view response);
  /// With the answer to the last CheckPassword or FindScramKeys.
  [[nodiscard]] Step resume(const Answer& answer);

 protected:
  /// The first challenge to a client without initial response.
  [[nodiscard]] virtual std::string_view opening() const { return {}; }
  [[nodiscard]] virtual Step on_response(std::string_view response) = 0;
  [[nodiscard]] virtual Step on_answer(const Answer& answer) = 0;

 private:
  enum class Turn : std::uint8_t { start, client, caller, over };
  Step pass(Step step);

  Turn turn_ = Turn::start;
};

/// A user name as it came, and the identity to act as, both prepared; the latter empty when it is
/// missing or names the user itself. auth_failed when either cannot be a name.
struct Identity {
  std::string user;
  std::string authzid;
};
[[nodiscard]] Result<Identity> prepare_identity(std::string_view user, std::string_view authzid);

}  // namespace postern::sasl
