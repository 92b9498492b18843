#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <unordered_map>

#include "async/core.hpp"
#include "kv/engine.hpp"
#include "store/account.hpp"

namespace postern::store {

/// The accounts whose home is one core. Used only there, except `core()`.
class Shard {
 public:
  Shard(kv::Engine& engine, Core& core, std::uint64_t view_bytes)
      : engine_{engine}, core_{core}, view_bytes_{view_bytes} {}

  [[nodiscard]] Core& core() const { return core_; }

  /// Keeps an account in memory while it lives. Made and destroyed on the shard's core.
  class Pin {
   public:
    explicit Pin(Account& account) : account_{&account} { ++account_->pins; }
    Pin(Pin&& other) noexcept : account_{std::exchange(other.account_, nullptr)} {}
    Pin(const Pin&) = delete;
    Pin& operator=(const Pin&) = delete;
    Pin& operator=(Pin&&) = delete;
    ~Pin() {
      if (account_ != nullptr) --account_->pins;
    }
    [[nodiscard]] Account& operator*() const { return *account_; }
    [[nodiscard]] Account* operator->() const { return account_; }

   private:
    Account* account_;
  };

  /// The account, known to the store or not; the one used longest ago makes room when there are
  /// too many.
  [[nodiscard]] Pin pin(AccountId id);
  /// After views may have grown: drops those of the accounts used longest ago.
  void trim_views();

  /// After a reopening of the engine: every account tells its subscribers.
  void look_for_reopening() {
    for (const auto& [id, slot] : accounts_) slot.account->look_for_reopening();
  }

  /// An account that is not in memory has no subscribers.
  void tell_waiting(AccountId id) {
    const auto found = accounts_.find(id);
    if (found != accounts_.end()) found->second.account->notify();
  }

  struct Stats {
    std::uint64_t accounts = 0;
    std::uint64_t views = 0;
    std::uint64_t view_bytes = 0;
  };
  [[nodiscard]] Stats stats() const;

 private:
  struct Slot {
    std::unique_ptr<Account> account;
    std::list<AccountId>::iterator used;
  };

  kv::Engine& engine_;
  Core& core_;
  std::uint64_t view_bytes_;
  std::unordered_map<AccountId, Slot> accounts_;
  std::list<AccountId> used_;  ///< Latest first.
};

}  // namespace postern::store
