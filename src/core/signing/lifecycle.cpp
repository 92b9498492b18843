#include "signing/lifecycle.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace postern::signing {
namespace {

bool same_use(const Known& a, const Known& b) {
  return a.name.domain == b.name.domain && a.facts.kind == b.facts.kind;
}

/// Whether another of the domain's keys of that kind is younger and not retired.
bool has_successor(const std::vector<Known>& keys, const Known& key) {
  return std::ranges::any_of(keys, [&](const Known& other) {
    return other.name != key.name && same_use(other, key) && other.facts.state != State::retired &&
           other.facts.created >= key.facts.created;
  });
}

}  // namespace

bool is_youngest(const std::vector<Known>& keys, const Known& key) {
  return std::ranges::none_of(keys, [&](const Known& other) {
    return other.name != key.name && same_use(other, key) && other.facts.state != State::retired &&
           std::pair{other.facts.created, other.name} > std::pair{key.facts.created, key.name};
  });
}

std::vector<Step> due(const std::vector<Known>& keys, Timestamp now, const Schedule& schedule) {
  std::vector<Step> out;
  for (const auto& key : keys) {
    const auto& facts = key.facts;
    switch (facts.state) {
      case State::pending:
        if (facts.seen_since != Timestamp{} && now - facts.seen_since >= schedule.settle &&
            is_youngest(keys, key))
          out.push_back({.kind = Step::Kind::activate, .name = key.name});
        break;
      case State::active:
        if (schedule.rotate_after != Duration{} && now - facts.activated >= schedule.rotate_after &&
            !has_successor(keys, key))
          out.push_back({.kind = Step::Kind::make, .name = key.name});
        break;
      case State::retired:
        if (now - facts.retired >= schedule.linger)
          out.push_back({.kind = Step::Kind::erase, .name = key.name});
        break;
    }
  }
  return out;
}

bool look_is_due(const KeyFacts& facts, Timestamp looked, Timestamp now, const Schedule& schedule) {
  if (facts.state == State::retired) return false;
  const auto every = facts.state == State::pending ? schedule.look_pending : schedule.look_active;
  return looked == Timestamp{} || now - looked >= every || looked > now;
}

std::vector<KeyName> predecessors(const std::vector<Known>& keys, const KeyName& successor) {
  std::vector<KeyName> out;
  const auto found = std::ranges::find(keys, successor, &Known::name);
  if (found == keys.end()) return out;
  for (const auto& key : keys) {
    if (key.name != successor && same_use(key, *found) && key.facts.state == State::active)
      out.push_back(key.name);
  }
  return out;
}

std::string new_selector(const std::vector<Known>& keys, const std::string& domain,
                         crypto::KeyKind kind, Timestamp now) {
  const auto day = std::chrono::floor<std::chrono::days>(now);
  const auto base =
      fmt::format("{:%Y%m%d}{}", std::chrono::time_point_cast<std::chrono::seconds>(day),
                  kind == crypto::KeyKind::rsa ? 'r' : 'e');
  auto out = base;
  const auto taken = [&] {
    return std::ranges::any_of(keys, [&](const Known& key) {
      return key.name == KeyName{.domain = domain, .selector = out};
    });
  };
  for (std::size_t n = 2; taken(); ++n) out = base + std::to_string(n);
  return out;
}

}  // namespace postern::signing
