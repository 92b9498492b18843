#include <algorithm>
#include <array>

#include <boost/json.hpp>

#include "admin/verbs.hpp"
#include "dns/name.hpp"
#include "text/ascii.hpp"
#include "vocab/try.hpp"

namespace postern::admin {
namespace {

using signing::KeyName;
using signing::KeyRing;

Result<KeyRing*> ring_of(const Services& services) {
  if (services.keys == nullptr) return std::unexpected(services.no_keys);
  return services.keys;
}

Result<std::string> need_domain(const json::object& request) {
  POSTERN_TRY(const auto text, need_text(request, "domain"));
  auto name = dns::Name::parse(text);
  if (!name) return fail(Errc::bad_syntax, text + " is no domain");
  return name->to_string();
}

Result<KeyName> need_key(const json::object& request) {
  KeyName out;
  POSTERN_TRY(out.domain, need_domain(request));
  POSTERN_TRY(out.selector, need_text(request, "selector"));
  out.selector = text::lower(out.selector);
  return out;
}

bool is_local(const Services& services, const std::string& domain) {
  return services.directory.is_local_domain(domain);
}

Task<Result<json::value>> add(Services& services, const json::object& request) {
  POSTERN_CO_TRY(auto* const ring, ring_of(services));
  POSTERN_CO_TRY(const auto domain, need_domain(request));
  POSTERN_CO_TRY(const auto selector, take_text(request, "selector"));
  POSTERN_CO_TRY(const auto kind, take_text(request, "kind"));
  if (!is_local(services, domain)) co_return fail(Errc::not_found, "the domain " + domain);
  json::array out;
  if (kind.empty() && selector.empty()) {
    POSTERN_CO_TRY(const auto made, co_await ring->make_pair(domain));
    for (const auto& key : made) out.push_back(to_json(key));
    co_return json::value(std::move(out));
  }
  if (!kind.empty() && kind != "rsa" && kind != "ed25519")
    co_return fail(Errc::bad_syntax, "the kind is rsa or ed25519");
  POSTERN_CO_TRY(const auto made, co_await ring->make(domain, selector,
                                                      kind == "ed25519" ? crypto::KeyKind::ed25519
                                                                        : crypto::KeyKind::rsa));
  out.push_back(to_json(made));
  co_return json::value(std::move(out));
}

Task<Result<json::value>> list(Services& services, const json::object& request) {
  POSTERN_CO_TRY(auto* const ring, ring_of(services));
  POSTERN_CO_TRY(const auto asked, take_text(request, "domain"));
  std::string domain;
  if (!asked.empty()) {
    POSTERN_CO_TRY(domain, need_domain(request));
  }
  json::array out;
  for (const auto& key : ring->list()) {
    if (domain.empty() || key.name.domain == domain) out.push_back(to_json(key));
  }
  co_return json::value(std::move(out));
}

/// Those that wait and are meant: one selector, or the youngest of each kind.
std::vector<KeyRing::Listed> pending(const KeyRing& ring, const std::string& domain,
                                     const std::string& selector) {
  std::vector<KeyRing::Listed> out;
  auto keys = ring.list();
  const auto known = signing::known_of(keys);
  for (auto& key : keys) {
    const bool meant = key.name.domain == domain &&
                       (selector.empty() ? signing::is_youngest(known, {key.name, key.facts})
                                         : key.name.selector == selector);
    if (meant && key.facts.state == signing::State::pending) out.push_back(std::move(key));
  }
  return out;
}

/// Asks DNS first: a key nobody can look up must not sign, unless it is to.
Task<Result<json::value>> activate(Services& services, const json::object& request) {
  POSTERN_CO_TRY(auto* const ring, ring_of(services));
  POSTERN_CO_TRY(const auto domain, need_domain(request));
  POSTERN_CO_TRY(auto selector, take_text(request, "selector"));
  selector = text::lower(selector);
  POSTERN_CO_TRY(const auto force, take_flag(request, "force"));
  std::vector<KeyName> unknown;
  if (services.fresh_dns) {
    POSTERN_CO_TRY(const auto dns, services.fresh_dns());
    POSTERN_CO_TRY(unknown, co_await ring->look(*dns, domain, KeyRing::Which::every, {}));
  }
  const auto keys = pending(*ring, domain, selector);
  if (keys.empty()) co_return fail(Errc::not_found, "a key of " + domain + " that waits");
  for (const auto& key : keys) {
    if (std::ranges::find(unknown, key.name) != unknown.end() && !force.value_or(false)) {
      co_return fail(Errc::dns_unavailable, key.name.selector + "._domainkey." + key.name.domain);
    }
    if (key.facts.seen_since == Timestamp{} && !force.value_or(false)) {
      co_return fail(Errc::conflict,
                     (!services.fresh_dns ? "without a running server nobody can ask DNS for "
                                          : "DNS does not show ") +
                         key.name.selector + "._domainkey." + key.name.domain +
                         "; publish it (postern dkim list " + domain + "), or use --force");
    }
  }
  json::array out;
  for (const auto& key : keys) {
    POSTERN_CO_CHECK(co_await ring->activate(key.name));
    out.push_back(json::object{{"domain", key.name.domain}, {"selector", key.name.selector}});
  }
  co_return json::value(std::move(out));
}

/// Successors of both kinds; they sign once DNS shows them.
Task<Result<json::value>> rotate(Services& services, const json::object& request) {
  POSTERN_CO_TRY(auto* const ring, ring_of(services));
  POSTERN_CO_TRY(const auto domain, need_domain(request));
  if (!pending(*ring, domain, {}).empty())
    co_return fail(Errc::conflict, "keys of " + domain + " wait already: publish or remove them");
  co_return co_await add(services, {{"domain", domain}});
}

Task<Result<json::value>> retire(Services& services, const json::object& request) {
  POSTERN_CO_TRY(auto* const ring, ring_of(services));
  POSTERN_CO_TRY(auto name, need_key(request));
  POSTERN_CO_CHECK(co_await ring->retire(name));
  co_return json::value(json::object{{"domain", name.domain}, {"selector", name.selector}});
}

Task<Result<json::value>> remove(Services& services, const json::object& request) {
  POSTERN_CO_TRY(auto* const ring, ring_of(services));
  POSTERN_CO_TRY(auto name, need_key(request));
  POSTERN_CO_CHECK(co_await ring->remove(name));
  co_return json::value(json::object{{"domain", name.domain}, {"selector", name.selector}});
}

constexpr std::array kVerbs{Verb{"dkim.add", add},           Verb{"dkim.list", list},
                            Verb{"dkim.activate", activate}, Verb{"dkim.rotate", rotate},
                            Verb{"dkim.retire", retire},     Verb{"dkim.remove", remove}};

std::string time_or_nothing(Timestamp time) {
  return time == Timestamp{} ? std::string{} : to_text(time);
}

}  // namespace

json::object to_json(const KeyRing::Listed& key) {
  const auto& facts = key.facts;
  return {{"domain", key.name.domain},
          {"selector", key.name.selector},
          {"kind", signing::to_string(facts.kind)},
          {"bits", facts.bits},
          {"state", signing::to_string(facts.state)},
          {"lost", signing::to_string(key.lost)},
          {"created", time_or_nothing(facts.created)},
          {"activated", time_or_nothing(facts.activated)},
          {"retired", time_or_nothing(facts.retired)},
          {"seen_since", time_or_nothing(facts.seen_since)},
          {"name", key.name.selector + "._domainkey." + key.name.domain},
          {"txt", facts.publish}};
}

std::span<const Verb> dkim_verbs() {
  return kVerbs;
}

}  // namespace postern::admin
