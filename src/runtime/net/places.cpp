#include "net/places.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

namespace postern::net {
namespace {

using namespace std::chrono_literals;

constexpr Duration kQuiet = 1min;

using Counts = std::unordered_map<text::IpAddress, std::uint32_t>;

/// Never leaves a count of 0 behind.
bool count_in(Counts& counts, const text::IpAddress& who, std::uint32_t limit) {
  const auto at = counts.find(who);
  if (at == counts.end()) {
    if (limit == 0) return false;
    counts.emplace(who, 1);
    return true;
  }
  if (at->second >= limit) return false;
  ++at->second;
  return true;
}

void count_out(Counts& counts, const text::IpAddress& who) {
  const auto at = counts.find(who);
  if (--at->second == 0) counts.erase(at);
}

text::IpAddress net_around(const text::IpAddress& peer) {
  return peer.net(peer.is_v4() ? 24 : 56);
}

std::string in_words(const text::IpAddress& net) {
  return net.to_string() + (net.is_v4() ? "/24" : "/56");
}

}  // namespace

struct Places::State {
  explicit State(Limits given) : limits{given} {}
  bool take(const text::IpAddress& host, const text::IpAddress& net);
  void refuse(const text::IpAddress& net);

  const Limits limits;
  std::mutex mutex;
  Counts hosts;
  Counts nets;
  std::unordered_map<text::IpAddress, std::uint64_t> refusals;  ///< Since the last report.
  std::uint64_t further = 0;                                    ///< Of nets beyond those.
  std::uint64_t refused = 0;
  std::optional<Instant> quiet_until;
};

bool Places::State::take(const text::IpAddress& host, const text::IpAddress& net) {
  if (!count_in(hosts, host, limits.per_host)) return false;
  if (count_in(nets, net, limits.per_net)) return true;
  count_out(hosts, host);
  return false;
}

void Places::State::refuse(const text::IpAddress& net) {
  ++refused;
  const auto known = refusals.find(net);
  if (known != refusals.end()) {
    ++known->second;
  } else if (refusals.size() < kToldApart) {
    refusals.emplace(net, 1);
  } else {
    ++further;
  }
}

Places::Places(Limits limits) : state_{std::make_shared<State>(limits)} {}
Places::~Places() = default;

std::shared_ptr<void> Places::enter(const text::IpAddress& peer) {
  const auto state = state_;
  if (state->limits.per_host == 0 || peer.is_loopback()) return state;
  const auto host = peer.net(peer.is_v4() ? 32 : 64);
  const auto net = net_around(peer);
  const std::lock_guard lock{state->mutex};
  if (!state->take(host, net)) {
    state->refuse(net);
    return nullptr;
  }
  return {state.get(), [state, host, net](void*) {
            const std::lock_guard leaving{state->mutex};
            count_out(state->hosts, host);
            count_out(state->nets, net);
          }};
}

std::vector<Places::Refusals> Places::report(Instant now) {
  std::unordered_map<text::IpAddress, std::uint64_t> refusals;
  std::uint64_t others = 0;
  {
    const std::lock_guard lock{state_->mutex};
    if (state_->refusals.empty() || now < state_->quiet_until.value_or(now)) return {};
    state_->quiet_until = now + kQuiet;
    refusals = std::exchange(state_->refusals, {});
    others = std::exchange(state_->further, 0);
  }
  std::vector<std::pair<std::uint64_t, text::IpAddress>> order;
  order.reserve(refusals.size());
  for (const auto& [net, times] : refusals) order.emplace_back(times, net);
  std::ranges::sort(order, std::greater<>{});
  std::vector<Refusals> out;
  for (const auto& [times, net] : order) {
    if (out.size() < kNamed) {
      out.push_back({.net = in_words(net), .times = times});
    } else {
      others += times;
    }
  }
  if (others != 0) out.push_back({.net = {}, .times = others});
  return out;
}

std::uint64_t Places::refused() const {
  const std::lock_guard lock{state_->mutex};
  return state_->refused;
}

}  // namespace postern::net
