#pragma once

#include <optional>

#include "sasl/mechanism.hpp"

namespace postern::sasl {

/// What a PLAIN client sends: [authzid] NUL authcid NUL passwd (RFC 4616 §2). Views into the
/// message.
struct PlainMessage {
  std::string_view authzid;
  std::string_view user;
  std::string_view password;
};
/// Nothing unless there are exactly two NULs with a user and a password behind them.
[[nodiscard]] std::optional<PlainMessage> parse_plain(std::string_view message);

/// A password with the user it is claimed for, both as they came: what PLAIN, LOGIN and IMAP's
/// LOGIN command end in. CheckPassword, or Failed when either cannot be a name or password at all.
[[nodiscard]] Step ask_for_verdict(std::string_view user, std::string_view authzid,
                                   std::string_view password);

/// The Step after the directory's verdict on `identity`.
[[nodiscard]] Step after_verdict(const Answer& answer, Identity identity);

class PlainServer final : public ServerMechanism {
 public:
  [[nodiscard]] std::string_view name() const override { return "PLAIN"; }

 protected:
  [[nodiscard]] Step on_response(std::string_view response) override;
  [[nodiscard]] Step on_answer(const Answer& answer) override;

 private:
  Identity identity_;
};

/// LOGIN (draft-murchison-sasl-login): "Username:", then "Password:".
/// RFC-DEVIATION: LOGIN is server-first, and RFC 4954 has an initial response to such a mechanism
/// refused; Outlook sends the user name that way, so it is taken as the answer to "Username:".
class LoginServer final : public ServerMechanism {
 public:
  [[nodiscard]] std::string_view name() const override { return "LOGIN"; }

 protected:
  [[nodiscard]] std::string_view opening() const override { return "Username:"; }
  [[nodiscard]] Step on_response(std::string_view response) override;
  [[nodiscard]] Step on_answer(const Answer& answer) override;

 private:
  std::optional<std::string> user_;
  Identity identity_;
};

}  // namespace postern::sasl
