// Signing with the keys of the ring.
#include "dkim/sign.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "arc/seal.hpp"
#include "async/on_pool.hpp"
#include "mime/address.hpp"
#include "signing/key_ring.hpp"
#include "text/ascii.hpp"
#include "vocab/try.hpp"

namespace postern::signing {
namespace {

struct Chosen {
  KeyName name;
  std::shared_ptr<const crypto::PrivateKey> key;

  [[nodiscard]] dkim::Signer signer() const {
    return {.domain = name.domain, .selector = name.selector, .key = *key};
  }
};

/// The active keys of `domain`, or of the next name above it that has any: a signature of the
/// organisation speaks for a host's name, and passes DMARC's relaxed alignment (RFC 9989 §4.4).
template <class Ring>
std::vector<Chosen> choose(const Ring& ring, std::string_view domain) {
  std::vector<Chosen> out;
  while (out.empty() && domain.contains('.')) {
    for (auto at = ring.lower_bound(KeyName{.domain = std::string{domain}, .selector = {}});
         at != ring.end() && at->first.domain == domain; ++at) {
      if (at->second.key && at->second.stored.facts.state == State::active)
        out.push_back({.name = at->first, .key = at->second.key});
    }
    domain.remove_prefix(domain.find('.') + 1);
  }
  return out;
}

bool is_resent(const dkim::Message& message) {
  return std::ranges::any_of(message.fields, [&](const dkim::FieldAt& field) {
    return text::istarts_with(message.name(field), "Resent-");
  });
}

/// The first of several: mail of several domains at once is nobody's to sign.
std::optional<dns::Name> answerable_domain(const dkim::Message& message) {
  std::string domain;
  if (is_resent(message)) {
    const auto from = message.named("resent-from");
    if (from.empty()) return std::nullopt;
    // From the bottom up: the last is the uppermost.
    const auto list = mime::parse_addresses(message.value(message.fields.at(from.back())));
    const auto mailboxes = mime::mailboxes(list);
    if (mailboxes.empty()) return std::nullopt;
    domain = mailboxes.front()->domain;
  } else {
    if (message.from_domains.empty()) return std::nullopt;
    domain = message.from_domains.front();
  }
  auto name = dns::Name::parse(domain);
  if (!name) return std::nullopt;
  return *std::move(name);
}

}  // namespace

Task<Result<Signed>> KeyRing::sign(const dkim::Message& message) {
  if (message.header_too_large) co_return fail(Errc::too_large, "the header is not read");
  const auto ring = now();
  const auto domain = answerable_domain(message);
  const auto keys = domain ? choose(*ring, domain->to_string()) : std::vector<Chosen>{};
  if (keys.empty()) co_return Signed{};
  const auto when = parts_.home.clock.now();
  auto work = [&]() -> Result<Signed> {
    Signed out{.fields = {}, .by = keys.front().name.domain};
    for (const auto& key : keys) {
      POSTERN_TRY(const auto field, dkim::sign(message, key.signer(), when));
      out.fields += field;
      out.by += ' ' + key.name.selector;
    }
    return out;
  };
  POSTERN_CO_TRY(auto done, co_await on_pool(parts_.pool, std::move(work)));
  co_return done;
}

Task<Result<std::string>> KeyRing::seal(const dkim::Message& message, const arc::Validation& found,
                                        std::string_view results, std::string_view domain) {
  // A chain that DNS kept us from judging is left for the next to judge.
  if (found.dns_failed) co_return std::string{};
  const auto ring = now();
  auto keys = choose(*ring, domain);
  if (keys.empty()) co_return std::string{};
  // One set has one algorithm, and RSA is what every validator knows (RFC 8617 §4.1.3).
  auto key = keys.front();
  for (const auto& each : keys) {
    if (each.key->kind() == crypto::KeyKind::rsa) key = each;
  }
  const auto when = parts_.home.clock.now();
  auto work = [&] {
    return arc::seal(message, {.found = found, .results = results}, key.signer(), when);
  };
  POSTERN_CO_TRY(auto set, co_await on_pool(parts_.pool, std::move(work)));
  if (!set && set.error().code == Errc::policy_reject) co_return std::string{};
  co_return set;
}

}  // namespace postern::signing
