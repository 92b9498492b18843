#include "signing/key_ring.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "async/on_core.hpp"
#include "async/on_pool.hpp"
#include "crypto/aead.hpp"
#include "dkim/key_record.hpp"
#include "dkim/sign.hpp"
#include "dns/name.hpp"
#include "record/key.hpp"
#include "signing/key_codec.hpp"
#include "text/ascii.hpp"
#include "vocab/try.hpp"

namespace postern::signing {
namespace {

Result<std::string> a_label(std::string_view domain) {
  auto name = dns::Name::parse(domain);
  if (!name) return fail(Errc::bad_config, "not a domain name");
  return name->to_string();
}

std::size_t count_of(const std::vector<Known>& keys, const std::string& domain) {
  return static_cast<std::size_t>(
      std::ranges::count_if(keys, [&](const Known& key) { return key.name.domain == domain; }));
}

}  // namespace

void KeyRing::Change::put(const KeyName& name, Entry entry) {
  batch.put(record_key(name), encode(entry.stored));
  ring.insert_or_assign(name, std::move(entry));
}

void KeyRing::Change::erase(const KeyName& name) {
  batch.erase(record_key(name));
  ring.erase(name);
}

KeyRing::KeyRing(Parts parts, Result<InstallationSecret> secret)
    : parts_{std::move(parts)},
      secret_{std::move(secret)},
      secret_id_{secret_ ? id_of(*secret_) : std::string{}},
      ring_{std::make_shared<const Ring>()} {}

Task<Result<std::unique_ptr<KeyRing>>> KeyRing::open(Parts parts,
                                                     Result<InstallationSecret> secret) {
  std::unique_ptr<KeyRing> out{new KeyRing{std::move(parts), std::move(secret)}};
  POSTERN_CO_CHECK(co_await out->load());
  co_return out;
}

Task<Result<InstallationSecret>> KeyRing::find_secret(kv::Engine& engine, std::string path,
                                                      Random& random) {
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored)) co_return load_or_make_secret(path, random);
  const auto reader = engine.published();
  POSTERN_CO_TRY(const auto page,
                 co_await reader->scan(
                     {.begin = record_prefix(), .end = record::prefix_end(record_prefix())}));
  for (const auto& pair : page.pairs) {
    const auto stored = decode(pair.value);
    if (!stored || stored->sealed.empty()) continue;
    co_return fail(Errc::bad_config,
                   path +
                       " is missing: the store holds signing keys under the secret that was in "
                       "it. Put it back from a backup; if it is lost, `postern dkim list` and "
                       "`postern dkim remove` give the keys up");
  }
  co_return load_or_make_secret(path, random);
}

std::shared_ptr<const KeyRing::Ring> KeyRing::now() const {
  const std::scoped_lock lock{mutex_};
  return ring_;
}

/// A key that does not open stays listed: an administrator decides about it.
KeyRing::Entry KeyRing::entry_of(const KeyName& name, StoredKey stored) const {
  Entry out{.stored = std::move(stored), .key = nullptr};
  if (out.stored.sealed.empty() || !secret_) return out;
  const auto pem =
      crypto::aead_open(secret_->reveal(), out.stored.nonce, record_key(name), out.stored.sealed);
  if (!pem) return out;
  auto key = crypto::PrivateKey::from_pem(pem->reveal());
  if (key) out.key = std::make_shared<const crypto::PrivateKey>(*std::move(key));
  return out;
}

Loss KeyRing::loss_of(const Entry& entry) const {
  if (entry.key || entry.stored.facts.state == State::retired) return Loss::none;
  return secret_ && entry.stored.secret_id == secret_id_ ? Loss::damaged : Loss::other_secret;
}

Task<Result<void>> KeyRing::load() {
  auto ring = std::make_shared<Ring>();
  const auto reader = parts_.engine.published();
  kv::Range range{.begin = record_prefix(), .end = record::prefix_end(record_prefix())};
  for (bool more = true; more;) {
    POSTERN_CO_TRY(const auto page, co_await reader->scan(range));
    for (const auto& pair : page.pairs) {
      const auto name = name_of(pair.key);
      if (!name) co_return fail(Errc::corrupt, "a signing key without a name");
      auto stored = decode(pair.value);
      if (!stored) {
        co_return fail(stored.error().code, "the signing key " + name->selector + " of " +
                                                name->domain + ": " + stored.error().detail);
      }
      ring->insert_or_assign(*name, entry_of(*name, *std::move(stored)));
    }
    more = kv::next_page(range, page);
  }
  stale_ = false;
  const std::scoped_lock lock{mutex_};
  ring_ = std::move(ring);
  co_return Result<void>{};
}

Task<Result<void>> KeyRing::change(Decide decide) {
  auto work = change_at_home(std::move(decide));
  co_return co_await on_core(parts_.home.executor, std::move(work));
}

Task<Result<void>> KeyRing::change_at_home(Decide decide) {
  const auto guard = co_await changing_.lock();
  if (stale_) POSTERN_CO_CHECK(co_await load());
  Change next{.ring = *now(), .batch = {}};
  POSTERN_CO_CHECK(decide(next));
  if (next.batch.empty()) co_return Result<void>{};
  const auto ticket =
      co_await parts_.engine.append(std::move(next.batch), kv::Engine::Purpose::housekeeping);
  stale_ = !ticket;
  if (!ticket) co_return std::unexpected(ticket.error());
  auto durable = co_await parts_.engine.durable(*ticket);
  stale_ = !durable;
  if (!durable) co_return durable;
  auto ring = std::make_shared<const Ring>(std::move(next.ring));
  const std::scoped_lock lock{mutex_};
  ring_.swap(ring);
  co_return Result<void>{};
}

std::vector<KeyRing::Listed> KeyRing::list() const {
  const auto ring = now();
  std::vector<Listed> out;
  out.reserve(ring->size());
  for (const auto& [name, entry] : *ring) {
    out.push_back({.name = name, .facts = entry.stored.facts, .lost = loss_of(entry)});
  }
  return out;
}

std::vector<Known> known_of(const std::vector<KeyRing::Listed>& keys) {
  std::vector<Known> out;
  out.reserve(keys.size());
  for (const auto& key : keys) out.push_back({.name = key.name, .facts = key.facts});
  return out;
}

Task<Result<KeyRing::Listed>> KeyRing::make(std::string domain, std::string selector,
                                            crypto::KeyKind kind) {
  auto work = make_at_home(std::move(domain), std::move(selector), kind);
  co_return co_await on_core(parts_.home.executor, std::move(work));
}

Task<Result<KeyRing::Listed>> KeyRing::make_at_home(std::string domain, std::string selector,
                                                    crypto::KeyKind kind) {
  if (!secret_) co_return std::unexpected(secret_.error());
  POSTERN_CO_TRY(domain, a_label(domain));
  auto generate = [kind] { return crypto::PrivateKey::generate(kind); };
  POSTERN_CO_TRY(auto generated, co_await on_pool(parts_.pool, std::move(generate)));
  POSTERN_CO_TRY(auto fresh, std::move(generated));
  const auto key = std::make_shared<const crypto::PrivateKey>(std::move(fresh));
  KeyName name{.domain = std::move(domain), .selector = text::lower(selector)};
  const auto created = parts_.home.clock.now();
  const auto keys = known_of(list());
  if (name.selector.empty()) name.selector = new_selector(keys, name.domain, kind, created);
  POSTERN_CO_CHECK(
      dkim::check_signer({.domain = name.domain, .selector = name.selector, .key = *key}));
  if (count_of(keys, name.domain) >= kMaxKeys)
    co_return fail(Errc::limit_reached, "the domain has too many keys; remove some");
  Entry entry{.stored = {.facts = {.kind = kind,
                                   .bits = key->bits(),
                                   .state = State::pending,
                                   .created = created,
                                   .publish = dkim::to_key_record(*key)},
                         .nonce = parts_.home.random.bytes(crypto::kAeadNonceSize),
                         .sealed = {},
                         .secret_id = secret_id_,
                         .unknown = {}},
              .key = key};
  POSTERN_CO_TRY(entry.stored.sealed, crypto::aead_seal(secret_->reveal(), entry.stored.nonce,
                                                        record_key(name), key->to_pem().reveal()));
  Listed out{.name = name, .facts = entry.stored.facts, .lost = Loss::none};
  Decide decide = [name, entry = std::move(entry)](Change& next) -> Result<void> {
    if (next.ring.contains(name))
      return fail(Errc::already_exists, name.selector + " of " + name.domain);
    next.put(name, entry);
    return {};
  };
  POSTERN_CO_CHECK(co_await change_at_home(std::move(decide)));
  co_return out;
}

Task<Result<std::vector<KeyRing::Listed>>> KeyRing::make_pair(std::string domain) {
  std::vector<Listed> out;
  for (const auto kind : {crypto::KeyKind::rsa, crypto::KeyKind::ed25519}) {
    POSTERN_CO_TRY(auto one, co_await make(domain, {}, kind));
    out.push_back(std::move(one));
  }
  co_return out;
}

namespace {

/// What remains of a key that signs no more.
void end_signing(StoredKey& stored, Timestamp now) {
  stored.facts.state = State::retired;
  stored.facts.retired = now;
  stored.nonce.clear();
  stored.sealed.clear();
  stored.secret_id.clear();
}

std::unexpected<Error> no_such(const KeyName& name) {
  return fail(Errc::not_found, "the key " + name.selector + " of " + name.domain);
}

}  // namespace

Task<Result<void>> KeyRing::activate(KeyName name) {
  const auto when = parts_.home.clock.now();
  co_return co_await change([this, name = std::move(name), when](Change& next) -> Result<void> {
    const auto found = next.ring.find(name);
    if (found == next.ring.end()) return no_such(name);
    Entry entry = found->second;
    if (entry.stored.facts.state == State::active) return {};
    if (entry.stored.facts.state == State::retired)
      return fail(Errc::conflict, "a retired key does not sign again; make a new one");
    if (const auto lost = loss_of(entry); lost != Loss::none)
      return fail(Errc::conflict, "the key is " + std::string{to_string(lost)});
    std::vector<Known> keys;
    for (const auto& [each, other] : next.ring) keys.push_back({each, other.stored.facts});
    for (const auto& old : predecessors(keys, name)) {
      Entry before = next.ring.at(old);
      end_signing(before.stored, when);
      before.key = nullptr;
      next.put(old, std::move(before));
    }
    entry.stored.facts.state = State::active;
    entry.stored.facts.activated = when;
    next.put(name, std::move(entry));
    return {};
  });
}

Task<Result<void>> KeyRing::retire(KeyName name) {
  const auto when = parts_.home.clock.now();
  co_return co_await change([name = std::move(name), when](Change& next) -> Result<void> {
    const auto found = next.ring.find(name);
    if (found == next.ring.end()) return no_such(name);
    Entry entry = found->second;
    if (entry.stored.facts.state == State::retired)
      return fail(Errc::conflict, "the key is retired already");
    end_signing(entry.stored, when);
    entry.key = nullptr;
    next.put(name, std::move(entry));
    return {};
  });
}

Task<Result<void>> KeyRing::remove(KeyName name) {
  co_return co_await change([name = std::move(name)](Change& next) -> Result<void> {
    if (!next.ring.contains(name)) return no_such(name);
    next.erase(name);
    return {};
  });
}

Task<Result<void>> KeyRing::remove_all(std::string domain) {
  POSTERN_CO_TRY(domain, a_label(domain));
  co_return co_await change([domain = std::move(domain)](Change& next) -> Result<void> {
    const auto names = next.ring;
    for (const auto& [name, entry] : names) {
      if (name.domain == domain) next.erase(name);
    }
    return {};
  });
}

}  // namespace postern::signing
