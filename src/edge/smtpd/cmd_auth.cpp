#include <utility>

#include "sasl/frame.hpp"
#include "sasl/scram_message.hpp"
#include "sasl/server.hpp"
#include "smtpd/commands.hpp"
#include "smtpd/reply_for.hpp"
#include "smtpd/state.hpp"
#include "vocab/try.hpp"

namespace postern::smtpd {
namespace {

/// Wrong passwords on one connection; then it ends.
constexpr std::uint32_t kMaxFailedLogins = 3;
constexpr std::size_t kNonceOctets = 18;

/// What the exchange proves it by.
struct Proof {
  /// What the directory said of a password, kept till the mechanism agrees.
  std::optional<Login> login;
  crypto::ScramKeys keys = {};  ///< Else, SCRAM over these.
};

sasl::Failed broken(Errc code) {
  return {code == Errc::line_too_long ? Errc::too_large : code, "frame"};
}

/// Sends a challenge and reads the response. A failure is the stream's: the session ends.
Task<Result<sasl::Step>> challenge(Session& session, sasl::ServerMechanism& mechanism,
                                   std::string data) {
  session.wire.say_raw("334 " + sasl::encode_challenge(data) + "\r\n");
  const auto line = co_await session.wire.line();
  if (!line && line.error().code == Errc::line_too_long)
    co_return sasl::Step{broken(Errc::too_large)};
  if (!line) co_return std::unexpected(line.error());
  const auto response = sasl::decode_response(*line);
  if (!response) co_return sasl::Step{broken(response.error().code)};
  if (response->cancelled) co_return sasl::Step{sasl::Failed{Errc::bad_sequence, "cancelled"}};
  co_return mechanism.step(response->data);
}

/// Asks the directory about a password. To act for somebody else is nobody's right; the password is
/// checked all the same, so that the answer takes as long.
Task<sasl::Step> check_password(Session& session, sasl::ServerMechanism& mechanism,
                                sasl::CheckPassword asked, Proof& proof) {
  const auto found = co_await session.services.directory.authenticate(asked.user, asked.password);
  if (!found && found.error().code != Errc::auth_failed)
    co_return sasl::Failed{found.error().code, found.error().detail};
  const bool good = found.has_value() && asked.authzid.empty();
  if (good) proof.login = Login{found->account, asked.user, found->credential};
  co_return mechanism.resume(sasl::PasswordVerdict{good});
}

sasl::Step find_keys(const Session& session, sasl::ServerMechanism& mechanism,
                     const sasl::FindScramKeys& asked, Proof& proof) {
  auto keys = session.services.directory.scram_credentials(asked.user);
  if (!asked.authzid.empty()) keys.known = false;
  proof.keys = keys.keys;
  return mechanism.resume(keys);
}

/// Takes `step` and those after it to the end: Authenticated or Failed.
Task<Result<sasl::Step>> exchange(Session& session, sasl::ServerMechanism& mechanism,
                                  sasl::Step step, Proof& proof) {
  for (;;) {
    if (auto* sent = std::get_if<sasl::Challenge>(&step)) {
      auto data = std::move(sent->data);
      POSTERN_CO_TRY(step, co_await challenge(session, mechanism, std::move(data)));
    } else if (auto* password = std::get_if<sasl::CheckPassword>(&step)) {
      auto asked = std::move(*password);
      step = co_await check_password(session, mechanism, std::move(asked), proof);
    } else if (auto* keys = std::get_if<sasl::FindScramKeys>(&step)) {
      step = find_keys(session, mechanism, *keys, proof);
    } else {
      co_return step;
    }
  }
}

/// The login of an exchange that ended well. SCRAM proves the name without asking the directory for
/// the account.
Task<Result<Login>> login_of(Session& session, const sasl::Authenticated& who, Proof proof) {
  if (proof.login) co_return *std::move(proof.login);
  POSTERN_CO_TRY(const auto found,
                 co_await session.services.directory.login_proven(who.user, proof.keys));
  co_return Login{found.account, who.user, found.credential};
}

smtp::Reply failed_reply(Errc code) {
  switch (code) {
    case Errc::bad_syntax:   return {501, {{5, 5, 2}}, "Not what the mechanism expects"};
    case Errc::bad_sequence: return {501, {{5, 0, 0}}, "Authentication cancelled"};
    case Errc::too_large:    return {500, {{5, 5, 6}}, "Authentication line too long"};
    case Errc::auth_failed:  return reply_for(code);
    default:                 return {454, {{4, 7, 0}}, "Temporary authentication failure"};
  }
}

/// Row A9: a wrong password is answered late. The wait ends when the client goes.
Task<Flow> drip(Session& session) {
  session.services.metrics.failed_logins.add();
  const Duration delay =
      session.services.guard.failed_login(session.peer, session.core.clock.now());
  if (const auto slot = session.services.guard.wait_slot()) {
    const auto waited = co_await session.wire.linger(delay);
    if (!waited) co_return trouble(session, waited.error().code);
  }
  session.wire.say(reply_for(Errc::auth_failed));
  if (++session.failed_logins < kMaxFailedLogins) co_return Flow::go_on;
  session.wire.say({421, {{4, 7, 0}}, "Too many failed logins"});
  co_return Flow::hang_up;
}

Task<Flow> failed(Session& session, sasl::Failed why) {
  session.logger.info("login failed", {{"why", why.code}, {"detail", log::Detail{why.detail}}});
  if (why.code == Errc::auth_failed) co_return co_await drip(session);
  session.scold(failed_reply(why.code));
  co_return Flow::go_on;
}

Task<Flow> succeeded(Session& session, sasl::Authenticated who, Proof proof) {
  auto login = co_await login_of(session, who, std::move(proof));
  if (!login) {
    sasl::Failed why{login.error().code, login.error().detail};
    co_return co_await failed(session, std::move(why));
  }
  session.services.guard.good_login(session.peer);
  session.login = *std::move(login);
  session.place.reset();
  session.logger.info("login", {{"account", session.login->account}});
  session.wire.say({235, {{2, 7, 0}}, "Welcome"});
  co_return Flow::go_on;
}

/// Why AUTH cannot even begin.
std::optional<smtp::Reply> objection(const Session& session) {
  if (!session.submission()) return smtp::Reply{503, {{5, 5, 1}}, "AUTH is not available here"};
  if (session.login) return smtp::Reply{503, {{5, 5, 1}}, "Already authenticated"};
  return std::nullopt;
}

}  // namespace

/// RFC 4954, the successor of RFC 2554 §4.
Task<Flow> run(Session& session, const smtp::Auth& auth) {
  if (const auto reply = objection(session)) {
    session.scold(*reply);
    co_return Flow::go_on;
  }
  auto nonce = sasl::make_scram_nonce(session.core.random.bytes(kNonceOctets));
  auto mechanism = sasl::make_server_mechanism(auth.mechanism, session.channel(), std::move(nonce));
  if (!mechanism) {
    session.scold({504, {{5, 5, 4}}, "No such mechanism"});
    co_return Flow::go_on;
  }
  std::optional<std::string> initial;
  if (auth.initial) {
    const std::string& sent = auth.initial->reveal();
    auto decoded = sasl::decode_initial_response(sent.empty() ? "=" : std::string_view{sent});
    if (!decoded) co_return co_await failed(session, broken(decoded.error().code));
    initial = *std::move(decoded);
  }
  Proof proof;
  auto end = co_await exchange(session, **mechanism, (*mechanism)->start(initial), proof);
  if (!end) co_return trouble(session, end.error().code);
  if (auto* who = std::get_if<sasl::Authenticated>(&*end))
    co_return co_await succeeded(session, std::move(*who), std::move(proof));
  co_return co_await failed(session, std::get<sasl::Failed>(*std::move(end)));
}

}  // namespace postern::smtpd
