#include <utility>

#include "config/authentication.hpp"
#include "config/reports.hpp"
#include "server/sealed.hpp"
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
  if (profile == smtpd::Profile::inbound && config.verify_senders)
    out->authentication = config::authentication_settings(config);
  if (profile == smtpd::Profile::inbound) {
    out->takes_reports = [where = config::ReportAddresses{config}](const smtp::Address& address) {
      return where.has(address);
    };
  }
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

/// A context of its own for each service: what was agreed with one must not be carried to another,
/// which a ticket under a common key would do (ALPACA and its kin).
struct Contexts {
  std::shared_ptr<const net::TlsContext> smtp, submission, submissions, imap, imaps;
};

Result<Contexts> make_contexts(const config::Config& config, const net::ReadFile& read) {
  net::TlsServerSettings settings;
  settings.read = read;
  settings.certificates.push_back({.chain_file = config.certificate, .key_file = config.key});
  for (const auto& more : config.more_certificates) settings.certificates.push_back(more);
  Contexts out;
  for (auto* const one : {&out.submission, &out.submissions, &out.imap, &out.imaps}) {
    POSTERN_TRY(*one, net::TlsContext::server(settings));
  }
  settings.tickets = false;  // some senders stumble over them
  POSTERN_TRY(out.smtp, net::TlsContext::server(settings));
  return out;
}

/// What the supervisor read was looked at by it.
Result<signing::InstallationSecret> read_secret(const std::string& file,
                                                const net::ReadFile& read) {
  if (!read) return signing::load_secret(file);
  POSTERN_TRY(auto text, read(file));
  auto secret = signing::parse_secret(text);
  wipe(text);
  if (!secret) return fail(secret.error().code, file + ": " + secret.error().detail);
  return secret;
}

}  // namespace

Result<std::shared_ptr<const Snapshot>> make_snapshot(config::Config config,
                                                      const net::ReadFile& read) {
  auto out = std::make_shared<Snapshot>();
  Contexts tls;
  if (!config.certificate.empty()) {
    auto made = make_contexts(config, read);
    if (!made)
      return fail(made.error().code, config.where("tls.certificate") + made.error().detail);
    tls = *std::move(made);
  }
  if (!config.secret_file.empty()) {
    auto secret = read_secret(config.secret_file, read);
    if (!secret)
      return fail(Errc::bad_config, config.where("signing.secret_file") + secret.error().detail);
    out->secret = *std::move(secret);
  }
  using smtpd::Profile;
  out->smtp = smtp_settings(config, Profile::inbound, false, tls.smtp);
  out->submission = smtp_settings(config, Profile::submission, false, tls.submission);
  out->submissions = smtp_settings(config, Profile::submission, true, tls.submissions);
  out->imap = imap_settings(config, false, tls.imap);
  out->imaps = imap_settings(config, true, tls.imaps);
  out->config = std::move(config);
  return std::shared_ptr<const Snapshot>{std::move(out)};
}

}  // namespace postern::server
