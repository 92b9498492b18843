#include "sim/postern.hpp"

#include <utility>

#include "sim/finish.hpp"
#include "vocab/try.hpp"

namespace postern::sim {
namespace {

/// As cheap as can be: what guards passwords is tested elsewhere.
directory::Settings fast_passwords() {
  directory::Settings out;
  out.argon2_memory_kib = 8;
  out.argon2_passes = 1;
  out.scram_iterations = 1;
  return out;
}

}  // namespace

Postern::Postern(ManualCore& machine, Options options, const kv::MemoryDisk& disk)
    : machine_{machine}, options_{std::move(options)}, cores_{&machine.core()} {
  using Sync = kv::MemoryEngine::Sync;
  const kv::MemoryEngine::Options engine{.sync = options_.steady ? Sync::automatic : Sync::delayed,
                                         .core = &machine.core(),
                                         .delay = options_.sync_delay};
  memory_ = std::make_unique<kv::MemoryEngine>(engine, disk);
  engine_ = memory_.get();
  if (options_.mutant != Mutant::none) {
    mutant_ = std::make_unique<MutantEngine>(options_.mutant, *memory_, machine.group(), disk);
    engine_ = mutant_.get();
  }
  if (!options_.folder.empty()) {
    on_disk_ = std::make_unique<PatientEngine>();
    engine_ = on_disk_.get();
  }
  store_ = store::make_mail_store(*engine_, cores_, {});
  trace_ = trace::make_log(*engine_, machine.core());
}

/// With small buffers and blobs, so that a script of some hundred steps reaches every place where
/// the engine keeps things.
Result<void> Postern::open_folder() {
  return on_disk_->open({.directory = options_.folder,
                         .write_buffers = std::size_t{256} << 10U,
                         .blob_at = 100,
                         .reserve = 0,
                         .idle_sync = std::chrono::milliseconds{1}},
                        pool_);
}

Result<void> Postern::open() {
  if (on_disk_) POSTERN_CHECK(open_folder());
  auto opened = finish(machine_, directory::open_directory(*engine_, *store_, machine_.core(),
                                                           pool_, fast_passwords()));
  if (!opened) return fail(Errc::peer_timeout, "the directory does not open");
  POSTERN_TRY(directory_, *std::move(opened));
  queue_ = queue::make_queue(*engine_, *store_, *trace_, machine_.core(),
                             {.hostname = options_.hostname});
  delivery_ = delivery::make_delivery(*store_, *directory_, *queue_, *trace_, machine_.core(),
                                      {.hostname = options_.hostname});
  queued_delivery_ =
      delivery::make_queued_delivery(*store_, *directory_, *queue_, *trace_, machine_.core());
  queue_->deliver_locally_with(*queued_delivery_);
  return {};
}

kv::MemoryDisk Postern::crash(std::uint64_t seed) {
  dead_ = true;
  auto disk = mutant_ ? mutant_->crash(seed) : memory_->crash(seed);
  queue_->stop();
  return disk;
}

void Postern::reopen(std::uint64_t seed) {
  memory_->reopen(seed);
  store_->tell_reopened();  // as app/server, which looks after the engine
}

kv::MemoryDisk Postern::stop() {
  dead_ = true;
  queue_->stop();
  memory_->sync();
  if (on_disk_) on_disk_->close();
  return memory_->crash();
}

}  // namespace postern::sim
