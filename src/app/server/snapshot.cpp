#include <utility>

#include "server/server.hpp"
#include "vocab/try.hpp"

namespace postern::server {
namespace {

std::shared_ptr<const smtpd::Settings> smtp_settings(
    const config::Config& config, smtpd::Profile profile, bool implicit_tls,
    const std::shared_ptr<const net::TlsContext>& tls) {
  auto out = std::make_shared<smtpd::Settings>();
  out->profile = profile;
  out->implicit_tls = implicit_tls;
  out->hostname = config.hostname;
  out->tls = tls;
  out->max_message = static_cast<std::uint64_t>(config.max_message);
  out->max_recipients = static_cast<std::uint32_t>(config.max_recipients);
  out->check_sender_domain = config.check_sender_domain;
  return out;
}

std::shared_ptr<const imapd::Settings> imap_settings(
    const config::Config& config, bool implicit_tls,
    const std::shared_ptr<const net::TlsContext>& tls) {
  auto out = std::make_shared<imapd::Settings>();
  out->implicit_tls = implicit_tls;
  out->hostname = config.hostname;
  out->tls = tls;
  out->max_message = static_cast<std::uint64_t>(config.max_message);
  out->account_connections = static_cast<std::uint32_t>(config.connections_per_account);
  return out;
}

}  // namespace

Result<std::shared_ptr<const Snapshot>> make_snapshot(config::Config config,
                                                      const net::ReadFile& read) {
  auto out = std::make_shared<Snapshot>();
  if (!config.certificate.empty()) {
    net::TlsServerSettings settings;
    settings.read = read;
    settings.certificates.push_back({.chain_file = config.certificate, .key_file = config.key});
    for (const auto& more : config.more_certificates) settings.certificates.push_back(more);
    POSTERN_TRY(out->tls, net::TlsContext::server(settings));
    settings.tickets = false;
    POSTERN_TRY(out->tls_port25, net::TlsContext::server(settings));
  }
  using smtpd::Profile;
  out->smtp = smtp_settings(config, Profile::inbound, false, out->tls_port25);
  out->submission = smtp_settings(config, Profile::submission, false, out->tls);
  out->submissions = smtp_settings(config, Profile::submission, true, out->tls);
  out->imap = imap_settings(config, false, out->tls);
  out->imaps = imap_settings(config, true, out->tls);
  out->config = std::move(config);
  return std::shared_ptr<const Snapshot>{std::move(out)};
}

}  // namespace postern::server
