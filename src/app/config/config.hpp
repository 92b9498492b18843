#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "log/log.hpp"
#include "net/stream.hpp"
#include "net/tls_context.hpp"
#include "resolver/unbound.hpp"
#include "route/next_hop.hpp"
#include "vocab/result.hpp"
#include "vocab/time.hpp"

// The static configuration: what needs a file because it is needed before the store is open. One
// table (keys.cpp) names every key with its type, bounds, default and help; it reads the file,
// prints the annotated default file and the reference (docs/configuration.md).
namespace postern::config {

struct Listeners {
  std::vector<net::Endpoint> smtp;
  std::vector<net::Endpoint> submission;
  std::vector<net::Endpoint> submissions;
  std::vector<net::Endpoint> imap;
  std::vector<net::Endpoint> imaps;
  std::vector<net::Endpoint> metrics;
};

struct Config {
  std::string hostname;
  std::string user;        ///< To become after binding; empty: stay who we are.
  std::int64_t cores = 0;  ///< 0: as many as the machine has.

  std::string directory;  ///< Of the store.
  std::int64_t reserve = std::int64_t{256} << 20;
  std::int64_t retention_days = 14;
  std::int64_t sweep_seconds = 60;

  Listeners listeners;

  std::string certificate;
  std::string key;
  std::vector<net::CertificateFiles> more_certificates;  ///< For further names.

  std::int64_t max_message = std::int64_t{100} << 20;
  std::int64_t max_recipients = 1000;
  bool check_sender_domain = true;
  std::int64_t connections = 0;  ///< At a time; 0: as many as there is memory for.
  std::int64_t connections_per_ip = 50;
  std::int64_t connections_per_account = 100;  ///< IMAP, logged in; 0: no limit.
  std::int64_t memory = 0;  ///< limits.memory; 0: a quarter of the machine's, bounded.

  std::string login_domain;  ///< Of logins without one.

  std::string route;  ///< "host:port" for all remote mail; empty: by MX.
  std::vector<std::pair<std::string, std::string>> routes;  ///< Domain, "host:port".
  bool allow_private_destinations = false;
  bool only_loopback = false;                  ///< Nothing leaves this machine (localserve).
  std::string outbound_tls = "opportunistic";  ///< none, opportunistic.
  std::int64_t outbound_port = 25;
  std::int64_t https_port = 443;         ///< Of other servers.
  std::vector<std::string> trust_files;  ///< PEM: authorities beside the system's.
  std::int64_t queue_life_hours = 120;
  std::int64_t delay_notice_hours = 4;
  std::vector<std::int64_t> retry_minutes;

  bool verify_senders = true;
  std::vector<std::string> trusted_sealers;
  std::vector<std::string> strict_domains;
  std::vector<std::string> exceptions;
  bool seal_forwarded = true;  ///< ARC, when an alias leads elsewhere.

  std::string secret_file;  ///< Empty: secret.key in `directory`, made when it is missing.
  std::int64_t rotate_days = 180;

  bool send_reports = true;
  std::string reports_from;          ///< Empty: postmaster@HOSTNAME.
  std::string reports_organisation;  ///< Empty: the host name.
  std::string reports_contact;
  /// Where reports come in: addresses, or local parts at any domain of ours.
  std::vector<std::string> report_addresses;  ///< None: dmarc-reports and tls-reports.

  std::vector<std::string> forwarders;
  std::vector<std::string> stubs;          ///< "zone address@port".
  std::vector<std::string> trust_anchors;  ///< Zone-file DS or DNSKEY records.
  bool root_trust_anchor = true;

  std::string log_level = "info";
  std::string log_file;  ///< Empty: standard error.
  bool log_addresses = false;

  std::int64_t trace_days = 90;
  std::int64_t trace_max_bytes = 0;  ///< 0: a twentieth of the disk, at most 2 GiB.

  std::string file;  ///< Where it comes from; empty: from no file that people know.
  std::map<std::string, std::uint32_t, std::less<>> lines;  ///< Of the keys that are in it.
  /// Begins a complaint about the key `name` ("tls.certificate"): "FILE:LINE: ", or less if less is
  /// known.
  [[nodiscard]] std::string where(std::string_view name) const;
};

/// The file's text. `bad_config`: it cannot be read.
[[nodiscard]] Result<std::string> read(const std::string& file);

/// What is wrong with a file, for people: "FILE:LINE: what, and what to do".
/// Reads, checks types, bounds and unknown keys. `bad_config` with one line a finding.
[[nodiscard]] Result<Config> load(const std::string& file);
[[nodiscard]] Result<Config> parse(std::string_view text, const std::string& name);
/// Whether the files that `config` names can be read, by who asks. `bad_config` with one line a
/// finding.
[[nodiscard]] Result<void> check_files(const Config& config);

/// The annotated default file, and the reference in Markdown.
[[nodiscard]] std::string default_file();
[[nodiscard]] std::string reference();

/// "127.0.0.1:25", "[::1]:25", ":25" (all IPv4 and IPv6 addresses) or "*:25".
[[nodiscard]] Result<std::vector<net::Endpoint>> parse_endpoint(std::string_view text);

}  // namespace postern::config
