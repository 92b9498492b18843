#include "sasl/plain.hpp"

#include <utility>

#include "sasl/prep.hpp"

namespace postern::sasl {

std::optional<PlainMessage> parse_plain(std::string_view message) {
  const std::size_t first = message.find('\0');
  if (first == message.npos) return std::nullopt;
  const std::size_t second = message.find('\0', first + 1);
  if (second == message.npos) return std::nullopt;
  const PlainMessage plain{.authzid = message.substr(0, first),
                           .user = message.substr(first + 1, second - first - 1),
                           .password = message.substr(second + 1)};
  if (plain.user.empty() || plain.password.empty() || plain.password.contains('\0')) {
    return std::nullopt;
  }
  return plain;
}

Step ask_for_verdict(std::string_view user, std::string_view authzid, std::string_view password) {
  auto identity = prepare_identity(user, authzid);
  if (!identity) return Failed{identity.error().code, identity.error().detail};
  auto prepared = prepare_password(password);
  if (!prepared) return Failed{Errc::auth_failed, "password: " + prepared.error().detail};
  return CheckPassword{.user = std::move(identity->user),
                       .authzid = std::move(identity->authzid),
                       .password = Secret{*std::move(prepared)}};
}

Step after_verdict(const Answer& answer, Identity identity) {
  const auto* const verdict = std::get_if<PasswordVerdict>(&answer);
  if (verdict == nullptr) return Failed{Errc::bad_sequence, "a password verdict was due"};
  if (!verdict->good) return Failed{Errc::auth_failed, "wrong user or password"};
  return Authenticated{.user = std::move(identity.user), .authzid = std::move(identity.authzid)};
}

namespace {

Step remember(Step step, Identity& identity) {
  if (const auto* const check = std::get_if<CheckPassword>(&step)) {
    identity = {.user = check->user, .authzid = check->authzid};
  }
  return step;
}

}  // namespace

Step PlainServer::on_response(std::string_view response) {
  const auto plain = parse_plain(response);
  if (!plain) return Failed{Errc::bad_syntax, "PLAIN message"};
  return remember(ask_for_verdict(plain->user, plain->authzid, plain->password), identity_);
}

Step PlainServer::on_answer(const Answer& answer) {
  return after_verdict(answer, std::move(identity_));
}

Step LoginServer::on_response(std::string_view response) {
  if (response.empty() || response.contains('\0')) return Failed{Errc::bad_syntax, "LOGIN message"};
  if (!user_) {
    user_ = response;
    return Challenge{"Password:"};
  }
  return remember(ask_for_verdict(*user_, {}, response), identity_);
}

Step LoginServer::on_answer(const Answer& answer) {
  return after_verdict(answer, std::move(identity_));
}

}  // namespace postern::sasl
