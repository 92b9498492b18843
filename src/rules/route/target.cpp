#include "route/target.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "route/reach.hpp"
#include "text/ascii.hpp"

namespace postern::route {
namespace {

bool may_reach(const text::IpAddress& ip, const Settings& settings) {
  if (settings.only_loopback) return ip.is_loopback();
  return may_deliver_to(ip, settings.allow_private_destinations);
}

using dns::Answer;
using dns::Name;
using dns::Type;
using text::IpAddress;

/// What is known about one host's addresses.
struct HostAddresses {
  std::vector<IpAddress> ips;  ///< IPv6 and IPv4 in turn.
  Name canonical;
  bool secure = true;
  const Answer* failed = nullptr;  ///< A lookup that failed for now; borrowed from the answers.
};

/// An exchanger in order of preference. `ips` may go on shrinking.
struct Exchanger {
  std::uint16_t preference = 0;
  Name host;
  HostAddresses addresses = {};
};

bool contains(const auto& list, const auto& value) {
  return std::ranges::find(list, value) != list.end();
}

/// A number that orders hosts at random, the same at every call with one seed whatever order the
/// resolver gives the records in (FNV-1a, then the finish of SplitMix64).
std::uint64_t shuffle_key(const Name& host, std::uint64_t seed) {
  std::uint64_t h = 0xcbf29ce484222325U;
  for (const char c : host.to_wire()) {
    h ^= static_cast<unsigned char>(c);
    h *= 0x100000001b3U;
  }
  h ^= seed;
  h = (h ^ (h >> 30U)) * 0xbf58476d1ce4e5b9U;
  h = (h ^ (h >> 27U)) * 0x94d049bb133111ebU;
  return h ^ (h >> 31U);
}

std::vector<IpAddress> in_turn(const std::vector<IpAddress>& v6, const std::vector<IpAddress>& v4,
                               std::size_t most) {
  std::vector<IpAddress> out;
  for (std::size_t i = 0; i < std::max(v6.size(), v4.size()); ++i) {
    if (i < v6.size()) out.push_back(v6[i]);
    if (i < v4.size()) out.push_back(v4[i]);
  }
  if (out.size() > most) out.resize(most);
  return out;
}

/// The answers and settings, and the questions found missing on the way.
class Lookup {
 public:
  Lookup(const Settings& settings, const dns::Answers& answers)
      : settings_{settings}, answers_{answers} {}

  const Answer* ask(const Name& name, Type type) {
    const auto at = answers_.find({name, type});
    if (at != answers_.end()) return &at->second;
    need_.questions.push_back({name, type});
    return nullptr;
  }

  HostAddresses addresses(const Name& host) {
    HostAddresses out{.ips = {}, .canonical = host};
    const auto v6 = settings_.ipv6 ? family(host, Type::aaaa, out) : std::vector<IpAddress>{};
    const auto v4 = settings_.ipv4 ? family(host, Type::a, out) : std::vector<IpAddress>{};
    out.ips = in_turn(v6, v4, settings_.max_addresses);
    return out;
  }

  [[nodiscard]] bool needs() const { return !need_.questions.empty(); }
  [[nodiscard]] Need take_need() { return std::move(need_); }

 private:
  std::vector<IpAddress> family(const Name& host, Type type, HostAddresses& out) {
    const Answer* answer = ask(host, type);
    if (!answer) return {};
    if (answer->temporary()) {
      out.failed = answer;
      return {};
    }
    if (!answer->found()) return {};
    out.secure = out.secure && answer->secure();
    out.canonical = answer->canonical.is_root() ? host : answer->canonical;
    return answer->all<IpAddress>();
  }

  const Settings& settings_;
  const dns::Answers& answers_;
  Need need_;
};

Failure not_known(const std::string& domain, const Answer& answer) {
  if (answer.status == dns::Status::bogus)
    return {451, "4.7.5", "DNSSEC validation failed for " + domain, answer.why};
  return {451, "4.4.3", "DNS lookup for " + domain + " failed", answer.why};
}

Failure loops(const std::string& domain) {
  return {550, "5.4.6", "Mail for " + domain + " would loop back to this server"};
}

Failure refused(const std::string& domain) {
  return {550, "5.4.4", "Mail for " + domain + " leads to an address that is not public"};
}

/// The address in `[192.0.2.1]` or `[IPv6:2001:db8::1]` (RFC 5321 §4.1.3).
std::optional<IpAddress> parse_literal(std::string_view domain) {
  constexpr std::string_view kTag = "IPv6:";
  if (!domain.starts_with('[') || !domain.ends_with(']')) return std::nullopt;
  auto inside = domain.substr(1, domain.size() - 2);
  const bool tagged = text::istarts_with(inside, kTag);
  if (tagged) inside.remove_prefix(kTag.size());
  if (!tagged && inside.contains(':')) return std::nullopt;
  if (tagged && !inside.contains(':')) return std::nullopt;
  return IpAddress::parse(inside);
}

Step at_literal(const std::string& domain, const Settings& settings) {
  const auto ip = parse_literal(domain);
  if (!ip) return Failure{550, "5.1.2", "Malformed address literal", domain};
  if (contains(settings.own_addresses, *ip)) return loops(domain);
  if (!may_reach(*ip, settings)) return refused(domain);
  if (ip->is_v4() ? !settings.ipv4 : !settings.ipv6)
    return Failure{451, "4.4.4", "No way to " + domain + " over its kind of IP from here"};
  return Plan{
      .candidates = {{.ip = *ip, .port = settings.port, .host_secure = true, .ip_secure = true}}};
}

Step at_route(const std::string& domain, const NextHop& to, Lookup& lookup) {
  Plan plan{.candidates = {}, .by_route = true};
  if (const auto* ip = std::get_if<IpAddress>(&to.host)) {
    plan.candidates.push_back({.ip = *ip, .port = to.port, .host_secure = true, .ip_secure = true});
    return plan;
  }
  const Name& host = std::get<Name>(to.host);
  const auto found = lookup.addresses(host);
  if (lookup.needs()) return lookup.take_need();
  for (const auto& ip : found.ips) {
    plan.candidates.push_back({.host = host,
                               .canonical = found.canonical,
                               .ip = ip,
                               .port = to.port,
                               .host_secure = true,
                               .ip_secure = found.secure});
  }
  if (!plan.candidates.empty()) return plan;
  if (found.failed) return not_known(domain, *found.failed);
  return Failure{451, "4.4.4", "The configured route for " + domain + " leads nowhere",
                 "no address for " + host.to_string()};
}

/// The way DNS shows, for one domain.
class ByDns {
 public:
  ByDns(const Name& domain, const Settings& settings, Lookup& lookup, std::uint64_t seed)
      : domain_{domain},
        text_{domain.to_string()},
        settings_{settings},
        lookup_{lookup},
        seed_{seed} {}

  Step run() {
    const Answer* mx = lookup_.ask(domain_, Type::mx);
    if (!mx) return lookup_.take_need();
    if (mx->temporary()) return not_known(text_, *mx);
    if (mx->outcome == dns::Outcome::nxdomain)
      return Failure{550, "5.1.2", "Domain " + text_ + " does not exist"};
    mx_secure_ = mx->secure();
    implicit_ = !mx->found();
    const auto records = mx->all<dns::Mx>();
    if (is_null_mx(records))
      return Failure{556, "5.1.10", "Domain " + text_ + " does not accept mail (null MX)"};
    list(implicit_ ? std::vector{dns::Mx{.preference = 0, .exchange = domain_}} : records);
    cut([this](const Exchanger& e) { return contains(settings_.own_names, e.host); });
    if (exchangers_.size() > settings_.max_hosts) exchangers_.resize(settings_.max_hosts);
    for (auto& e : exchangers_) e.addresses = lookup_.addresses(e.host);
    if (lookup_.needs()) return lookup_.take_need();
    cut([this](const Exchanger& e) { return is_ours(e.addresses); });
    Plan plan{.candidates = candidates()};
    if (!plan.candidates.empty()) return plan;
    return why_none();
  }

 private:
  /// Each host once, best first, equals at random.
  void list(const std::vector<dns::Mx>& records) {
    for (const auto& record : records) {
      if (!record.exchange.is_root()) exchangers_.push_back({record.preference, record.exchange});
    }
    std::ranges::sort(exchangers_, {}, [this](const Exchanger& e) {
      return std::tuple{e.preference, shuffle_key(e.host, seed_), e.host};
    });
    std::set<Name> seen;
    std::erase_if(exchangers_, [&seen](const Exchanger& e) { return !seen.insert(e.host).second; });
  }

  /// Drops the first exchanger that is us and all that are not preferred to it.
  void cut(const auto& is_us) {
    const auto us = std::ranges::find_if(exchangers_, is_us);
    if (us == exchangers_.end()) return;
    cut_ = true;
    const auto level = us->preference;
    std::erase_if(exchangers_, [level](const Exchanger& e) { return e.preference >= level; });
  }

  [[nodiscard]] bool is_ours(const HostAddresses& found) const {
    const auto ours = [this](const IpAddress& ip) { return contains(settings_.own_addresses, ip); };
    return contains(settings_.own_names, found.canonical) || std::ranges::any_of(found.ips, ours);
  }

  std::vector<Candidate> candidates() {
    std::vector<Candidate> out;
    for (const auto& e : exchangers_) {
      for (const auto& ip : e.addresses.ips) {
        if (!may_reach(ip, settings_)) {
          refused_ = true;
          continue;
        }
        out.push_back({.host = e.host,
                       .canonical = e.addresses.canonical,
                       .ip = ip,
                       .port = settings_.port,
                       .preference = e.preference,
                       .host_secure = mx_secure_,
                       .ip_secure = e.addresses.secure});
      }
    }
    return out;
  }

  /// What may pass comes first: a lookup that failed may have hidden the way.
  [[nodiscard]] Failure why_none() const {
    for (const auto& e : exchangers_) {
      if (e.addresses.failed) return not_known(e.host.to_string(), *e.addresses.failed);
    }
    if (refused_) return refused(text_);
    if (cut_) return loops(text_);
    if (!settings_.ipv4 || !settings_.ipv6)
      return {451, "4.4.4", "No way to " + text_ + " over its kind of IP from here"};
    if (implicit_) return {550, "5.1.2", "Domain " + text_ + " has neither MX nor address records"};
    return {550, "5.4.4", "No mail exchanger of " + text_ + " has an address"};
  }

  const Name& domain_;
  std::string text_;
  const Settings& settings_;
  Lookup& lookup_;
  std::uint64_t seed_;
  std::vector<Exchanger> exchangers_;
  bool mx_secure_ = false;
  bool implicit_ = false;
  bool cut_ = false;
  bool refused_ = false;
};

}  // namespace

Step locate(std::string_view domain, const Settings& settings, const dns::Answers& answers,
            std::uint64_t seed) {
  std::string text{domain};
  const bool literal = domain.starts_with('[');
  std::optional<Name> name;
  if (!literal) {
    auto parsed = Name::parse(domain);
    if (!parsed || !parsed->is_host()) return Failure{550, "5.1.2", "Malformed domain name", text};
    name = *std::move(parsed);
    text = name->to_string();
  }
  Lookup lookup{settings, answers};
  if (const StaticRoute* route = find_route(settings.routes, name))
    return at_route(text, route->to, lookup);
  if (literal) return at_literal(text, settings);
  return ByDns{*name, settings, lookup, seed}.run();
}

}  // namespace postern::route
