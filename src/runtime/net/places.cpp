#include "net/places.hpp"

#include <mutex>
#include <unordered_map>

namespace postern::net {
namespace {

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

}  // namespace

struct Places::State {
  explicit State(Limits given) : limits{given} {}

  const Limits limits;
  std::mutex mutex;
  Counts hosts;
  Counts nets;
};

Places::Places(Limits limits) : state_{std::make_shared<State>(limits)} {}
Places::~Places() = default;

std::shared_ptr<void> Places::enter(const text::IpAddress& peer) {
  const auto state = state_;
  if (state->limits.per_host == 0 || peer.is_loopback()) return state;
  const auto host = peer.net(peer.is_v4() ? 32 : 64);
  const auto net = peer.net(peer.is_v4() ? 24 : 56);
  const std::lock_guard lock{state->mutex};
  if (!count_in(state->hosts, host, state->limits.per_host)) return nullptr;
  if (!count_in(state->nets, net, state->limits.per_net)) {
    count_out(state->hosts, host);
    return nullptr;
  }
  return {state.get(), [state, host, net](void*) {
            const std::lock_guard leaving{state->mutex};
            count_out(state->hosts, host);
            count_out(state->nets, net);
          }};
}

}  // namespace postern::net
