#include "server/reload.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <type_traits>
#include <variant>

#include "config/keys.hpp"

namespace postern::server {
namespace {

using config::Config;

/// What each new session, or each log line, looks at anew.
constexpr std::array<std::string_view, 20> kAtOnce = {"tls.certificate",
                                                      "tls.key",
                                                      "tls.more",
                                                      "limits.max_message",
                                                      "limits.max_recipients",
                                                      "limits.connections_per_account",
                                                      "smtp.check_sender_domain",
                                                      "authentication.verify",
                                                      "authentication.trusted_sealers",
                                                      "authentication.strict_domains",
                                                      "authentication.exceptions",
                                                      "authentication.seal_forwarded",
                                                      "signing.rotate_days",
                                                      "reports.send",
                                                      "reports.from",
                                                      "reports.organisation",
                                                      "reports.contact",
                                                      "reports.addresses",
                                                      "log.level",
                                                      "log.addresses"};

/// Like std::ranges::equal for what has no == of its own.
struct Same {
  template <class T>
  bool operator()(const std::vector<T>& a, const std::vector<T>& b) const {
    return std::ranges::equal(a, b, *this);
  }
  bool operator()(const net::Endpoint& a, const net::Endpoint& b) const {
    return a.ip == b.ip && a.port == b.port;
  }
  bool operator()(const net::CertificateFiles& a, const net::CertificateFiles& b) const {
    return a.chain_file == b.chain_file && a.key_file == b.key_file;
  }
  template <class T>
  bool operator()(const T& a, const T& b) const {
    return a == b;
  }
};

bool same(const config::Slot& slot, const Config& a, const Config& b) {
  return std::visit(
      [&](auto member) {
        if constexpr (std::is_same_v<decltype(member), config::Endpoints>) {
          return Same{}(a.listeners.*member, b.listeners.*member);
        } else {
          return Same{}(a.*member, b.*member);
        }
      },
      slot);
}

}  // namespace

std::string waits_for_restart(const Config& running, const Config& fresh) {
  std::string out;
  for (const auto& key : config::keys()) {
    std::string name{key.section};
    if (!name.empty()) name += '.';
    name += key.name;
    if (std::ranges::find(kAtOnce, name) != kAtOnce.end() || same(key.slot, running, fresh))
      continue;
    out += (out.empty() ? "" : ", ") + name;
  }
  return out;
}

}  // namespace postern::server
