#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "async/core.hpp"
#include "kv/engine.hpp"
#include "mime/message.hpp"
#include "store/draft.hpp"
#include "store/live_drafts.hpp"
#include "store/memory_budget.hpp"

namespace postern::store {

/// The Draft over an engine. `run` names this process in pending markers, so that the next one
/// knows whose they were.
class StoreDraft final : public Draft {
 public:
  /// What all drafts of a store share.
  struct Shared {
    kv::Engine& engine;
    std::span<Core* const> cores;
    std::shared_ptr<MemoryBudget> budget;
    std::shared_ptr<LiveDrafts> live;
    std::uint64_t run = 0;
  };
  StoreDraft(Shared with, const BlobId& blob);

  Task<Result<void>> feed(std::string_view octets) override;
  [[nodiscard]] bool memory_scarce() const override { return hold_->memory.scarce(); }
  Task<Result<std::string>> content() const override;
  Task<Result<std::shared_ptr<const StagedMessage>>> finish() override;

 private:
  Task<Result<void>> reserve(std::uint64_t octets);
  Task<Result<void>> close_chunks(bool all);
  Task<Result<void>> stream_out();
  void measure_lines(std::string_view octets);

  kv::Engine& engine_;
  std::span<Core* const> cores_;
  std::uint64_t run_;
  /// What the message holds of this process; the staged message keeps it.
  struct Hold {
    Hold(std::shared_ptr<MemoryBudget> budget, std::shared_ptr<LiveDrafts> live, const BlobId& blob)
        : memory{std::move(budget)}, token{std::move(live), blob} {}
    Reservation memory;
    LiveDrafts::Token token;
  };
  std::shared_ptr<Hold> hold_;
  mime::MessageParser parser_;
  std::shared_ptr<StagedMessage> out_;
  std::string open_;  ///< The chunk that is being filled.
  std::uint32_t next_chunk_ = 0;
  std::uint64_t generation_ = 0;  ///< Of the engine that the first chunk was streamed into.
  std::uint64_t line_ = 0;        ///< Octets of the line so far.
};

/// The value of a pending marker.
[[nodiscard]] std::string encode_pending(std::uint64_t run);

}  // namespace postern::store
