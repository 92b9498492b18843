#include "sim/front.hpp"

#include <utility>

namespace postern::sim {
namespace {

/// Memory streams look into no context; it must only be there.
std::shared_ptr<const net::TlsContext> some_tls() {
  static const auto tls =
      net::TlsContext::client({.system_trust = false, .trust_files = {}, .sessions = 0}).value();
  return tls;
}

}  // namespace

Front::Front(Postern& life, resolver::Resolver& resolver, net::Dialer& dialer, std::string hostname)
    : life_{life},
      backend_{*this, {.level = log::Level::off}, [] { return Timestamp{}; }},
      guard_{smtpd::Guard::Settings{.connections = {.per_host = 0}}},
      smtp_metrics_{registry_},
      imap_metrics_{registry_},
      smtp_services_{.delivery = life.delivery(),
                     .directory = life.directory(),
                     .resolver = resolver,
                     .trace = life.trace(),
                     .guard = guard_,
                     .metrics = smtp_metrics_,
                     .logger = log::Logger{backend_}},
      imap_services_{.directory = life.directory(),
                     .guard = *this,
                     .places = imap_places_,
                     .metrics = imap_metrics_,
                     .logger = log::Logger{backend_}},
      smtp_{std::make_shared<smtpd::Settings>()},
      submissions_{std::make_shared<smtpd::Settings>()},
      imaps_{std::make_shared<imapd::Settings>()} {
  smtp_->hostname = submissions_->hostname = imaps_->hostname = hostname;
  smtp_->tls = submissions_->tls = imaps_->tls = some_tls();
  submissions_->profile = smtpd::Profile::submission;
  submissions_->implicit_tls = imaps_->implicit_tls = true;
  smtpc::Settings out;
  out.hostname = std::move(hostname);
  out.route.allow_private_destinations = true;
  auto& core = life.machine().core();
  client_ = smtpc::make_client(resolver, dialer, some_tls(), core, std::move(out));
  auto* const delivery = &life.delivery();
  life.machine().group().spawn(
      life.queue().run(*client_, [delivery](std::string content, smtp::Address to, TraceId about) {
        return delivery->submit_notice(std::move(content), std::move(to), about);
      }));
}

Task<> Front::serve_one(Door door, std::unique_ptr<net::Stream> stream) {
  const std::uint64_t id = ++last_stream_;
  streams_[id] = stream.get();
  auto& core = life_.machine().core();
  auto served = door == Door::imaps ? imapd::serve(core, std::move(stream), imap_services_, imaps_)
                                    : smtpd::serve(core, std::move(stream), smtp_services_,
                                                   door == Door::smtp ? smtp_ : submissions_);
  co_await std::move(served);
  streams_.erase(id);
}

void Front::serve(Door door, std::unique_ptr<net::Stream> stream) {
  life_.machine().group().spawn(serve_one(door, std::move(stream)));
}

void Front::cut() {
  for (const auto& [id, stream] : streams_) {
    stream->stop(Errc::peer_closed);
    stream->close();
  }
}

}  // namespace postern::sim
