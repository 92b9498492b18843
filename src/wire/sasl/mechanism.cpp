#include "sasl/mechanism.hpp"

#include "sasl/frame.hpp"
#include "sasl/prep.hpp"

namespace postern::sasl {

Step ServerMechanism::start(std::optional<std::string_view> initial_response) {
  if (turn_ != Turn::start) return pass(Failed{Errc::bad_sequence, "started twice"});
  if (!initial_response) return pass(Challenge{std::string{opening()}});
  turn_ = Turn::client;
  return step(*initial_response);
}

Step ServerMechanism::step(std::string_view response) {
  if (turn_ != Turn::client) return pass(Failed{Errc::bad_sequence, "no response was due"});
  if (response.size() > kMaxEncoded) return pass(Failed{Errc::too_large, "SASL response"});
  return pass(on_response(response));
}

Step ServerMechanism::resume(const Answer& answer) {
  if (turn_ != Turn::caller) return pass(Failed{Errc::bad_sequence, "no answer was due"});
  return pass(on_answer(answer));
}

Step ServerMechanism::pass(Step step) {
  struct Next {
    Turn operator()(const Challenge&) const { return Turn::client; }
    Turn operator()(const CheckPassword&) const { return Turn::caller; }
    Turn operator()(const FindScramKeys&) const { return Turn::caller; }
    Turn operator()(const Authenticated&) const { return Turn::over; }
    Turn operator()(const Failed&) const { return Turn::over; }
  };
  turn_ = std::visit(Next{}, step);
  return step;
}

Result<Identity> prepare_identity(std::string_view user, std::string_view authzid) {
  Identity identity;
  auto prepared = prepare_user(user);
  if (!prepared) return fail(Errc::auth_failed, "invalid-username-encoding");
  identity.user = *std::move(prepared);
  if (authzid.empty()) return identity;
  auto acting = prepare_user(authzid);
  if (!acting) return fail(Errc::auth_failed, "invalid authorization identity");
  if (*acting != identity.user) identity.authzid = *std::move(acting);
  return identity;
}

}  // namespace postern::sasl
