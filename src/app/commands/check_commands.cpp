#include <array>
#include <filesystem>

#include <boost/json.hpp>

#include "async/clock.hpp"
#include "check/checks.hpp"
#include "check/fetch.hpp"
#include "commands/command.hpp"
#include "commands/desk.hpp"
#include "commands/text.hpp"
#include "config/authentication.hpp"
#include "config/values.hpp"
#include "vocab/try.hpp"

// `postern check ...` and `postern dns ...`: what the server would make of a sender, a message or
// a domain. They touch no store and need no server.
namespace postern::commands {
namespace {

constexpr std::uint64_t kCacheBytes = std::uint64_t{4} << 20U;

/// The configuration that is named, or that of this machine if it has one.
Result<config::Config> configuration(const Arguments& arguments) {
  if (arguments.has("--config")) return config::load(arguments.text("--config"));
  std::error_code error;
  if (std::filesystem::exists(kDefaultConfig, error))
    return config::load(std::string{kDefaultConfig});
  config::Config none;
  none.hostname = "localhost";
  return none;
}

Result<std::unique_ptr<check::DnsSource>> open_dns(const Arguments& arguments,
                                                   const config::Config& config) {
  if (!arguments.has("--dns")) {
    POSTERN_TRY(auto settings, config::resolver_settings(config, kCacheBytes));
    // The root's keys as the server knows them, if it may be read; only the server writes it.
    if (!config.directory.empty()) settings.root_key_file = config.directory + "/root.key";
    settings.root_key_read_only = true;
    return check::DnsSource::network(settings);
  }
  const auto file = arguments.text("--dns");
  POSTERN_TRY(const auto text, config::read(file));
  auto source = check::DnsSource::json(text);
  if (!source) return fail(source.error().code, file + ": " + source.error().detail);
  return source;
}

/// How `check domain` comes to the policy of MTA-STS: from a file, over the network, or not.
Result<check::Fetch> fetching(const Arguments& arguments, const config::Config& config,
                              check::DnsSource& source) {
  if (arguments.has("--policy")) {
    POSTERN_TRY(auto text, config::read(arguments.text("--policy")));
    http::Response response{
        .status = 200, .headers = {{"Content-Type", "text/plain"}}, .body = std::move(text)};
    return [response = std::move(response)](const std::string&) { return response; };
  }
  if (arguments.has("--dns")) return check::Fetch{};
  const http::Settings settings{.reach = {.private_too = config.allow_private_destinations,
                                          .only_loopback = config.only_loopback},
                                .port = static_cast<std::uint16_t>(config.https_port)};
  auto get = [&source, &config, settings](const std::string& url) -> Result<http::Response> {
    POSTERN_TRY(const auto tls, net::TlsContext::client({.profile = net::TlsProfile::modern,
                                                         .trust_files = config.trust_files,
                                                         .sessions = 0}));
    return check::fetch(source, tls, settings, url);
  };
  return get;
}

/// Without the angle brackets that some write.
std::string mail_from(const Arguments& arguments) {
  auto out = arguments.text("--mailfrom");
  if (out.starts_with('<') && out.ends_with('>')) out = out.substr(1, out.size() - 2);
  return out;
}

/// Prints lines that may hold what strangers wrote.
void print_words(std::ostream& out, std::string_view words) {
  while (!words.empty()) {
    const auto line = words.substr(0, words.find('\n'));
    out << printable(line) << '\n';
    words.remove_prefix(std::min(words.size(), line.size() + 1));
  }
}

/// Runs one check and prints what it found.
template <class Run>
int report(const Arguments& arguments, Session& session, const Run& run) {
  const auto config = configuration(arguments);
  if (!config) return complain(session, config.error());
  auto source = open_dns(arguments, *config);
  if (!source) return complain(session, source.error());
  const Result<check::Report> found = run(**source, *config);
  if (!found) return complain(session, found.error());
  if (arguments.has("--json")) {
    session.out << boost::json::serialize(found->data) << '\n';
  } else {
    print_words(session.out, found->words);
  }
  return 0;
}

int look_up(const Arguments& arguments, Session& session) {
  const auto name = dns::Name::parse(arguments.text("NAME"));
  if (!name) return misused(session, "NAME is not a domain name");
  const auto word = arguments.text("TYPE");
  const auto type = word.empty() ? dns::Type::a : dns::parse_type(word);
  if (!type)
    return misused(session, "TYPE is one of A AAAA CAA CNAME DS MX NS PTR SOA SRV TLSA TXT");
  return report(arguments, session, [&](check::DnsSource& source, const config::Config&) {
    return check::look_up(source, {*name, *type});
  });
}

int check_spf(const Arguments& arguments, Session& session) {
  const auto ip = text::IpAddress::parse(arguments.text("--ip"));
  if (!ip) return misused(session, "--ip is an IPv4 or IPv6 address");
  return report(arguments, session, [&](check::DnsSource& source, const config::Config& config) {
    return check::spf(source, {.ip = *ip,
                               .helo = arguments.text("--helo"),
                               .mail_from = mail_from(arguments),
                               .receiver = config.hostname,
                               .now = SystemClock{}.now()});
  });
}

int check_message(const Arguments& arguments, Session& session) {
  mailauth::Peer peer{
      .ip = {}, .helo = arguments.text("--helo"), .mail_from = mail_from(arguments)};
  if (arguments.has("--ip")) {
    peer.ip = text::IpAddress::parse(arguments.text("--ip"));
    if (!peer.ip) return misused(session, "--ip is an IPv4 or IPv6 address");
  }
  const auto content = config::read(arguments.text("FILE"));
  if (!content) return complain(session, content.error());
  return report(arguments, session, [&](check::DnsSource& source, const config::Config& config) {
    return check::message(source, *content, peer, *config::authentication_settings(config));
  });
}

int check_dmarc(const Arguments& arguments, Session& session) {
  auto author = arguments.text("--from");
  if (const auto at = author.rfind('@'); at != std::string::npos) author.erase(0, at + 1);
  const auto from = dns::Name::parse(author);
  if (!from) return misused(session, "--from is a domain");
  std::optional<check::Claim> spf;
  if (arguments.has("--spf")) {
    spf = check::parse_claim(arguments.text("--spf"));
    if (!spf) return misused(session, "--spf is RESULT:DOMAIN, as in pass:example.org");
  }
  std::vector<check::Claim> dkim;
  for (const auto& text : arguments.texts("--dkim")) {
    const auto claim = check::parse_claim(text);
    if (!claim) return misused(session, "--dkim is RESULT:DOMAIN, as in pass:example.org");
    dkim.push_back(*claim);
  }
  return report(arguments, session, [&](check::DnsSource& source, const config::Config& config) {
    return check::dmarc(source, *from, spf, dkim, *config::authentication_settings(config));
  });
}

int check_domain(const Arguments& arguments, Session& session) {
  const auto domain = dns::Name::parse(arguments.text("DOMAIN"));
  if (!domain) return misused(session, "DOMAIN is not a domain name");
  const auto run = [&](check::DnsSource& source,
                       const config::Config& config) -> Result<check::Report> {
    POSTERN_TRY(const auto fetch, fetching(arguments, config, source));
    return check::domain(source, *domain, arguments.texts("--selector"),
                         *config::authentication_settings(config), fetch);
  };
  return report(arguments, session, run);
}

std::vector<Option> asking(std::vector<Option> own) {
  own.push_back({"--dns", "FILE", "Answer from this JSON file instead of the network"});
  own.push_back(
      {"--config", "FILE", "Whose [dns] and [delivery] to use; default /etc/postern/postern.toml"});
  own.push_back({"--json", "", "Print JSON"});
  return own;
}

}  // namespace

std::span<const Command> check_commands() {
  static const std::array kCommands{
      Command{"check spf", "Say whether a machine may send for a domain (SPF)",
              "As the server judges MAIL FROM; without --mailfrom, or with an empty one, EHLO.\n"
              "Example: postern check spf --ip 192.0.2.1 --helo mail.example.org "
              "--mailfrom ann@example.org",
              asking({{"--ip", "ADDRESS", "The sending machine", true},
                      {"--helo", "NAME", "What it says in EHLO", true},
                      {"--mailfrom", "ADDRESS", "Its MAIL FROM, without angle brackets"}}),
              check_spf},
      Command{
          "check message", "Say what the server would make of a message",
          "SPF, DKIM, ARC, DMARC and what follows. Without --ip SPF and iprev say nothing. The\n"
          "server also knows by which ways good mail came before; this command does not.\n"
          "Example: postern check message mail.eml --ip 192.0.2.1 --helo mail.example.org "
          "--mailfrom ann@example.org",
          asking({{"FILE", "", "The message as it came", true},
                  {"--ip", "ADDRESS", "The machine that sent it"},
                  {"--helo", "NAME", "What that said in EHLO"},
                  {"--mailfrom", "ADDRESS", "Its MAIL FROM, without angle brackets"}}),
          check_message},
      Command{"check dmarc", "Say whether mail of a domain passes DMARC with given results",
              "Example: postern check dmarc --from example.org --spf pass:bounces.example.org "
              "--dkim fail:example.org",
              asking({{"--from", "DOMAIN", "The domain of From", true},
                      {"--spf", "RESULT:DOMAIN", "What SPF said, of which domain"},
                      {"--dkim", "RESULT:DOMAIN", "What DKIM said, of which d=; may be repeated",
                       false, true}}),
              check_dmarc},
      Command{"check domain", "Judge what a domain publishes for its mail, and say how to mend it",
              "MX, SPF, DKIM, DMARC, MTA-STS, TLS reports, BIMI. The policy of MTA-STS is fetched "
              "over\n"
              "HTTPS, but not with --dns.\n"
              "Example: postern check domain example.org --selector s1",
              asking({{"DOMAIN", "", "The domain", true},
                      {"--selector", "NAME", "A DKIM selector to look at; may be repeated", false,
                       true},
                      {"--policy", "FILE", "Judge this policy of MTA-STS, fetch none"}}),
              check_domain},
      Command{"dns lookup", "Ask the resolver, and show what DNSSEC says",
              "secure: proven; insecure: not signed; bogus: signed, and wrongly so, with why.\n"
              "Example: postern dns lookup _25._tcp.mx.example.org TLSA",
              asking({{"NAME", "", "The name", true}, {"TYPE", "", "The type; default A"}}),
              look_up}};
  return kCommands;
}

}  // namespace postern::commands
