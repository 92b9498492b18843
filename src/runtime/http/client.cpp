#include "http/client.hpp"

#include <algorithm>
#include <utility>

#include "http/response_reader.hpp"
#include "route/reach.hpp"
#include "vocab/try.hpp"

namespace postern::http {
namespace {

using text::IpAddress;
using Stream = std::unique_ptr<net::Stream>;

bool may_reach(const IpAddress& ip, const Reach& reach) {
  if (std::ranges::find(reach.never, ip) != reach.never.end()) return false;
  if (reach.only_loopback) return ip.is_loopback();
  return route::may_deliver_to(ip, reach.private_too);
}

/// IPv6 and IPv4 in turn: the second attempt does not depend on the family of the first.
std::vector<IpAddress> in_turn(const dns::Answer& v6, const dns::Answer& v4) {
  const auto first = v6.all<IpAddress>();
  const auto second = v4.all<IpAddress>();
  std::vector<IpAddress> out;
  for (std::size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
    if (i < first.size()) out.push_back(first[i]);
    if (i < second.size()) out.push_back(second[i]);
  }
  return out;
}

/// Why there is no address.
std::unexpected<Error> no_address(const std::string& host, const dns::Answer& v6,
                                  const dns::Answer& v4) {
  for (const auto* const answer : {&v4, &v6}) {
    if (answer->status == dns::Status::bogus)
      return fail(Errc::dns_bogus, host + ": DNSSEC says forged: " + answer->why);
    if (answer->temporary())
      return fail(Errc::dns_unavailable, host + ": DNS does not answer: " + answer->why);
  }
  const bool exists = v4.outcome != dns::Outcome::nxdomain;
  return fail(Errc::not_found, host + (exists ? ": no address in DNS" : ": no such name in DNS"));
}

/// How far an attempt at one address came before it failed.
int how_far(Errc why) {
  switch (why) {
    case Errc::tls_failed:   return 3;
    case Errc::peer_timeout: return 2;
    case Errc::not_found:    return 0;
    default:                 return 1;
  }
}

/// The same error, and at which host it happened.
std::unexpected<Error> at(const std::string& where, Error error) {
  std::string why = error.detail;
  if (why.empty() || error.code == Errc::peer_timeout) {
    switch (error.code) {
      case Errc::peer_timeout:  why = "no answer in time"; break;
      case Errc::peer_closed:   why = "the connection was ended"; break;
      case Errc::shutting_down: why = "stopping"; break;
      default:                  why = why.empty() ? to_string(error.code) : why; break;
    }
  }
  return fail(error.code, where + ": " + why);
}

}  // namespace

/// A connection under way; it is stopped at its deadline, whatever it is doing.
class Client::Talk final : public Timers::Timer {
 public:
  Talk(Client& client, net::Stream& stream, Instant end) : client_{client}, stream_{stream} {
    client_.live_.insert(&stream_);
    client_.core_.timers.arm(*this, end);
  }
  ~Talk() override { client_.live_.erase(&stream_); }
  Talk(const Talk&) = delete;
  Talk& operator=(const Talk&) = delete;

 private:
  void fire() override { stream_.stop(Errc::peer_timeout); }
  Client& client_;
  net::Stream& stream_;
};

Client::Client(resolver::Resolver& resolver, net::Dialer& dialer,
               std::shared_ptr<const net::TlsContext> tls, Core& core, Settings settings)
    : resolver_{resolver},
      dialer_{dialer},
      tls_{std::move(tls)},
      core_{core},
      settings_{std::move(settings)} {}

Client::~Client() = default;

void Client::stop() {
  stopped_ = true;
  for (auto* const stream : live_) stream->stop(Errc::shutting_down);
}

Task<Result<std::vector<IpAddress>>> Client::find(const dns::Name& host) {
  const dns::Question v6{host, dns::Type::aaaa};
  const dns::Question v4{host, dns::Type::a};
  std::vector<dns::Question> both{v6, v4};
  auto answers = co_await resolver_.lookup_all(std::move(both));
  auto found = in_turn(answers[v6], answers[v4]);
  if (found.empty()) co_return no_address(host.to_string(), answers[v6], answers[v4]);
  const auto example = found.front().to_string();
  std::erase_if(found, [this](const IpAddress& ip) { return !may_reach(ip, settings_.reach); });
  if (found.empty()) {
    co_return fail(Errc::not_permitted,
                   host.to_string() + ": DNS names " + example + ", where we must not go");
  }
  if (found.size() > settings_.max_addresses) found.resize(settings_.max_addresses);
  co_return found;
}

Task<Result<Stream>> Client::dial(net::Endpoint to, const dns::Name& host, Instant end) {
  const auto left = [&] { return end - core_.clock.instant(); };
  const auto name = host.to_string();
  const auto where = name + " [" + to.ip.to_string() + "]:" + std::to_string(to.port);
  if (left() <= Duration{0}) co_return at(where, {.code = Errc::peer_timeout});
  const auto source = to.ip.is_v4() ? settings_.source_v4 : settings_.source_v6;
  auto stream = co_await dialer_.connect(to, source, left());
  if (!stream) co_return at(name, std::move(stream).error());
  if (stopped_) co_return at(where, {.code = Errc::shutting_down});
  const Talk talk{*this, **stream, end};
  net::TlsClientOptions options{.server_name = name, .require_verified = true};
  auto shaken = co_await (*stream)->connect_tls(tls_, std::move(options), left());
  if (!shaken) {
    Error error = std::move(shaken).error();
    if (error.code == Errc::tls_failed) error.detail = "TLS: " + error.detail;
    co_return at(where, std::move(error));
  }
  co_return stream;
}

Task<Result<Stream>> Client::open(const Url& url, const Limits& limits, Instant end) {
  POSTERN_CO_TRY(const auto addresses, co_await find(url.host));
  Result<Stream> best = fail(Errc::not_found);  // There is an address at least.
  for (const auto& ip : addresses) {
    const net::Endpoint to{ip, url.port.value_or(settings_.port)};
    const Instant until = std::min(end, core_.clock.instant() + limits.connect);
    auto stream = co_await dial(to, url.host, until);
    // Of failures, the one that got furthest tells most.
    if (stream || how_far(stream.error().code) > how_far(best.error().code))
      best = std::move(stream);
    if (best) break;
    if (stopped_ || core_.clock.instant() >= end) break;
  }
  co_return best;
}

Task<Result<Response>> Client::talk(net::Stream& stream, std::string_view request,
                                    const ResponseLimits& limits, Instant end) {
  const Talk talk{*this, stream, end};
  const auto left = [&] { return end - core_.clock.instant(); };
  POSTERN_CO_CHECK(co_await stream.write(request, left()));
  ResponseReader reader{limits};
  for (bool whole = false; !whole;) {
    const auto bytes = co_await stream.read(left());
    if (!bytes) {
      // Without close_notify anybody on the way may have cut it.
      const bool in_order = bytes.error().detail == net::kCloseNotify;
      if (!in_order) co_return std::unexpected(bytes.error());
      POSTERN_CO_CHECK(reader.end());
      break;
    }
    POSTERN_CO_TRY(whole, reader.feed(*bytes));
  }
  co_return reader.take();
}

Task<Result<Response>> Client::send(Request request, Limits limits) {
  if (stopped_) co_return fail(Errc::shutting_down, "stopping");
  POSTERN_CO_TRY(const auto url, parse_url(request.url));
  POSTERN_CO_TRY(const auto octets, print(request, url, settings_.user_agent));
  if (request.method == Method::head) limits.response.want_body = false;
  if (settings_.reach.usual_port_only && url.port.value_or(settings_.port) != settings_.port)
    co_return fail(Errc::not_permitted, url.authority() + ": only the usual port is asked");
  const Instant end = core_.clock.instant() + limits.whole;
  POSTERN_CO_TRY(const auto stream, co_await open(url, limits, end));
  auto response = co_await talk(*stream, octets, limits.response, end);
  stream->close();
  if (!response) co_return at(url.authority(), std::move(response).error());
  co_return response;
}

}  // namespace postern::http
