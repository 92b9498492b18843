#include <utility>
#include <variant>

#include "imap/print.hpp"
#include "imapd/commands.hpp"
#include "imapd/login.hpp"
#include "sasl/frame.hpp"
#include "sasl/plain.hpp"
#include "sasl/scram_message.hpp"
#include "sasl/server.hpp"
#include "vocab/try.hpp"

// LOGIN (RFC 9051 §6.2.3) and AUTHENTICATE (§6.2.2).
namespace postern::imapd {
namespace {

using directory::Directory;

constexpr std::uint32_t kMaxFailedLogins = 5;
constexpr std::size_t kNonceBytes = 18;
/// Answers held back at a time; beyond that none is (row A9).
constexpr std::int64_t kMaxDelayed = 100;

Answer needs_tls() {
  return no("Not before STARTTLS", "PRIVACYREQUIRED");
}

/// The right password, and no room for one more: nothing is held against the peer.
Answer no_room(Connection& c, const store::AccountSession& account) {
  c.services.logger.info("too many connections of one account",
                         {{"peer", c.stream.peer().ip.to_string()}, {"account", account.id()}});
  return no("This account has too many connections", "LIMIT");
}

void welcome(Connection& c, Directory::Login login, std::shared_ptr<void> place) {
  const auto peer = c.stream.peer().ip;
  c.account = std::move(login.session);
  c.credential = std::move(login.credential);
  c.place = std::move(place);
  imap::ReaderLimits limits;
  // A message that was sent unasked (LITERAL+) and is refused: the answer must reach its sender.
  limits.swallow += c.settings.max_message;
  c.reader.set_limits(limits);
  c.services.guard.good(peer);
  c.services.metrics.logins.add();
  c.services.logger.info("logged in", {{"peer", peer.to_string()},
                                       {"account", c.account->id()},
                                       {"login", log::Address{c.account->address()}}});
}

/// Answers to who is not let in, after the delay that guessing costs (row A9).
Answered turn_away(Connection& c) {
  const auto peer = c.stream.peer().ip;
  c.services.metrics.failed_logins.add();
  c.services.logger.info("login failed", {{"peer", peer.to_string()}});
  auto& delayed = c.services.metrics.delayed_logins;
  const metrics::Held held{delayed};
  const Duration delay = c.services.guard.failed(peer);
  if (delayed.value() <= kMaxDelayed) POSTERN_CO_CHECK(co_await linger(c, delay));
  if (++c.failed_logins >= kMaxFailedLogins) c.farewell = "Too many failed logins";
  co_return fail(Errc::auth_failed);
}

/// The end of either command.
Answered settle(Connection& c, Result<Directory::Login> login) {
  if (login) {
    auto place = c.services.places.enter(login->session->id(), c.settings.account_connections);
    if (!place) co_return no_room(c, *login->session);
    welcome(c, *std::move(login), std::move(place));
    co_return ok("Logged in", capability_code(c));
  }
  if (login.error().code == Errc::auth_failed) co_return co_await turn_away(c);
  if (login.error().code == Errc::limit_reached)
    co_return no("Too many logins at once, try again later", "UNAVAILABLE");
  co_return std::unexpected(std::move(login).error());
}

Answered refuse_exchange(Connection& c, const sasl::Failed& failed) {
  if (failed.code == Errc::auth_failed) co_return co_await turn_away(c);
  co_return bad("That is not what the mechanism expects");
}

/// An exchange under way: the mechanism's steps, and the session that a good password gave.
struct Exchange {
  std::unique_ptr<sasl::ServerMechanism> mechanism;
  Result<Directory::Login> login = fail(Errc::auth_failed);
  bool proven = false;          ///< By password; else SCRAM is what proves it.
  crypto::ScramKeys keys = {};  ///< Over these.
};

/// Sends the challenge and takes the response. Nothing: the client gave up or made no sense.
Task<Result<std::optional<sasl::Step>>> ask_client(Connection& c, Exchange& exchange,
                                                   const sasl::Challenge& challenge) {
  imap::append_continuation(c.out.buffer(), sasl::encode_challenge(challenge.data));
  const auto line = co_await read_line(c);
  if (!line) co_return std::unexpected(line.error());
  const auto response = sasl::decode_response(*line);
  if (!response || response->cancelled) co_return std::optional<sasl::Step>{};
  co_return std::optional{exchange.mechanism->step(response->data)};
}

/// Nobody acts for another here: an authorization identity that is not one's own is never good.
Task<Result<sasl::Step>> check_password(Connection& c, Exchange& exchange,
                                        const sasl::CheckPassword& check) {
  auto login = co_await c.services.directory.authenticate(check.user, check.password);
  if (!login && login.error().code != Errc::auth_failed)
    co_return std::unexpected(std::move(login).error());
  const bool good = login.has_value() && check.authzid.empty();
  if (good) exchange.login = std::move(login);
  exchange.proven = good;
  co_return exchange.mechanism->resume(sasl::PasswordVerdict{good});
}

sasl::Step find_keys(Connection& c, Exchange& exchange, const sasl::FindScramKeys& find) {
  auto keys = c.services.directory.scram_credentials(find.user);
  if (!find.authzid.empty()) keys.known = false;
  exchange.keys = keys.keys;
  return exchange.mechanism->resume(keys);
}

/// Steps till the exchange is decided; then the tagged answer.
Answered run_exchange(Connection& c, Exchange& exchange, sasl::Step step) {
  for (;;) {
    if (const auto* challenge = std::get_if<sasl::Challenge>(&step)) {
      POSTERN_CO_TRY(auto next, co_await ask_client(c, exchange, *challenge));
      if (!next) co_return bad("The exchange was given up");
      step = *std::move(next);
    } else if (const auto* check = std::get_if<sasl::CheckPassword>(&step)) {
      auto next = co_await check_password(c, exchange, *check);
      if (!next) co_return co_await settle(c, std::unexpected(std::move(next).error()));
      step = *std::move(next);
    } else if (const auto* find = std::get_if<sasl::FindScramKeys>(&step)) {
      step = find_keys(c, exchange, *find);
    } else if (const auto* who = std::get_if<sasl::Authenticated>(&step)) {
      if (!exchange.proven)
        exchange.login = co_await c.services.directory.login_proven(who->user, exchange.keys);
      co_return co_await settle(c, std::move(exchange.login));
    } else {
      co_return co_await refuse_exchange(c, std::get<sasl::Failed>(step));
    }
  }
}

}  // namespace

sasl::Channel channel_of(const Connection& c) {
  if (c.stream.tls() == nullptr) return {};
  return {.encrypted = true,
          .tls_exporter = c.stream.tls_exporter("EXPORTER-Channel-Binding", 32).value_or("")};
}

Answered cmd_login(Connection& c, imap::Login command) {
  if (c.stream.tls() == nullptr) co_return needs_tls();
  auto step = sasl::ask_for_verdict(command.user, {}, command.password.reveal());
  auto* const check = std::get_if<sasl::CheckPassword>(&step);
  if (check == nullptr) co_return co_await turn_away(c);
  auto login = co_await c.services.directory.authenticate(check->user, std::move(check->password));
  co_return co_await settle(c, std::move(login));
}

Answered cmd_authenticate(Connection& c, imap::Authenticate command) {
  if (c.stream.tls() == nullptr) co_return needs_tls();
  Exchange exchange;
  auto made = sasl::make_server_mechanism(command.mechanism, channel_of(c),
                                          sasl::make_scram_nonce(c.core.random.bytes(kNonceBytes)));
  if (!made) co_return no("No such mechanism", "CANNOT");
  exchange.mechanism = *std::move(made);
  std::optional<std::string_view> initial;
  if (command.initial_response) initial = command.initial_response->reveal();
  auto step = exchange.mechanism->start(initial);
  co_return co_await run_exchange(c, exchange, std::move(step));
}

}  // namespace postern::imapd
