#include "smtpc/open.hpp"

#include <utility>

#include "route/reach.hpp"
#include "smtpc/outcome.hpp"

namespace postern::smtpc {
namespace {

struct Step {
  enum class Kind : std::uint8_t { ready, refused, tls_failed };
  Kind kind = Kind::refused;
  queue::RecipientOutcome refusal = {};
};

Step refused(queue::RecipientOutcome why) {
  return {.kind = Step::Kind::refused, .refusal = std::move(why)};
}
constexpr auto kReady = Step::Kind::ready;

/// What a host that does not want us says counts for now only: another host of the domain may.
Step refused_by(const smtp::Reply& reply, const Connection& connection) {
  return refused(from_reply(reply, connection.host()));
}

Task<Step> say_hello(Connection& connection, const Settings& settings) {
  auto reply = co_await connection.ask("EHLO " + settings.hostname, settings.limits.hello);
  if (reply && reply->positive()) {
    connection.capabilities = smtp::parse_capabilities(*reply);
    co_return Step{.kind = kReady};
  }
  if (reply && reply->permanent()) {
    connection.capabilities = {};
    reply = co_await connection.ask("HELO " + settings.hostname, settings.limits.hello);
  }
  if (!reply) co_return refused(from_error(reply.error(), "saying hello"));
  if (!reply->positive()) co_return refused_by(*reply, connection);
  co_return Step{.kind = kReady};
}

Task<Step> start_tls(Connection& connection, const Opener& opener,
                     std::vector<std::string>& steps) {
  const auto& limits = opener.settings.limits;
  const auto reply = co_await connection.ask("STARTTLS", limits.hello);
  if (!reply) co_return refused(from_error(reply.error(), "asking for TLS"));
  if (!reply->positive()) {
    steps.push_back(connection.description() +
                    ": STARTTLS offered and refused, going on in clear: " + smtp::to_line(*reply));
    co_return Step{.kind = kReady};
  }
  if (connection.has_unread()) {
    // CVE-2011-0411 the other way round: words in clear that would pass for the server's.
    steps.push_back(connection.description() + ": data injected before the TLS handshake");
    co_return refused(ours(451, "4.7.5", "data injected before the TLS handshake"));
  }
  net::TlsClientOptions options;
  if (!connection.to().host.is_root()) options.server_name = connection.to().host.to_string();
  const auto done =
      co_await connection.stream().connect_tls(opener.tls, std::move(options), limits.handshake);
  if (!done) {
    co_return Step{.kind = Step::Kind::tls_failed,
                   .refusal = from_error(done.error(), "starting TLS")};
  }
  ++opener.stats.tls;
  co_return co_await say_hello(connection, opener.settings);
}

struct Try {
  std::unique_ptr<Connection> connection;
  Step step;
};

Task<Try> try_once(const Opener& opener, const route::Candidate& to, bool tls_wanted,
                   std::vector<std::string>& steps) {
  const auto& settings = opener.settings;
  const auto source = to.ip.is_v4() ? settings.source_v4 : settings.source_v6;
  auto stream = co_await opener.dialer.connect({to.ip, to.port}, source, settings.limits.connect);
  Try out;
  if (!stream) {
    auto why = from_error(stream.error(), "connecting");
    if (!stream.error().detail.empty()) why.text += ": " + stream.error().detail;
    if (why.status == "4.4.2") why.status = "4.4.1";  // RFC 3463 §3.5: no answer from host
    out.step = refused(std::move(why));
    co_return out;
  }
  if (opener.live.stopping()) {
    out.step = refused(stopping());
    co_return out;
  }
  ++opener.stats.connections;
  out.connection = std::make_unique<Connection>(*std::move(stream), opener.core, to);
  Connection& connection = *out.connection;
  const LiveConnections::Use use{opener.live, connection};
  const auto greeting = co_await connection.reply(settings.limits.greeting);
  if (!greeting) {
    out.step = refused(from_error(greeting.error(), "waiting for the greeting"));
    co_return out;
  }
  if (!greeting->positive()) {
    out.step = refused_by(*greeting, connection);
    co_return out;
  }
  out.step = co_await say_hello(connection, settings);
  if (out.step.kind == kReady && tls_wanted && connection.capabilities.starttls)
    out.step = co_await start_tls(connection, opener, steps);
  co_return out;
}

/// RFC 8460 §4.3.1, §4.3.2. Certificates are not looked at as long as TLS is opportunistic.
std::optional<TlsOutcome> tls_outcome(const Opener& opener, const Try& tried) {
  using feedback::TlsResult;
  // What our own end breaks off says nothing about the host.
  if (opener.tls == nullptr || opener.live.stopping()) return std::nullopt;
  const bool failed = tried.step.kind == Step::Kind::tls_failed;
  if (!failed && tried.step.kind != kReady) return std::nullopt;
  const auto& stream = tried.connection->stream();
  TlsOutcome out;
  // Behind a translator it is of no use to strangers, and none of their business.
  if (const auto ip = stream.local().ip; route::may_deliver_to(ip, false)) out.our_ip = ip;
  if (failed) {
    out.failure = TlsResult::validation_failure;
    out.reason = tried.step.refusal.text;
  } else if (stream.tls() == nullptr) {
    out.failure = TlsResult::starttls_not_supported;
  }
  return out;
}

}  // namespace

Task<Opened> open_connection(Opener opener, route::Candidate to, std::vector<std::string>& steps) {
  auto tried = co_await try_once(opener, to, opener.tls != nullptr, steps);
  auto tls = tls_outcome(opener, tried);
  if (tried.step.kind == Step::Kind::tls_failed) {
    steps.push_back(describe(to) + ": " + tried.step.refusal.text + "; once more in clear");
    ++opener.stats.tls_fallbacks;
    tried = co_await try_once(opener, to, false, steps);
  }
  if (tried.step.kind == kReady) {
    co_return Opened{
        .connection = std::move(tried.connection), .refusal = {}, .tls = std::move(tls)};
  }
  const auto& why = tried.step.refusal;
  const std::string code = why.code == 0 ? std::string{} : std::to_string(why.code) + ' ';
  steps.push_back(describe(to) + ": " + code + why.status + ' ' + why.text);
  co_return Opened{.connection = nullptr, .refusal = why, .tls = std::move(tls)};
}

}  // namespace postern::smtpc
