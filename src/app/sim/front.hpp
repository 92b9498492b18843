#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "imapd/session.hpp"
#include "log/log.hpp"
#include "metrics/metrics.hpp"
#include "net/stream.hpp"
#include "resolver/resolver.hpp"
#include "sim/postern.hpp"
#include "smtpc/client.hpp"
#include "smtpd/session.hpp"

namespace postern::sim {

/// What a client knocks at.
enum class Door : std::uint8_t { smtp, submissions, imaps };

/// The servers and the client of one life, as app/server sets them up; its queue runs. Dies with
/// the life: destroyed after the core.
class Front final : private log::Sink, private imapd::LoginGuard {
 public:
  /// All outlive it.
  Front(Postern& life, resolver::Resolver& resolver, net::Dialer& dialer, std::string hostname);

  /// Serves a connection till its end.
  void serve(Door door, std::unique_ptr<net::Stream> stream);
  /// The process died: its connections are cut.
  void cut();

 private:
  Task<> serve_one(Door door, std::unique_ptr<net::Stream> stream);
  void write(log::Level /*level*/, std::string_view /*line*/) override {}
  Duration failed(const text::IpAddress& /*peer*/) override { return std::chrono::seconds{1}; }
  void good(const text::IpAddress& /*peer*/) override {}

  Postern& life_;
  log::Backend backend_;
  metrics::Registry registry_;
  smtpd::Guard guard_;
  smtpd::Metrics smtp_metrics_;
  imapd::Metrics imap_metrics_;
  imapd::AccountPlaces imap_places_;
  smtpd::Services smtp_services_;
  imapd::Services imap_services_;
  std::shared_ptr<smtpd::Settings> smtp_;
  std::shared_ptr<smtpd::Settings> submissions_;
  std::shared_ptr<imapd::Settings> imaps_;
  std::unique_ptr<smtpc::Client> client_;
  std::map<std::uint64_t, net::Stream*> streams_;
  std::uint64_t last_stream_ = 0;
};

}  // namespace postern::sim
