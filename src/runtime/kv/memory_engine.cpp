#include "kv/memory_engine.hpp"

#include <functional>
#include <utility>

#include <boost/asio/post.hpp>

namespace postern::kv {

/// What the engine shares with its readers and with steps it has posted, which may outlive it.
struct MemoryEngine::Shared {
  explicit Shared(const MemoryDisk& disk) : table{disk} {}

  mutable std::mutex mutex;
  MemoryTable table;
  std::shared_ptr<const Reader> published;
  MemoryEngine* engine = nullptr;  ///< Null once it is gone.
  Ticket newest{0};
  std::uint64_t generation = 0;
  Stats stats;
  bool sync_posted = false;
  bool fail_append = false;
  bool fail_sync = false;
  bool low_space = false;
  bool read_only = false;
  bool dead = false;
};

/// A state, or with no ticket the tip.
class MemoryEngine::View final : public Reader {
 public:
  View(std::shared_ptr<Shared> shared, std::optional<Ticket> at)
      : shared_{std::move(shared)},
        at_{at},
        ticket_{at.value_or(shared_->newest)},
        generation_{shared_->generation} {
    if (at_) shared_->table.pin(*at_);
  }
  ~View() override {
    const std::scoped_lock lock{shared_->mutex};
    if (at_) shared_->table.unpin(*at_);
  }
  View(const View&) = delete;
  View& operator=(const View&) = delete;

  Task<Result<std::vector<std::optional<std::string>>>> get(
      std::vector<std::string> keys) const override {
    const std::scoped_lock lock{shared_->mutex};
    if (gone()) co_return fail(Errc::unavailable, "a reader of an earlier generation");
    std::vector<std::optional<std::string>> values;
    values.reserve(keys.size());
    for (const auto& key : keys) values.push_back(shared_->table.get(key, at()));
    co_return values;
  }

  Task<Result<Page>> scan(Range range) const override {
    const std::scoped_lock lock{shared_->mutex};
    if (gone()) co_return fail(Errc::unavailable, "a reader of an earlier generation");
    co_return shared_->table.scan(range, at());
  }

  [[nodiscard]] Ticket ticket() const override { return ticket_; }

 private:
  [[nodiscard]] bool gone() const { return shared_->dead || shared_->generation != generation_; }
  [[nodiscard]] Ticket at() const { return at_.value_or(shared_->newest); }

  std::shared_ptr<Shared> shared_;
  std::optional<Ticket> at_;
  Ticket ticket_;
  std::uint64_t generation_;
};

class MemoryEngine::DelayedSync final : public Timers::Timer {
 public:
  explicit DelayedSync(MemoryEngine& engine) : engine_{engine} {}

 private:
  void fire() override { engine_.sync(); }
  MemoryEngine& engine_;
};

class MemoryEngine::DelayedReopen final : public Timers::Timer {
 public:
  explicit DelayedReopen(MemoryEngine& engine) : engine_{engine} {}

 private:
  void fire() override { engine_.reopen(); }
  MemoryEngine& engine_;
};

MemoryEngine::MemoryEngine(Options options, const MemoryDisk& disk)
    : options_{options}, shared_{std::make_shared<Shared>(disk)} {
  shared_->engine = this;
  shared_->published = std::make_shared<View>(shared_, Ticket{0});
  delayed_sync_ = std::make_unique<DelayedSync>(*this);
  delayed_reopen_ = std::make_unique<DelayedReopen>(*this);
}

MemoryEngine::~MemoryEngine() {
  std::shared_ptr<const Reader> last;  // it holds `shared_`: let go of it outside the lock
  const std::scoped_lock lock{shared_->mutex};
  shared_->engine = nullptr;
  last.swap(shared_->published);
}

Task<Result<Ticket>> MemoryEngine::append(Batch batch, Purpose purpose) {
  const std::scoped_lock lock{shared_->mutex};
  auto& state = *shared_;
  if (state.dead || state.read_only) co_return fail(Errc::unavailable, "read-only");
  if (batch.required_generation().value_or(state.generation) != state.generation)
    co_return fail(Errc::unavailable, "computed from an earlier generation");
  if (state.low_space && purpose == Purpose::adds_mail)
    co_return fail(Errc::store_full, "below the reserve");
  if (std::exchange(state.fail_append, false)) {
    fail_locked();
    co_return fail(Errc::io_failed, "injected");
  }
  state.newest = Ticket{state.newest.value() + 1};
  state.table.apply(batch, state.newest);
  ++state.stats.appends;
  state.stats.bytes_appended += batch.bytes();
  co_return state.newest;
}

/// The engine's own locks are held; waiters are told in a step of their own.
void MemoryEngine::fail_locked() {
  shared_->read_only = true;
  waiters_.lose(shared_->newest);
  if (options_.sync == Sync::delayed && options_.retry)
    options_.core->timers.arm_after(*delayed_reopen_, *options_.retry);
}

Task<Result<void>> MemoryEngine::durable(Ticket ticket) {
  {
    const std::scoped_lock lock{shared_->mutex};
    if (shared_->dead) co_return fail(Errc::outcome_unknown, "crashed");
  }
  if (!waiters_.outcome(ticket)) {
    const Executor here = co_await this_executor();
    request_sync(here);
  }
  co_return co_await waiters_.wait(ticket);
}

void MemoryEngine::request_sync(const Executor& here) {
  if (options_.sync == Sync::manual) return;
  const std::scoped_lock lock{shared_->mutex};
  if (options_.sync == Sync::delayed) {
    if (!delayed_sync_->armed()) options_.core->timers.arm_after(*delayed_sync_, options_.delay);
    return;
  }
  if (std::exchange(shared_->sync_posted, true)) return;
  asio::post(here, [shared = shared_] {
    MemoryEngine* engine = nullptr;
    {
      const std::scoped_lock inner{shared->mutex};
      shared->sync_posted = false;
      engine = shared->engine;
    }
    if (engine != nullptr) engine->sync();
  });
}

bool MemoryEngine::sync() {
  std::shared_ptr<const Reader> before;  // unpins under the lock we hold
  Ticket upto{0};
  {
    const std::scoped_lock lock{shared_->mutex};
    auto& state = *shared_;
    if (state.dead || state.read_only) return false;
    ++state.stats.syncs;
    if (std::exchange(state.fail_sync, false)) {
      fail_locked();
      return false;
    }
    upto = state.newest;
    before = std::exchange(state.published, std::make_shared<View>(shared_, upto));
  }
  before.reset();
  {
    const std::scoped_lock lock{shared_->mutex};
    shared_->table.prune(upto);
  }
  waiters_.publish(upto);
  return true;
}

std::shared_ptr<const Reader> MemoryEngine::published() const {
  const std::scoped_lock lock{shared_->mutex};
  return shared_->published;
}

std::shared_ptr<const Reader> MemoryEngine::tip() const {
  const std::scoped_lock lock{shared_->mutex};
  return std::make_shared<View>(shared_, std::nullopt);
}

Health MemoryEngine::health() const {
  const std::scoped_lock lock{shared_->mutex};
  if (shared_->read_only || shared_->dead) return Health::read_only;
  return shared_->low_space ? Health::low_space : Health::good;
}

std::uint64_t MemoryEngine::generation() const {
  const std::scoped_lock lock{shared_->mutex};
  return shared_->generation;
}

Engine::Stats MemoryEngine::stats() const {
  const std::scoped_lock lock{shared_->mutex};
  return shared_->stats;
}

void MemoryEngine::fail_next_append() {
  const std::scoped_lock lock{shared_->mutex};
  shared_->fail_append = true;
}

void MemoryEngine::fail_next_sync() {
  const std::scoped_lock lock{shared_->mutex};
  shared_->fail_sync = true;
}

void MemoryEngine::set_low_space(bool low) {
  const std::scoped_lock lock{shared_->mutex};
  shared_->low_space = low;
}

Ticket MemoryEngine::cut(std::optional<std::uint64_t> seed) const {
  const std::uint64_t synced = waiters_.published().value();
  if (!seed) return Ticket{synced};
  SeededRandom random{*seed};
  return Ticket{synced + random.below(shared_->newest.value() - synced + 1)};
}

void MemoryEngine::reopen(std::optional<std::uint64_t> seed) {
  std::shared_ptr<const Reader> before;
  Ticket ticket{0};
  {
    const std::scoped_lock lock{shared_->mutex};
    auto& state = *shared_;
    if (state.dead) return;
    waiters_.lose(state.newest);
    state.table.roll_back(cut(seed));
    state.newest = ticket = Ticket{state.newest.value() + 1};  // a batch of nothing: "recovered"
    ++state.generation;
    ++state.stats.reopens;
    state.read_only = false;
    before = std::exchange(state.published, std::make_shared<View>(shared_, ticket));
  }
  before.reset();
  waiters_.publish(ticket);
}

MemoryDisk MemoryEngine::crash(std::optional<std::uint64_t> seed) {
  MemoryDisk disk;
  {
    const std::scoped_lock lock{shared_->mutex};
    shared_->dead = true;
    disk = shared_->table.dump(cut(seed));
  }
  delayed_sync_->disarm();
  delayed_reopen_->disarm();
  waiters_.drop();
  return disk;
}

}  // namespace postern::kv
