#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "async/manual_core.hpp"
#include "sim/chance.hpp"
#include "sim/finish.hpp"
#include "sim/postern.hpp"
#include "sim/slot.hpp"

namespace postern::sim {

/// A place where Posterns live one after the other, on one disk: two accounts, their models, and
/// all that can happen to a disk and a process.
class Node {
 public:
  using Breach = AccountModel::Breach;
  /// `machine` is destroyed before the node.
  Node(ManualCore& machine, Postern::Options options, std::string domain, std::uint64_t seed,
       Breach breach);

  void begin();  ///< The first life, with domain and accounts.
  [[nodiscard]] Postern& life() { return *lives_.back(); }
  [[nodiscard]] std::array<Slot, 2>& slots() { return slots_; }
  [[nodiscard]] const std::string& domain() const { return domain_; }

  void crash_and_restart();
  void stop_and_restart();  ///< In good order: nothing is unknown, nothing lost.
  void fail_something();    ///< The next sync or append, or space is low for a while.
  /// Opens the engine again if it failed.
  void recover();
  /// Looks at every account without waiting for anything; `deep` reads all messages.
  void look_around(bool deep);
  /// Replaces an account by a new one of the same address. Steps of it wait for their moment.
  void replace_account();
  void sweep();
  /// Whether the store is what it should be.
  void verify();

  /// Called when a life began, and when one ends.
  std::function<void(Postern&)> on_start;
  std::function<void()> on_crash;
  /// Whether a reopening settles what was unknown: not where sessions go on by themselves.
  bool settles_on_recovery = true;

  std::uint64_t crashes = 0;
  std::uint64_t failures = 0;

 private:
  void start(const kv::MemoryDisk& disk);
  void open_account(Slot& slot);
  bool look_at(Slot& slot, bool deep);
  /// After a restart or reopening: all is looked at, and what was unknown is settled.
  void settle();
  void go_on_replacing();

  ManualCore& machine_;
  Postern::Options options_;
  std::string domain_;
  Chance chance_;
  Breach breach_;
  std::array<Slot, 2> slots_;
  std::vector<std::unique_ptr<Postern>> lives_;  ///< The last one is alive.
  std::vector<std::unique_ptr<AccountModel>> old_models_;
};

}  // namespace postern::sim
