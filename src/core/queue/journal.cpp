#include "queue/journal.hpp"

#include <exception>
#include <utility>

namespace postern::queue {

void Journal::write(kv::Batch batch) {
  pending_.append(std::move(batch));
  ++written_;
  work_.notify_all();
}

void Journal::stop() {
  stopping_ = true;
  urgent_ = true;
  work_.notify_all();
  hurry_.notify_all();
  changed_.notify_all();
}

Task<> Journal::run_writer() {
  stopping_ = false;
  writer_ended_ = false;
  urgent_ = false;
  while (broken_ ? !stopping_ : !stopping_ || !pending_.empty()) {
    bool bug = false;
    try {
      co_await write_some();
    } catch (const std::exception&) {
      bug = true;
    }
    if (!bug) continue;
    ++bugs_;
    broken_ = true;
    changed_.notify_all();
    co_await changed_.wait_for(core_.timers, kLookAgain);
  }
  writer_ended_ = true;
  changed_.notify_all();
}

Task<> Journal::write_some() {
  if (broken_) {
    co_await recover();
  } else if (!pending_.empty()) {
    co_await append_pending();
  } else {
    co_await work_.wait();
  }
}

Task<> Journal::append_pending() {
  unsynced_.emplace_back();
  unsynced_.back() = std::exchange(pending_, {});
  taken_ = written_;
  const auto upto = taken_;
  kv::Batch copy = unsynced_.back();
  const auto ticket = co_await engine_.append(std::move(copy), kv::Engine::Purpose::housekeeping);
  if (ticket) {
    ticket_ = *ticket;
    appended_ = upto;
  } else {
    broken_ = true;
  }
  changed_.notify_all();
}

/// Ends with the engine good again and everything in it, or at the end of the program.
Task<> Journal::recover() {
  while (!stopping_) {
    const bool good = co_await write_again();
    if (good) {
      broken_ = false;
      ++recoveries_;
      reopened_();
      changed_.notify_all();
      co_return;
    }
    co_await changed_.wait_for(core_.timers, kLookAgain);
  }
}

/// What the disk may have lost is put again: puts and erasures that are in order, and nobody
/// else's.
Task<bool> Journal::write_again() {
  if (engine_.health() == kv::Health::read_only) co_return false;
  for (std::size_t i = 0; i < unsynced_.size(); ++i) {
    kv::Batch copy = unsynced_.at(i);
    const auto ticket = co_await engine_.append(std::move(copy), kv::Engine::Purpose::housekeeping);
    if (!ticket) co_return false;
    ticket_ = *ticket;
  }
  appended_ = taken_;
  co_return true;
}

Task<> Journal::run_syncer() {
  while (!writer_ended_ || durable_ < appended_) {
    if (broken_ && writer_ended_) co_return;
    if (broken_ || durable_ == appended_) {
      co_await changed_.wait();
      continue;
    }
    try {
      co_await sync_some();
    } catch (const std::exception&) {
      ++bugs_;
      broken_ = true;
      work_.notify_all();
      changed_.notify_all();
    }
  }
}

Task<> Journal::sync_some() {
  if (!urgent_) co_await hurry_.wait_for(core_.timers, kSyncEvery);
  if (broken_) co_return;
  urgent_ = stopping_;
  const auto upto = appended_;
  // The last one may be on its way into the engine still: this sync says nothing about it.
  const std::size_t on_its_way = appended_ < taken_ ? 1 : 0;
  const auto count = unsynced_.size() - on_its_way;
  const auto ticket = ticket_;
  const auto recoveries = recoveries_;
  const auto done = co_await engine_.durable(ticket);
  // All of it is being written again, or was meanwhile, and stays until that is on disk.
  if (done && (broken_ || recoveries != recoveries_)) co_return;
  if (done) {
    durable_ = upto;
    unsynced_.erase(unsynced_.begin(), unsynced_.begin() + static_cast<std::ptrdiff_t>(count));
  } else if (recoveries == recoveries_) {
    broken_ = true;
    work_.notify_all();
  }
  changed_.notify_all();
}

Task<Result<void>> Journal::appended() {
  const auto goal = written_;
  while (appended_ < goal) {
    if (!healthy() || writer_ended_) co_return fail(Errc::unavailable, "the queue cannot write");
    co_await changed_.wait();
  }
  co_return Result<void>{};
}

Task<Result<void>> Journal::durable() {
  const auto goal = written_;
  while (durable_ < goal) {
    if (!healthy() || writer_ended_) co_return fail(Errc::unavailable, "the queue cannot write");
    urgent_ = true;
    hurry_.notify_all();
    co_await changed_.wait();
  }
  co_return Result<void>{};
}

}  // namespace postern::queue
