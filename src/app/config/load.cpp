#include <algorithm>
#include <cerrno>
#include <fstream>
#include <functional>
#include <limits>
#include <sstream>
#include <system_error>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "config/config.hpp"
#include "config/keys.hpp"
#include "config/values.hpp"
#include "mailauth/exceptions.hpp"
#include "smtp/address.hpp"
#include "text/ascii.hpp"
#include "vocab/try.hpp"

namespace postern::config {
namespace {

/// Collects findings, so that one run shows all that is wrong.
class Findings {
 public:
  explicit Findings(std::string file) : file_{std::move(file)} {}
  void add(const toml::node& at, const std::string& what) {
    add_line(at.source().begin.line, what);
  }
  void add_line(std::uint32_t line, const std::string& what) {
    text_ += fmt::format("{}{}:{}: {}", text_.empty() ? "" : "\n", file_, line, what);
  }
  void add_file(const std::string& what) {
    text_ += fmt::format("{}{}: {}", text_.empty() ? "" : "\n", file_, what);
  }
  /// `where` as Config gives it.
  void add_at(const std::string& where, const std::string& what) {
    text_ += fmt::format("{}{}{}", text_.empty() ? "" : "\n", where, what);
  }
  [[nodiscard]] bool any() const { return !text_.empty(); }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string file_;
  std::string text_;
};

std::string full_name(const Key& key) {
  return key.section.empty() ? std::string{key.name} : fmt::format("{}.{}", key.section, key.name);
}

/// Puts one key's value where it belongs, or says why not.
class Reader {
 public:
  Reader(Config& config, const Key& key, const toml::node& node, Findings& findings)
      : config_{config}, key_{key}, node_{node}, findings_{findings} {}

  void operator()(std::string Config::* slot) {
    const auto value = node_.value_exact<std::string>();
    if (!value) return wrong("a text in quotes");
    if (!key_.choices.empty() && !is_choice(*value))
      return wrong(fmt::format("one of: {}", key_.choices));
    config_.*slot = *value;
  }
  void operator()(std::int64_t Config::* slot) {
    const auto value = node_.value_exact<std::int64_t>();
    if (!value || *value < key_.least || *value > key_.most) {
      return wrong(key_.most == std::numeric_limits<std::int64_t>::max()
                       ? fmt::format("a whole number of at least {}", key_.least)
                       : fmt::format("a whole number from {} to {}", key_.least, key_.most));
    }
    config_.*slot = *value;
  }
  void operator()(bool Config::* slot) {
    const auto value = node_.value_exact<bool>();
    if (!value) return wrong("true or false");
    config_.*slot = *value;
  }
  void operator()(std::vector<std::string> Config::* slot) {
    each<std::string>("a list of texts", [&](const std::string& text, const toml::node&) {
      (config_.*slot).push_back(text);
    });
  }
  void operator()(std::vector<std::int64_t> Config::* slot) {
    each<std::int64_t>("a list of whole numbers", [&](std::int64_t n, const toml::node& at) {
      if (n < 1) return findings_.add(at, full_name(key_) + ": numbers are at least 1");
      (config_.*slot).push_back(n);
    });
  }
  void operator()(Endpoints slot) {
    each<std::string>("a list of \"address:port\"",
                      [&](const std::string& text, const toml::node& at) {
                        const auto endpoints = parse_endpoint(text);
                        if (!endpoints) return findings_.add(at, endpoints.error().detail);
                        auto& out = config_.listeners.*slot;
                        out.insert(out.end(), endpoints->begin(), endpoints->end());
                      });
  }
  void operator()(Pairs Config::* slot) {
    const auto* table = node_.as_table();
    if (table == nullptr) return wrong("a table of \"domain\" = \"host:port\"");
    for (const auto& [domain, to] : *table) {
      const auto text = to.value_exact<std::string>();
      if (!text) return wrong("a table of \"domain\" = \"host:port\"");
      (config_.*slot).emplace_back(std::string{domain.str()}, *text);
    }
  }
  void operator()(std::vector<net::CertificateFiles> Config::* slot) {
    const auto* list = node_.as_array();
    if (list == nullptr) return wrong("[[tls.more]] tables");
    for (const auto& item : *list) {
      const auto* table = item.as_table();
      const auto chain = table != nullptr ? (*table)["certificate"].value<std::string>()
                                          : std::optional<std::string>{};
      const auto key =
          table != nullptr ? (*table)["key"].value<std::string>() : std::optional<std::string>{};
      if (!chain || !key) return findings_.add(item, "tls.more needs certificate and key");
      (config_.*slot).push_back({.chain_file = *chain, .key_file = *key});
    }
  }

 private:
  [[nodiscard]] bool is_choice(std::string_view value) const {
    const auto choices = text::split(key_.choices, ' ');
    return std::ranges::find(choices, value) != choices.end();
  }
  void wrong(const std::string& expected) {
    findings_.add(node_, fmt::format("{} must be {}", full_name(key_), expected));
  }
  template <class T, class Take>
  void each(const char* expected, Take take) {
    const auto* list = node_.as_array();
    if (list == nullptr) return wrong(expected);
    for (const auto& item : *list) {
      const auto value = item.value_exact<T>();
      if (!value) return wrong(expected);
      take(*value, item);
    }
  }

  Config& config_;
  const Key& key_;
  const toml::node& node_;
  Findings& findings_;
};

/// The key most like `name`, for "did you mean".
std::string nearest(std::string_view section, std::string_view name) {
  std::string best;
  std::size_t best_score = 2;  // letters in common at the front
  for (const auto& key : keys()) {
    if (key.section != section) continue;
    const auto same = std::ranges::mismatch(key.name, name).in1 - key.name.begin();
    if (static_cast<std::size_t>(same) > best_score) {
      best_score = static_cast<std::size_t>(same);
      best = key.name;
    }
  }
  return best.empty() ? "; `postern config reference` tells of all"
                      : fmt::format("; did you mean {}?", best);
}

bool is_section(std::string_view name) {
  return std::ranges::any_of(keys(), [&](const Key& key) { return key.section == name; });
}

void read_table(Config& config, const toml::table& table, std::string_view section,
                Findings& findings) {
  for (const auto& [name, node] : table) {
    const auto key = std::ranges::find_if(
        keys(), [&](const Key& k) { return k.section == section && k.name == name.str(); });
    if (key != keys().end()) {
      config.lines.emplace(full_name(*key), node.source().begin.line);
      std::visit(Reader{config, *key, node, findings}, key->slot);
    } else if (section.empty() && node.is_table() && is_section(name.str())) {
      read_table(config, *node.as_table(), name.str(), findings);
    } else {
      findings.add(node, fmt::format("unknown key {}{}{}{}", section, section.empty() ? "" : ".",
                                     name.str(), nearest(section, name.str())));
    }
  }
}

using Wrong = std::function<void(std::string_view key, const std::string& what)>;

void check_reports(const Config& config, const Wrong& wrong) {
  const auto& from = config.reports_from;
  if (!from.empty() && !smtp::parse_address(from))
    wrong("reports.from", fmt::format("\"{}\" is no mail address", from));
  for (const auto& text : config.report_addresses) {
    const auto whole = text.contains('@') ? text : text + "@example.org";
    if (!smtp::parse_address(whole))
      wrong("reports.addresses", fmt::format("\"{}\" is no address nor the begin of one", text));
  }
}

void check_dns(const Config& config, const Wrong& wrong) {
  for (const auto& text : config.forwarders) {
    if (const auto server = parse_server(text); !server)
      wrong("dns.forwarders", server.error().detail);
  }
  for (const auto& text : config.stubs) {
    if (const auto stub = parse_stub(text); !stub) wrong("dns.stubs", stub.error().detail);
  }
  for (const auto& text : config.trust_anchors) {
    if (!is_trust_anchor(text)) {
      wrong("dns.trust_anchors",
            fmt::format("\"{}\" is no DS or DNSKEY record in zone-file form", text));
    }
  }
}

/// Texts that stand for names, addresses and places.
void check_texts(const Config& config, Findings& findings) {
  const auto wrong = [&](std::string_view key, const std::string& what) {
    findings.add_at(config.where(key), fmt::format("{} {}", key, what));
  };
  if (!config.hostname.empty() && !is_host_name(config.hostname))
    wrong("hostname", "must be a host name in ASCII, such as mail.example.org");
  if (!config.login_domain.empty() && !dns::Name::parse(config.login_domain))
    wrong("auth.login_domain", "must be a domain, such as example.org");
  if (!config.route.empty() && !route::parse_next_hop(config.route))
    wrong("delivery.route", fmt::format("\"{}\" is not host:port", config.route));
  for (const auto& [domain, to] : config.routes) {
    if (!dns::Name::parse(domain) || !route::parse_next_hop(to)) {
      wrong("delivery.routes",
            fmt::format("\"{}\" = \"{}\" is not \"domain\" = \"host:port\"", domain, to));
    }
  }
  check_reports(config, wrong);
  for (const auto& text : config.exceptions) {
    if (const auto exception = mailauth::parse_exception(text); !exception)
      wrong("authentication.exceptions", "must be domains and nets: " + exception.error().detail);
  }
  check_dns(config, wrong);
}

/// What the single values cannot say.
void check_whole(const Config& config, Findings& findings) {
  if (config.hostname.empty())
    findings.add_file("hostname is missing: the name that this server is known by");
  if (config.directory.empty())
    findings.add_file("storage.directory is missing: where mail is kept");
  if (config.certificate.empty() != config.key.empty()) {
    findings.add_at(config.where(config.key.empty() ? "tls.certificate" : "tls.key"),
                    "tls.certificate and tls.key go together: one is missing");
  }
  const auto& l = config.listeners;
  const bool needs_tls =
      !l.submission.empty() || !l.submissions.empty() || !l.imap.empty() || !l.imaps.empty();
  if (needs_tls && config.certificate.empty()) {
    findings.add_file(
        "logins need TLS: give tls.certificate and tls.key, or listen for smtp alone");
  }
  for (const auto& at : l.metrics) {
    if (!at.ip.is_loopback()) {
      findings.add_at(config.where("listeners.metrics"),
                      "listeners.metrics must be a loopback address: it has no login");
    }
  }
  check_texts(config, findings);
}

/// Why `file` cannot be read; empty: it can be.
std::string why_unreadable(const std::string& file) {
  errno = 0;
  std::ifstream in{file, std::ios::binary};
  in.peek();  // a directory can be opened, but not read
  if (in) return {};
  return errno == 0 ? "it is empty" : std::generic_category().message(errno);
}

}  // namespace

Result<std::vector<net::Endpoint>> parse_endpoint(std::string_view text) {
  const auto bad = [&] {
    return fail(
        Errc::bad_config,
        fmt::format("\"{}\" is not address:port, such as 127.0.0.1:25, [::1]:25 or :25", text));
  };
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return bad();
  const auto port = text::parse_number<std::uint16_t>(text.substr(colon + 1));
  if (!port) return bad();
  auto host = text.substr(0, colon);
  if (host.empty() || host == "*") {
    return std::vector<net::Endpoint>{{.ip = text::IpAddress::v4({}), .port = *port},
                                      {.ip = text::IpAddress::v6({}), .port = *port}};
  }
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);
  const auto ip = text::IpAddress::parse(host);
  if (!ip || ip->is_v4() == bracketed) return bad();
  return std::vector<net::Endpoint>{{.ip = *ip, .port = *port}};
}

Result<Config> parse(std::string_view text, const std::string& name) {
  Findings findings{name};
  Config config;
  config.file = name;
  try {  // toml++ reports syntax errors by exception
    const auto table = toml::parse(text, name);
    read_table(config, table, "", findings);
    check_whole(config, findings);
  } catch (const toml::parse_error& error) {
    findings.add_line(error.source().begin.line, std::string{error.description()});
  }
  if (findings.any()) return fail(Errc::bad_config, findings.text());
  return config;
}

std::string Config::where(std::string_view name) const {
  if (file.empty()) return {};
  const auto found = lines.find(name);
  return found == lines.end() ? file + ": " : fmt::format("{}:{}: ", file, found->second);
}

Result<void> check_files(const Config& config) {
  Findings findings{config.file};
  const auto look = [&](std::string_view key, const std::string& file,
                        std::string_view what = "a PEM file") {
    if (file.empty()) return;
    const auto why = why_unreadable(file);
    if (why.empty()) return;
    findings.add_at(config.where(key),
                    fmt::format("{}: {}: {}; name {} that can be read", key, file, why, what));
  };
  look("tls.certificate", config.certificate);
  look("tls.key", config.key);
  for (const auto& more : config.more_certificates) {
    look("tls.more", more.chain_file);
    look("tls.more", more.key_file);
  }
  for (const auto& file : config.trust_files) look("delivery.trust_files", file);
  look("signing.secret_file", config.secret_file, "a file");
  if (findings.any()) return fail(Errc::bad_config, findings.text());
  return {};
}

Result<std::string> read(const std::string& file) {
  std::ifstream in{file, std::ios::binary};
  if (!in) {
    return fail(Errc::bad_config, fmt::format("{}: cannot be read", file));
  }
  std::ostringstream text;
  text << in.rdbuf();
  return std::move(text).str();
}

Result<Config> load(const std::string& file) {
  const auto text = read(file);
  if (!text) {
    return fail(text.error().code,
                text.error().detail + "; `postern config default` prints one to begin with");
  }
  return parse(*text, file);
}

}  // namespace postern::config
