#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "async/manual_core.hpp"
#include "async/pool.hpp"
#include "delivery/delivery.hpp"
#include "directory/directory.hpp"
#include "kv/memory_engine.hpp"
#include "queue/queue.hpp"
#include "sim/mutant_engine.hpp"
#include "sim/patient_engine.hpp"
#include "store/mail_store.hpp"
#include "trace/trace.hpp"
#include "vocab/result.hpp"

namespace postern::sim {

/// One life of a whole Postern in memory, from start to crash: what app/server puts together, on a
/// core it shares with all others. After its crash it stays, dead, until the core is gone: the
/// coroutines it left behind refer to it.
class Postern {
 public:
  struct Options {
    std::string hostname;
    Mutant mutant = Mutant::none;
    Duration sync_delay{1000};
    /// Syncs take none of the world's time. Without it the store is in memory.
    bool steady = false;
    std::filesystem::path folder;  ///< With `steady`: where the store is on disk; empty: in memory.
  };
  /// `machine` is destroyed first.
  Postern(ManualCore& machine, Options options, const kv::MemoryDisk& disk);
  Postern(const Postern&) = delete;
  Postern& operator=(const Postern&) = delete;

  /// Reads the directory. No time passes.
  Result<void> open();
  /// It dies at once. What its disk holds, by `seed` (kv::MemoryEngine::crash).
  kv::MemoryDisk crash(std::uint64_t seed);
  /// It ends in good order: all it wrote is on the disk.
  kv::MemoryDisk stop();
  [[nodiscard]] bool dead() const { return dead_; }
  /// The end of a failure of the disk: the engine opens again, by `seed`.
  void reopen(std::uint64_t seed);

  [[nodiscard]] ManualCore& machine() { return machine_; }
  [[nodiscard]] kv::MemoryEngine& memory() { return *memory_; }
  [[nodiscard]] kv::Engine& engine() { return *engine_; }
  [[nodiscard]] store::MailStore& store() { return *store_; }
  [[nodiscard]] directory::Directory& directory() { return *directory_; }
  [[nodiscard]] trace::Log& trace() { return *trace_; }
  [[nodiscard]] queue::Queue& queue() { return *queue_; }
  [[nodiscard]] delivery::Delivery& delivery() { return *delivery_; }

 private:
  Result<void> open_folder();

  ManualCore& machine_;
  Options options_;
  bool dead_ = false;
  InlinePool pool_;
  std::vector<Core*> cores_;
  std::unique_ptr<kv::MemoryEngine> memory_;
  std::unique_ptr<MutantEngine> mutant_;
  std::unique_ptr<PatientEngine> on_disk_;
  kv::Engine* engine_ = nullptr;
  std::unique_ptr<store::MailStore> store_;
  std::unique_ptr<trace::Log> trace_;
  std::unique_ptr<directory::Directory> directory_;
  std::unique_ptr<queue::Queue> queue_;
  std::unique_ptr<delivery::Delivery> delivery_;
  std::unique_ptr<queue::LocalDelivery> queued_delivery_;
};

}  // namespace postern::sim
