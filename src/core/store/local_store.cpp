#include "store/local_store.hpp"

#include <algorithm>
#include <exception>
#include <limits>
#include <map>
#include <utility>

#include <boost/asio/post.hpp>

#include "async/on_core.hpp"
#include "layout/keys.hpp"
#include "store/bodies.hpp"
#include "store/edit.hpp"
#include "store/remove_account.hpp"
#include "store/session.hpp"
#include "store/store_draft.hpp"
#include "store/sweeper.hpp"
#include "vocab/try.hpp"

namespace postern::store {
namespace {

/// More accounts than this in one delivery is the caller's mistake: the rest goes by the queue.
constexpr std::size_t kMaxAccounts = 64;
constexpr auto kNoGeneration = std::numeric_limits<std::uint64_t>::max();

BlobId new_blob_id(Random& random) {
  BlobId id{};
  random.fill(std::as_writable_bytes(std::span{id}));
  return id;
}

layout::MailboxRecord first_mailbox(std::string name, SpecialUse use, std::uint32_t validity) {
  layout::MailboxRecord out;
  out.name = std::move(name);
  out.special_use = std::to_underlying(use);
  out.subscribed = true;
  out.uid_validity = UidValidity{validity};
  out.highest_modseq = ModSeq{1};
  return out;
}

}  // namespace

/// One account's share of a delivery. Its Pin, Guard and Edit live and die on the home core.
struct LocalStore::Part {
  explicit Part(AccountId id) : account{id} {}
  AccountId account;
  std::vector<Arrival> arrivals;
  std::optional<Shard::Pin> pin;
  std::optional<AsyncMutex::Guard> guard;
  std::optional<Edit> edit;
};

LocalStore::LocalStore(kv::Engine& engine, std::span<Core* const> cores, Settings settings)
    : engine_{engine},
      cores_{cores.begin(), cores.end()},
      settings_{settings},
      memory_{std::make_shared<MemoryBudget>(settings.message_bytes)},
      run_{cores.front()->random.u64()} {
  for (auto* const core : cores_)
    shards_.push_back(std::make_unique<Shard>(engine, *core, settings.view_bytes / cores.size()));
}

Shard& LocalStore::home(AccountId account) const {
  return *shards_.at(account.value() % shards_.size());
}

Duration LocalStore::keep_expunged() const {
  const bool low = engine_.health() == kv::Health::low_space;
  return low ? settings_.retention : std::max(settings_.retention, settings_.linger);
}

std::unique_ptr<Draft> LocalStore::new_draft() {
  StoreDraft::Shared shared{
      .engine = engine_, .cores = cores_, .budget = memory_, .live = live_, .run = run_};
  return std::make_unique<StoreDraft>(std::move(shared), new_blob_id(cores_.front()->random));
}

/// On the account's home core: enters the writer's queue and works the commit out.
Task<Result<kv::Batch>> LocalStore::enter(Part& part, const StagedMessage& message) {
  Account& account = *part.pin.emplace(home(part.account).pin(part.account));
  part.guard = co_await account.writer().lock();
  POSTERN_CO_CHECK(co_await account.load());
  Edit& edit = part.edit.emplace(account, account.home().clock.now());
  POSTERN_CO_CHECK(add_arrivals(account, edit, message, part.arrivals));
  co_return edit.take_batch();
}

Task<Result<void>> LocalStore::commit_parts(std::vector<std::unique_ptr<Part>>& parts,
                                            const StagedMessage& message, kv::Batch also,
                                            bool queue_link) {
  kv::Batch batch;
  add_body(message, batch);
  if (queue_link) batch.put(layout::link_key(message.blob, layout::kQueueAccount), {});
  auto oldest = batch.required_generation().value_or(kNoGeneration);
  for (const auto& part : parts) {
    POSTERN_CO_TRY(auto edits,
                   co_await on_core(home(part->account).core().executor, enter(*part, message)));
    oldest = std::min(oldest, edits.required_generation().value_or(oldest));
    batch.append(std::move(edits));
  }
  batch.append(std::move(also));
  // Every part was made from a state of its own: all of them must still hold.
  if (oldest != kNoGeneration) batch.require_generation(oldest);
  POSTERN_CO_TRY(const auto ticket,
                 co_await engine_.append(std::move(batch), kv::Engine::Purpose::adds_mail));
  const auto leave = [](Part& part, kv::Ticket at) -> Task<> {
    auto edit = *std::exchange(part.edit, std::nullopt);
    (*part.pin)->appended(std::move(edit), at);
    part.guard.reset();
    co_return;
  };
  std::exception_ptr bug;
  for (const auto& part : parts) {
    try {
      co_await on_core(home(part->account).core().executor, leave(*part, ticket));
    } catch (...) {
      bug = std::current_exception();  // the other accounts have to know of the commit all the same
    }
  }
  if (bug) std::rethrow_exception(bug);
  POSTERN_CO_CHECK(co_await engine_.durable(ticket));
  co_await show(parts);
  co_return Result<void>{};
}

/// After the commit is durable: what fails here is made good by the account's next commit.
Task<> LocalStore::show(const std::vector<std::unique_ptr<Part>>& parts) {
  const auto publish = [](Part& part) -> Task<> {
    (*part.pin)->publish();
    co_return;
  };
  for (const auto& part : parts) {
    try {
      co_await on_core(home(part->account).core().executor, publish(*part));
    } catch (const std::exception&) {
      ++bugs_;
    }
  }
}

/// On each part's own core: whatever a part still holds it gives back there.
Task<> LocalStore::clean_up(const std::vector<std::unique_ptr<Part>>& parts) {
  const auto release = [](Part& part) -> Task<> {
    part.edit.reset();
    part.guard.reset();
    part.pin.reset();
    co_return;
  };
  for (const auto& part : parts)
    co_await on_core(home(part->account).core().executor, release(*part));
}

Task<Result<std::vector<Placed>>> LocalStore::deliver(std::shared_ptr<const StagedMessage> message,
                                                      std::vector<Placement> placements,
                                                      kv::Batch also, bool queue_link) {
  std::map<AccountId, std::vector<std::size_t>> by_account;
  for (std::size_t i = 0; i < placements.size(); ++i)
    by_account[placements[i].account].push_back(i);
  if (by_account.size() > kMaxAccounts) co_return fail(Errc::too_large, "too many accounts");
  std::vector<std::unique_ptr<Part>> parts;
  for (const auto& [account, indexes] : by_account) {
    auto& part = *parts.emplace_back(std::make_unique<Part>(account));
    for (const auto i : indexes)
      part.arrivals.push_back({.placement = &placements.at(i), .placed = {}});
  }
  // All memory that the answer takes is there before the commit: an accepted message is not
  // refused.
  std::vector<Placed> out(placements.size());
  // With one account everything happens on its core: one journey there and back.
  Task<Result<void>> work = commit_parts(parts, *message, std::move(also), queue_link);
  const auto here = co_await this_executor();
  const auto there = parts.size() == 1 ? home(parts.front()->account).core().executor : here;
  Result<void> done;
  std::exception_ptr bug;
  try {
    done = co_await on_core(there, std::move(work));
  } catch (...) {
    bug = std::current_exception();
  }
  co_await clean_up(parts);
  if (bug) std::rethrow_exception(bug);
  if (!done) co_return std::unexpected(done.error());
  for (const auto& part : parts) {
    for (auto& arrival : part->arrivals) {
      const auto index = static_cast<std::size_t>(arrival.placement - placements.data());
      out.at(index) = std::move(arrival.placed);
    }
  }
  delivered_ += out.size();
  co_return out;
}

Task<Result<QuotaVerdict>> LocalStore::check_quota(AccountId account, std::uint64_t size) {
  const auto ask = [](Shard& shard, AccountId id,
                      std::uint64_t octets) -> Task<Result<QuotaVerdict>> {
    const auto pin = shard.pin(id);
    co_return co_await store::check_quota(*pin, octets);
  };
  Shard& shard = home(account);
  co_return co_await on_core(shard.core().executor, ask(shard, account, size));
}

Task<Result<std::string>> LocalStore::read_body(BlobId blob, std::uint64_t offset,
                                                std::uint64_t length) {
  return store::read_body(engine_, blob, offset, length);
}

Task<Result<void>> LocalStore::drop_queue_link(BlobId blob, std::uint64_t body_size,
                                               kv::Batch& batch) {
  batch.erase(layout::link_key(blob, layout::kQueueAccount));
  const auto now = cores_.front()->clock.now();
  plan_erasure(blob, body_size, now, batch);
  co_return Result<void>{};
}

void LocalStore::add_account(AccountId account, std::uint64_t quota, kv::Batch& batch) {
  const auto now = cores_.front()->clock.now();
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  layout::StateRecord state;
  state.counter = 1;
  state.uid_validity = static_cast<std::uint32_t>(seconds);
  state.quota = quota;
  const std::pair<const char*, SpecialUse> boxes[] = {
      {"INBOX", SpecialUse::none}, {"Archive", SpecialUse::archive}, {"Drafts", SpecialUse::drafts},
      {"Junk", SpecialUse::junk},  {"Sent", SpecialUse::sent},       {"Trash", SpecialUse::trash}};
  for (const auto& [name, use] : boxes) {
    const MailboxId id{++state.counter};
    batch.put(layout::mailbox_key(account, id),
              layout::encode(first_mailbox(name, use, ++state.uid_validity)));
  }
  batch.put(layout::state_key(account), layout::encode(state));
}

Task<Result<void>> LocalStore::set_quota(AccountId account, std::uint64_t quota) {
  const auto change = [](Shard& shard, AccountId id, std::uint64_t octets) -> Task<Result<void>> {
    const auto pin = shard.pin(id);
    auto guard = co_await pin->writer().lock();
    POSTERN_CO_CHECK(co_await pin->load());
    Edit edit{*pin, shard.core().clock.now()};
    edit.set_quota(octets);
    co_return co_await pin->commit(std::move(edit), std::move(guard),
                                   kv::Engine::Purpose::housekeeping);
  };
  Shard& shard = home(account);
  co_return co_await on_core(shard.core().executor, change(shard, account, quota));
}

Task<Result<void>> LocalStore::remove_account(AccountId account) {
  const auto remove = [](Shard& shard, AccountId id,
                         const std::atomic<bool>& stop) -> Task<Result<void>> {
    const auto pin = shard.pin(id);
    co_return co_await store::remove_account(*pin, stop);
  };
  Shard& shard = home(account);
  co_return co_await on_core(shard.core().executor, remove(shard, account, stop_housekeeping_));
}

std::unique_ptr<AccountSession> LocalStore::open(AccountId account, std::string address) {
  return std::make_unique<Session>(*this, account, std::move(address));
}

Task<Result<void>> LocalStore::sweep() {
  Sweeper sweeper{engine_, cores_.front()->clock.now(), run_, stop_housekeeping_};
  POSTERN_CO_CHECK(co_await sweeper.drop_pending(*live_, suspects_));
  const auto sweep_gone = [](Shard& shard, AccountId id, Timestamp now,
                             const std::atomic<bool>& stop) -> Task<Result<void>> {
    const auto pin = shard.pin(id);
    co_return co_await erase_gone(*pin, now, stop);
  };
  POSTERN_CO_TRY(const auto accounts, co_await sweeper.accounts());
  Result<void> first;
  for (const auto id : accounts) {
    Shard& shard = home(id);
    const auto now = cores_.front()->clock.now();
    const auto swept =
        co_await on_core(shard.core().executor, sweep_gone(shard, id, now, stop_housekeeping_));
    if (!swept && swept.error().code == Errc::shutting_down) co_return swept;
    // An account that was removed meanwhile has nothing to sweep; one that is damaged does not
    // keep the others from it.
    if (!swept && swept.error().code != Errc::not_found && first) first = swept;
  }
  POSTERN_CO_TRY(const auto blobs, co_await sweeper.erase_blobs());
  swept_ += blobs;
  const auto look = [](Shard& shard) -> Task<Shard::Stats> {
    shard.trim_views();
    co_return shard.stats();
  };
  Shard::Stats sum;
  for (const auto& shard : shards_) {
    const auto one = co_await on_core(shard->core().executor, look(*shard));
    sum.accounts += one.accounts;
    sum.views += one.views;
    sum.view_bytes += one.view_bytes;
  }
  accounts_ = sum.accounts;
  views_ = sum.views;
  view_bytes_ = sum.view_bytes;
  co_return first;
}

void LocalStore::tell_reopened() {
  for (const auto& shard : shards_)
    asio::post(shard->core().executor, [at = shard.get()] { at->look_for_reopening(); });
}

void LocalStore::tell_waiting(AccountId account) {
  Shard* const shard = &home(account);
  asio::post(shard->core().executor, [shard, account] { shard->tell_waiting(account); });
}

MailStore::Stats LocalStore::stats() const {
  return {.accounts_open = accounts_,
          .views = views_,
          .view_bytes = view_bytes_,
          .delivered = delivered_,
          .swept_blobs = swept_,
          .bugs = bugs_};
}

std::unique_ptr<MailStore> make_mail_store(kv::Engine& engine, std::span<Core* const> cores,
                                           Settings settings) {
  return std::make_unique<LocalStore>(engine, cores, settings);
}

}  // namespace postern::store
