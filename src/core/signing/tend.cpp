// The life of keys: what DNS shows of them, and what is due.
#include <utility>

#include "dkim/key_record.hpp"
#include "dkim/signature.hpp"
#include "signing/key_ring.hpp"
#include "vocab/try.hpp"

namespace postern::signing {
namespace {

/// Whether one of the records is what `publish` says. Nothing: DNS does not tell.
std::optional<bool> shows(const dns::Answer& answer, const std::string& publish) {
  if (answer.temporary()) return std::nullopt;
  const auto ours = dkim::parse_key_record(publish);
  if (!ours) return false;
  for (const auto& txt : answer.all<dns::Txt>()) {
    const auto theirs = dkim::parse_key_record(txt.text);
    if (theirs && theirs->octets == ours->octets && theirs->kind == ours->kind && theirs->sha256 &&
        theirs->email)
      return true;
  }
  return false;
}

std::string dns_name(const KeyName& name) {
  return name.selector + "._domainkey." + name.domain;
}

}  // namespace

Task<Result<std::vector<KeyName>>> KeyRing::look(resolver::Resolver& resolver, std::string domain,
                                                 Which which, Schedule schedule) {
  std::vector<KeyName> unknown;
  for (const auto& [name, facts, lost] : list()) {
    if (!domain.empty() && name.domain != domain) continue;
    const auto when = parts_.home.clock.now();
    if (facts.state == State::retired) continue;
    if (which == Which::due && !look_is_due(facts, last_look(name), when, schedule)) continue;
    const auto question = dkim::key_name(name.selector, name.domain);
    if (!question) continue;
    const auto answer = co_await resolver.lookup({.name = *question, .type = dns::Type::txt});
    const auto seen = shows(answer, facts.publish);
    if (!seen) {
      unknown.push_back(name);
      continue;
    }
    note_look(name, when);
    if (*seen == (facts.seen_since != Timestamp{})) continue;
    tell_seen(name, facts.state, *seen);
    POSTERN_CO_CHECK(co_await keep_seen(name, *seen ? when : Timestamp{}));
  }
  co_return unknown;
}

void KeyRing::tell_seen(const KeyName& name, State state, bool seen) const {
  if (seen) parts_.logger.info("DNS shows a signing key", {{"name", dns_name(name)}});
  if (seen || state != State::active) return;
  parts_.logger.warn("DNS does not show a key that signs: its signatures cannot be verified",
                     {{"name", dns_name(name)}});
}

Task<Result<void>> KeyRing::keep_seen(KeyName name, Timestamp since) {
  co_return co_await change([name = std::move(name), since](Change& next) -> Result<void> {
    const auto found = next.ring.find(name);
    if (found == next.ring.end()) return {};
    Entry entry = found->second;
    entry.stored.facts.seen_since = since;
    next.put(name, std::move(entry));
    return {};
  });
}

Timestamp KeyRing::last_look(const KeyName& name) const {
  const std::scoped_lock lock{mutex_};
  const auto found = looked_.find(name);
  return found == looked_.end() ? Timestamp{} : found->second;
}

void KeyRing::note_look(const KeyName& name, Timestamp when) {
  const std::scoped_lock lock{mutex_};
  looked_[name] = when;
  std::erase_if(looked_, [this](const auto& entry) { return !ring_->contains(entry.first); });
}

Task<> KeyRing::take_step(const Step& step) {
  Result<void> done;
  switch (step.kind) {
    case Step::Kind::activate:
      done = co_await activate(step.name);
      if (done) parts_.logger.info("a key signs from now on", {{"name", dns_name(step.name)}});
      break;
    case Step::Kind::erase:
      done = co_await remove(step.name);
      if (done) {
        parts_.logger.info("a retired key is gone; its DNS record may be removed",
                           {{"name", dns_name(step.name)}});
      }
      break;
    case Step::Kind::make: {
      const auto ring = now();
      const auto found = ring->find(step.name);
      if (found == ring->end()) co_return;
      const auto made = co_await make(step.name.domain, {}, found->second.stored.facts.kind);
      if (!made) {
        done = std::unexpected(made.error());
        break;
      }
      parts_.logger.warn("a key is due to be replaced: publish its successor in DNS",
                         {{"name", dns_name(step.name)},
                          {"successor", dns_name(made->name)},
                          {"txt", made->facts.publish}});
      break;
    }
  }
  if (!done) {
    parts_.logger.warn("a signing key could not be changed",
                       {{"name", dns_name(step.name)}, {"why", to_string(done.error().code)}});
  }
}

Task<> KeyRing::tend(resolver::Resolver& resolver, Schedule schedule) {
  const auto looked = co_await look(resolver, {}, Which::due, schedule);
  if (!looked) {
    parts_.logger.warn("what DNS shows of signing keys could not be kept",
                       {{"why", to_string(looked.error().code)}});
  }
  auto keys = list();
  std::erase_if(keys, [](const Listed& key) { return key.lost != Loss::none; });
  for (const auto& step : due(known_of(keys), parts_.home.clock.now(), schedule))
    co_await take_step(step);
}

}  // namespace postern::signing
