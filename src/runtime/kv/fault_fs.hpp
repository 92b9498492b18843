#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "kv/sync_journal.hpp"
#include "vocab/result.hpp"

// A layer under the engine that fails on demand and remembers what was synced, for tests and the
// crash harness. Never active unless RocksOptions::faults holds one.
namespace postern::kv {

/// What every file operation of an engine asks before it acts. Thread-safe.
///
/// A harness outside the process injects through the file `DIR/faults`: while it exists, each of
/// its lines (`write enospc`, `write eio`, `sync enospc`, `sync eio`) is in force.
class FaultFs {
 public:
  enum class Mode : std::uint8_t {
    track,  ///< Journal what is synced, so that `apply_power_cut` can be run afterwards.
    /// Pretend to sync the log, as `track` otherwise: the negative control that a crash test must
    /// catch. (With nothing synced the store would not even open, which is easily noticed.)
    no_sync,
  };
  enum class Op : std::uint8_t { write, sync };
  enum class Fault : std::uint8_t { none, enospc, eio };

  /// For the store in `directory`, which exists.
  static Result<std::shared_ptr<FaultFs>> create(std::filesystem::path directory, Mode mode);

  /// Every `op` fails from the one after the next `skip` on, till `heal`.
  void inject(Op op, Fault fault, std::uint64_t skip = 0);
  void heal();

  /// For the file layer: counts the call and says how it is to end.
  [[nodiscard]] Fault next(Op op);
  [[nodiscard]] bool syncs() const { return mode_ == Mode::track; }
  [[nodiscard]] SyncJournal& journal() { return *journal_; }
  /// Calls of `op` so far, for sweeps over every call.
  [[nodiscard]] std::uint64_t calls(Op op) const {
    return slots_[static_cast<std::size_t>(op)].calls.load();
  }

  FaultFs(std::filesystem::path directory, Mode mode, std::unique_ptr<SyncJournal> journal);

 private:
  struct Slot {
    std::atomic<std::uint64_t> calls = 0;
    std::atomic<std::uint64_t> from = 0;
    std::atomic<Fault> fault = Fault::none;
  };
  [[nodiscard]] Fault from_control_file(Op op) const;

  std::filesystem::path control_;
  Mode mode_;
  std::unique_ptr<SyncJournal> journal_;
  std::array<Slot, 2> slots_;
};

}  // namespace postern::kv
