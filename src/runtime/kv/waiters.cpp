#include "kv/waiters.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/post.hpp>

#include "async/park.hpp"

namespace postern::kv {

/// `parked` is used on the waiter's core only; `durable` is written there before it goes on.
struct Waiters::Waiter {
  Ticket ticket;
  Parked* parked;
  bool durable = false;
  bool told = false;
};

/// A waiter is on the list no longer than its frame lives.
class Waiters::Enlisted {
 public:
  Enlisted(std::shared_ptr<State> state, std::shared_ptr<Waiter> waiter)
      : state_{std::move(state)}, waiter_{std::move(waiter)} {}
  ~Enlisted() {
    waiter_->parked = nullptr;
    if (waiter_->told) return;
    const std::scoped_lock lock{state_->mutex};
    state_->remove(*waiter_);
  }
  Enlisted(const Enlisted&) = delete;
  Enlisted& operator=(const Enlisted&) = delete;

 private:
  std::shared_ptr<State> state_;
  std::shared_ptr<Waiter> waiter_;
};

Task<Result<void>> Waiters::wait(Ticket ticket) {
  const Executor here = co_await this_executor();
  const std::shared_ptr<State> state = state_;
  Parked parked;
  const auto waiter = std::make_shared<Waiter>(ticket, &parked);
  const Enlisted enlisted{state, waiter};
  std::optional<bool> known;
  {
    const std::scoped_lock lock{state->mutex};
    known = state->settled(ticket);
    if (!known) state->add(here, waiter);
  }
  if (!known) {
    co_await parked.wait();
    known = waiter->durable;
  }
  if (*known) co_return Result<void>{};
  co_return fail(Errc::outcome_unknown, "the sync of this commit failed");
}

std::optional<bool> Waiters::State::settled(Ticket ticket) const {
  const auto gap = std::ranges::lower_bound(lost, ticket, {}, &Lost::upto);
  if (gap != lost.end() && ticket > gap->after) return false;
  if (ticket.value() <= published) return true;
  return std::nullopt;
}

void Waiters::State::add(const Executor& executor, std::shared_ptr<Waiter> waiter) {
  auto group = std::ranges::find(groups, executor, &Group::executor);
  if (group == groups.end()) group = groups.insert(group, Group{executor, {}});
  group->waiters.push_back(std::move(waiter));
}

void Waiters::State::remove(const Waiter& waiter) {
  for (auto& group : groups)
    std::erase_if(group.waiters, [&](const auto& other) { return other.get() == &waiter; });
}

std::optional<bool> Waiters::outcome(Ticket ticket) const {
  const std::scoped_lock lock{state_->mutex};
  return state_->settled(ticket);
}

std::size_t Waiters::waiting() const {
  const std::scoped_lock lock{state_->mutex};
  std::size_t count = 0;
  for (const auto& group : state_->groups) count += group.waiters.size();
  return count;
}

void Waiters::wake_settled() {
  const std::scoped_lock lock{state_->mutex};
  for (auto& group : state_->groups) {
    Ready ready;
    std::vector<bool> fates;
    Ready left;
    for (auto& waiter : group.waiters) {
      const auto known = state_->settled(waiter->ticket);
      if (known) fates.push_back(*known);
      (known ? ready : left).push_back(std::move(waiter));
    }
    group.waiters = std::move(left);
    if (ready.empty()) continue;
    asio::post(group.executor, [ready = std::move(ready), fates = std::move(fates)] {
      for (std::size_t i = 0; i < ready.size(); ++i) {
        ready[i]->told = true;
        ready[i]->durable = fates[i];
        if (ready[i]->parked != nullptr) ready[i]->parked->resume();
      }
    });
  }
  std::erase_if(state_->groups, [](const Group& group) { return group.waiters.empty(); });
}

void Waiters::publish(Ticket ticket) {
  {
    const std::scoped_lock lock{state_->mutex};
    if (ticket > published()) state_->published.store(ticket.value(), std::memory_order_release);
  }
  wake_settled();
}

void Waiters::lose(Ticket newest) {
  {
    const std::scoped_lock lock{state_->mutex};
    auto& lost = state_->lost;
    const bool known = !lost.empty() && lost.back().upto >= newest;
    if (!known && newest > published()) lost.push_back({published(), newest});
  }
  wake_settled();
}

void Waiters::drop() {
  const std::scoped_lock lock{state_->mutex};
  state_->groups.clear();
}

}  // namespace postern::kv
