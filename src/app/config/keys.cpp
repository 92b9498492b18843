#include "config/keys.hpp"

#include <array>

namespace postern::config {
namespace {

constexpr auto kKeys = std::to_array<Key>({
    {"", "hostname", &Config::hostname,
     "This server's own name: in greetings, EHLO and Received. Its reverse DNS should say the "
     "same. Required.",
     "\"mail.example.org\""},
    {"", "user", &Config::user, "The user to become once ports are bound, when started as root.",
     "\"postern\""},
    {"", "cores", &Config::cores, "Event loops, one thread each. 0: one per processor.", "0", 0,
     256},

    {"storage", "directory", &Config::directory, "Where mail is kept. Required.",
     "\"/var/lib/postern\""},
    {"storage", "reserve", &Config::reserve,
     "Octets of free disk below which new mail is refused for the time being.", "268435456", 0,
     INT64_MAX},
    {"storage", "retention_days", &Config::retention_days,
     "How long expunged mail can be brought back.", "14", 0, 3650},
    {"storage", "sweep_seconds", &Config::sweep_seconds,
     "How often what is past its time is erased.", "60", 1, 86'400},

    {"listeners", "smtp", &Listeners::smtp, "Mail from other servers (port 25).", "[\":25\"]"},
    {"listeners", "submission", &Listeners::submission,
     "Mail from users, STARTTLS required (port 587).", "[\":587\"]"},
    {"listeners", "submissions", &Listeners::submissions, "Mail from users over TLS (port 465).",
     "[\":465\"]"},
    {"listeners", "imap", &Listeners::imap, "IMAP, STARTTLS required (port 143).", "[\":143\"]"},
    {"listeners", "imaps", &Listeners::imaps, "IMAP over TLS (port 993).", "[\":993\"]"},
    {"listeners", "metrics", &Listeners::metrics,
     "Prometheus metrics over HTTP; loopback addresses only.", "[\"127.0.0.1:9925\"]"},

    {"tls", "certificate", &Config::certificate,
     "PEM file: the certificate, then its issuers. Without it there is no TLS and no login. Links "
     "are followed. Where root reads it for `user`, every folder and link on the way must be "
     "root's, or of the user who owns the file, and no others may write in such a folder.",
     "\"/etc/postern/fullchain.pem\""},
    {"tls", "key", &Config::key, "PEM file: its key.", "\"/etc/postern/key.pem\""},
    {"tls", "more", &Config::more_certificates,
     "Certificates for further names, chosen by SNI: [[tls.more]] tables with certificate and "
     "key.",
     ""},

    {"limits", "max_message", &Config::max_message, "Largest message, in octets.", "104857600",
     1024, std::int64_t{1} << 32},
    {"limits", "max_recipients", &Config::max_recipients, "Recipients of one transaction.", "1000",
     100, 100'000},
    {"limits", "connections", &Config::connections,
     "Connections at a time, of all services; who comes beyond that is told to come back. 0: at 64 "
     "KiB each, as many as fit into as much memory again as limits.memory says, or if that is 0 "
     "into a quarter of the machine's. Never more than the process's descriptors (LimitNOFILE) "
     "allow, less half of them or 1,024 for files.",
     "0", 0, 1'000'000},
    {"limits", "connections_per_ip", &Config::connections_per_ip,
     "SMTP connections at a time from one address or /64, and IMAP connections that are not "
     "logged in; four times as many from one /24 or /56. Loopback is not counted. 0: no limit.",
     "50", 0, 1'000'000},
    {"limits", "connections_per_account", &Config::connections_per_account,
     "IMAP connections at a time that are logged in to one account, from wherever; who logs in "
     "beyond that is answered NO [LIMIT]. A mail program keeps about five for each device. 0: no "
     "limit.",
     "100", 0, 1'000'000},
    {"limits", "memory", &Config::memory,
     "Octets of memory for caches and messages in flight; connections come on top. 0: a quarter of "
     "the machine's, within "
     "128 MiB and 1 GiB.",
     "0", 0, INT64_MAX},

    {"auth", "login_domain", &Config::login_domain,
     "Logins without a domain get this one; without it they fail.", "\"example.org\""},

    {"smtp", "check_sender_domain", &Config::check_sender_domain,
     "Refuse senders whose domain does not exist or takes no mail.", "true"},

    {"authentication", "verify", &Config::verify_senders,
     "Judge mail from other servers by SPF, DKIM, DMARC and ARC, and act on what DMARC asks for. "
     "Off only where there is no DNS.",
     "true"},
    {"authentication", "trusted_sealers", &Config::trusted_sealers,
     "Forwarders and lists whose ARC seals are believed: a message that they saw pass DMARC passes "
     "here though they changed it. The domains of their seals (d=).",
     "[]"},
    {"authentication", "strict_domains", &Config::strict_domains,
     "Domains whose p=reject is a refusal without any second ground; \"*\": all. Mail of their "
     "people by way of mailing lists may be lost to you.",
     "[]"},
    {"authentication", "exceptions", &Config::exceptions,
     "Mailing lists and forwarders whose mail is not held to DMARC: domains that SPF, DKIM, ARC or "
     "reverse DNS proves, or nets. Accounts can have their own: postern account dmarc.",
     "[\"lists.example.org\", \"192.0.2.0/24\"]"},
    {"authentication", "seal_forwarded", &Config::seal_forwarded,
     "Put an ARC seal before mail that an alias passes on to other servers, by the key of the "
     "alias' domain: who trusts this server then knows what it saw.",
     "true"},

    {"signing", "secret_file", &Config::secret_file,
     "The file that holds the secret under which signing keys are stored: 64 hexadecimal digits, "
     "readable by its owner alone. Keep a copy apart from the store's. Without it "
     "storage.directory/secret.key, which is made when it is missing.",
     "\"/etc/postern/secret.key\""},
    {"signing", "rotate_days", &Config::rotate_days,
     "The age at which a DKIM key gets a successor. It signs once DNS shows it; until then the old "
     "one does. 0: never.",
     "180", 0, 3650},

    {"reports", "send", &Config::send_reports,
     "Count whose mail passed and failed DMARC, and with whom TLS worked, and tell those domains "
     "that ask for it once a day (DMARC aggregate reports, TLS reports), by mail and, where they "
     "name an https URL, by upload to port 443. Off: nothing is counted.",
     "true"},
    {"reports", "from", &Config::reports_from,
     "The address that reports are sent as. Receivers believe them only if its domain's mail "
     "passes DMARC and is signed by DKIM. Without it postmaster at `hostname`, whose SPF record "
     "must name this server then, or which must be below a domain that is signed for.",
     "\"reports@example.org\""},
    {"reports", "organisation", &Config::reports_organisation,
     "Who sends them, for people. Without it `hostname`.", "\"Example Ltd\""},
    {"reports", "contact", &Config::reports_contact,
     "Whom to ask about them, for people: a page or more words.", "\"https://example.org/mail\""},
    {"reports", "addresses", &Config::report_addresses,
     "Where reports of others come in (`rua` in the DNS records of your domains): addresses, or "
     "what stands before the @ of any local domain. An account or alias must lead there. Reports "
     "of proven senders about your domains are read from such mail, shown by `postern report` and "
     "kept for 400 days; the mail itself is delivered as any other. Without it dmarc-reports and "
     "tls-reports.",
     "[\"dmarc-reports\", \"tls-reports\"]"},

    {"delivery", "route", &Config::route,
     "Send all remote mail to this host and port instead of by MX.", "\"relay.example.org:25\""},
    {"delivery", "routes", &Config::routes,
     "The same for single domains: [delivery.routes] with \"domain\" = \"host:port\".", ""},
    {"delivery", "allow_private_destinations", &Config::allow_private_destinations,
     "Deliver to loopback, private and link-local addresses, and fetch policies from them. For "
     "tests.",
     "false"},
    {"delivery", "only_loopback", &Config::only_loopback,
     "Deliver to loopback addresses alone; all other mail fails.", "false"},
    {"delivery", "tls", &Config::outbound_tls,
     "none, or opportunistic: TLS where it is offered; a failed handshake is retried once in "
     "clear "
     "on a new connection.",
     "\"opportunistic\"", 0, 0, "none opportunistic"},
    {"delivery", "port", &Config::outbound_port, "The port of other servers.", "25", 1, 65'535},
    {"delivery", "https_port", &Config::https_port,
     "The port of other servers for HTTPS: policies of MTA-STS, uploads of TLS reports. For tests.",
     "443", 1, 65'535},
    {"delivery", "trust_files", &Config::trust_files,
     "PEM files of certificate authorities to trust for HTTPS, beside those of the system. The "
     "server's user must be able to read them.",
     "[\"/etc/ssl/our-ca.pem\"]"},
    {"delivery", "life_hours", &Config::queue_life_hours,
     "How long mail that cannot be delivered is tried (RFC 5321 §4.5.4.1).", "120", 1, 24L * 60},
    {"delivery", "delay_notice_hours", &Config::delay_notice_hours,
     "After how long the sender is told of a delay.", "4", 1, 24L * 60},
    {"delivery", "retry_minutes", &Config::retry_minutes,
     "Waits between attempts; the last one repeats. Empty: 5, 10, 20, 40 minutes, 1, 2, 4 hours.",
     "[]"},

    {"dns", "forwarders", &Config::forwarders,
     "Resolvers to ask instead of the root: \"address\" or \"address@port\".", "[\"192.0.2.53\"]"},
    {"dns", "stubs", &Config::stubs, "Servers for single zones: \"zone address@port\".",
     "[\"example.test 127.0.0.1@5353\"]"},
    {"dns", "trust_anchors", &Config::trust_anchors,
     "Further DNSSEC trust anchors: DS or DNSKEY records in zone-file form.", "[]"},
    {"dns", "root_trust_anchor", &Config::root_trust_anchor,
     "Trust the root's keys, which are built in.", "true"},

    {"log", "level", &Config::log_level, "trace, debug, info, warn, error or off.", "\"info\"", 0,
     0, "trace debug info warn error off"},
    {"log", "file", &Config::log_file, "Where to; standard error if not given.",
     "\"/var/log/postern.log\""},
    {"log", "addresses", &Config::log_addresses, "Show mail addresses whole in logs.", "false"},

    {"trace", "days", &Config::trace_days, "How long traces of messages are kept.", "90", 1, 3650},
    {"trace", "max_bytes", &Config::trace_max_bytes,
     "Octets of traces, about, beyond which the oldest days go. When today's are half as many, "
     "refusals are not kept any more; with three quarters, attempts; then nothing. 0: a twentieth "
     "of the disk, at most 2 GiB.",
     "0", 0, INT64_MAX},
});

}  // namespace

const std::vector<Key>& keys() {
  static const std::vector<Key> table{kKeys.begin(), kKeys.end()};
  return table;
}

}  // namespace postern::config
