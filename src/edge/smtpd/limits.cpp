#include "smtpd/limits.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <unordered_map>
#include <utility>

namespace postern::smtpd {
namespace {

constexpr Duration kHour = 1h;
constexpr Duration kMaxDelay = 30s;

/// What is remembered about a net.
struct Memory {
  Timestamp unknown_since{};  ///< Beginning of the hour in which `unknown` are counted.
  std::uint32_t unknown = 0;
  Timestamp closed_until{};
  std::uint32_t failed_logins = 0;
  Timestamp last_failure{};
};

/// A map of bounded size whose every operation is cheap: two halves, of which the older is thrown
/// away when the younger is full. What is touched moves to the younger.
class Memories {
 public:
  explicit Memories(std::size_t limit) : half_{std::max<std::size_t>(limit / 2, 1)} {}

  Memory& touch(const text::IpAddress& net) {
    if (const auto at = young_.find(net); at != young_.end()) return at->second;
    Memory memory;
    if (const auto at = old_.find(net); at != old_.end()) {
      memory = at->second;
      old_.erase(at);
    }
    if (young_.size() >= half_) old_ = std::exchange(young_, {});
    return young_.emplace(net, memory).first->second;
  }
  [[nodiscard]] const Memory* find(const text::IpAddress& net) const {
    for (const Map* map : {&young_, &old_}) {
      if (const auto at = map->find(net); at != map->end()) return &at->second;
    }
    return nullptr;
  }

 private:
  using Map = std::unordered_map<text::IpAddress, Memory>;
  std::size_t half_;
  Map young_;
  Map old_;
};

}  // namespace

struct Guard::State {
  explicit State(Settings how) : settings{how}, memories{how.max_nets} {}

  const Settings settings;
  std::mutex mutex;
  Memories memories;
  std::atomic<std::uint32_t> waiting = 0;
};

Guard::Guard(Settings settings)
    : state_{std::make_shared<State>(settings)}, places_{settings.connections} {}
Guard::~Guard() = default;

void Guard::unknown_recipient(const text::IpAddress& peer, Timestamp now) {
  const std::lock_guard lock{state_->mutex};
  Memory& memory = state_->memories.touch(peer.peer_net());
  if (memory.unknown == 0 || now - memory.unknown_since >= kHour) {
    memory.unknown = 0;
    memory.unknown_since = now;
  }
  if (++memory.unknown < state_->settings.max_unknown) return;
  memory.unknown = 0;
  memory.closed_until = now + kHour;
}

bool Guard::closed(const text::IpAddress& peer, Timestamp now) const {
  const std::lock_guard lock{state_->mutex};
  const Memory* const memory = state_->memories.find(peer.peer_net());
  return memory != nullptr && now < memory->closed_until;
}

Duration Guard::failed_login(const text::IpAddress& peer, Timestamp now) {
  const std::lock_guard lock{state_->mutex};
  Memory& memory = state_->memories.touch(peer.peer_net());
  if (now - memory.last_failure >= kHour) memory.failed_logins = 0;
  memory.last_failure = now;
  const std::uint32_t doublings = std::min(memory.failed_logins++, 5U);
  return std::min<Duration>(Duration{1s} * (1U << doublings), kMaxDelay);
}

void Guard::good_login(const text::IpAddress& peer) {
  const std::lock_guard lock{state_->mutex};
  if (state_->memories.find(peer.peer_net()) == nullptr) return;
  state_->memories.touch(peer.peer_net()).failed_logins = 0;
}

std::shared_ptr<void> Guard::wait_slot() {
  const auto state = state_;
  if (state->waiting.fetch_add(1) >= state->settings.max_waiting) {
    state->waiting.fetch_sub(1);
    return nullptr;
  }
  return {state.get(), [state](void*) { state->waiting.fetch_sub(1); }};
}

Metrics::Metrics(metrics::Registry& registry)
    : connections{registry.gauge("postern_smtp_connections", "Open SMTP connections.")},
      accepted{registry.counter("postern_smtp_accepted_total", "Messages answered with 250.")},
      refused{registry.counter("postern_smtp_refused_total",
                               "Recipients and messages answered with 4xx or 5xx.")},
      failed_logins{registry.counter("postern_smtp_failed_logins_total",
                                     "Logins refused for wrong credentials.")},
      bytes{registry.counter("postern_smtp_received_bytes_total", "Octets of message data taken.")},
      commit_seconds{registry.histogram("postern_smtp_commit_seconds",
                                        "From a message's last octet to its commit.",
                                        metrics::latency_bounds())} {}

}  // namespace postern::smtpd
