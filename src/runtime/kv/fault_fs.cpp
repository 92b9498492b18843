#include "kv/fault_fs.hpp"

#include <fstream>
#include <utility>

#include "vocab/try.hpp"

namespace postern::kv {

Result<std::shared_ptr<FaultFs>> FaultFs::create(std::filesystem::path directory, Mode mode) {
  POSTERN_TRY(auto journal, SyncJournal::open(directory));
  return std::make_shared<FaultFs>(std::move(directory), mode, std::move(journal));
}

FaultFs::FaultFs(std::filesystem::path directory, Mode mode, std::unique_ptr<SyncJournal> journal)
    : control_{std::move(directory) / "faults"}, mode_{mode}, journal_{std::move(journal)} {}

void FaultFs::inject(Op op, Fault fault, std::uint64_t skip) {
  auto& slot = slots_[static_cast<std::size_t>(op)];
  slot.from = slot.calls + skip;
  slot.fault = fault;
}

void FaultFs::heal() {
  for (auto& slot : slots_) slot.fault = Fault::none;
}

FaultFs::Fault FaultFs::next(Op op) {
  auto& slot = slots_[static_cast<std::size_t>(op)];
  const std::uint64_t call = slot.calls.fetch_add(1);
  const Fault fault = slot.fault;
  if (fault != Fault::none && call >= slot.from) return fault;
  return from_control_file(op);
}

FaultFs::Fault FaultFs::from_control_file(Op op) const {
  std::ifstream file{control_};
  if (!file) return Fault::none;
  std::string what;
  std::string how;
  while (file >> what >> how)
    if (what == (op == Op::write ? "write" : "sync"))
      return how == "enospc" ? Fault::enospc : Fault::eio;
  return Fault::none;
}

}  // namespace postern::kv
