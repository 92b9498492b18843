#include "store/store_draft.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "async/sleep.hpp"
#include "layout/keys.hpp"
#include "record/record.hpp"
#include "store/chunk.hpp"
#include "vocab/try.hpp"

namespace postern::store {
namespace {

using namespace std::chrono_literals;

/// Beyond this, chunks go into the store while the message still comes in.
constexpr std::size_t kStreamFrom = std::size_t{1} << 20U;
/// RFC 5322 §2.1.1, without the CRLF.
constexpr std::uint64_t kLineLimit = 998;
/// How long a message waits for memory before it is refused, and how often it asks.
constexpr Duration kMemoryWait = 30s;
constexpr Duration kMemoryPause = 50ms;

Core* core_of(std::span<Core* const> cores, const Executor& executor) {
  const auto found =
      std::ranges::find_if(cores, [&](const Core* core) { return core->executor == executor; });
  return found == cores.end() ? nullptr : *found;
}

}  // namespace

std::string encode_pending(std::uint64_t run) {
  std::string out;
  record::Writer{out, 1}.number(1, run);
  return out;
}

StoreDraft::StoreDraft(Shared with, const BlobId& blob)
    : engine_{with.engine},
      cores_{with.cores},
      run_{with.run},
      hold_{std::make_shared<Hold>(std::move(with.budget), std::move(with.live), blob)},
      out_{std::make_shared<StagedMessage>()} {
  out_->blob = blob;
  out_->memory = hold_;
}

Task<Result<void>> StoreDraft::reserve(std::uint64_t octets) {
  if (hold_->memory.grow(octets)) co_return Result<void>{};
  const auto here = co_await this_executor();
  Core* const core = core_of(cores_, here);
  for (Duration waited{}; core != nullptr && waited < kMemoryWait; waited += kMemoryPause) {
    if (!hold_->memory.may_wait())
      co_return fail(Errc::shutting_down, "no time to wait for memory");
    co_await sleep(*core, kMemoryPause);
    if (hold_->memory.grow(octets)) co_return Result<void>{};
  }
  co_return fail(Errc::limit_reached, "no memory for messages left");
}

void StoreDraft::measure_lines(std::string_view octets) {
  while (!octets.empty()) {
    const auto end = octets.find('\n');
    const auto piece = octets.substr(0, end);
    line_ += piece.size();
    if (line_ > kLineLimit + (piece.ends_with('\r') ? 1 : 0)) out_->has_long_lines = true;
    if (end == std::string_view::npos) return;
    line_ = 0;
    octets.remove_prefix(end + 1);
  }
}

Task<Result<void>> StoreDraft::feed(std::string_view octets) {
  parser_.feed(octets);
  measure_lines(octets);
  out_->size += octets.size();
  while (!octets.empty()) {
    const auto piece = octets.substr(0, kChunkOctets - open_.size());
    POSTERN_CO_CHECK(co_await reserve(piece.size()));
    open_ += piece;
    octets.remove_prefix(piece.size());
    POSTERN_CO_CHECK(co_await close_chunks(false));
  }
  // Whoever drips would hold what others need.
  if (memory_scarce() && out_->chunks.bytes() > 0) co_return co_await stream_out();
  co_return Result<void>{};
}

Task<Result<void>> StoreDraft::close_chunks(bool all) {
  if (open_.size() < kChunkOctets && (!all || open_.empty())) co_return Result<void>{};
  out_->chunks.put(layout::chunk_key(out_->blob, next_chunk_++), encode_chunk(open_));
  open_.clear();
  hold_->memory.shrink_to(out_->chunks.bytes());
  if (out_->size > kStreamFrom && out_->chunks.bytes() > kStreamFrom / 2)
    co_return co_await stream_out();
  co_return Result<void>{};
}

Task<Result<void>> StoreDraft::stream_out() {
  if (!out_->streamed) {
    out_->chunks.put(layout::pending_key(out_->blob), encode_pending(run_));
    generation_ = engine_.generation();
  }
  out_->streamed = true;
  auto batch = std::exchange(out_->chunks, {});
  batch.require_generation(generation_);
  const auto appended = co_await engine_.append(std::move(batch), kv::Engine::Purpose::adds_mail);
  if (!appended) co_return std::unexpected(appended.error());
  hold_->memory.shrink_to(open_.size());
  co_return Result<void>{};
}

/// Chunks that were streamed out are this draft's alone, so the tip may be asked for them; the rest
/// are the batch's operations, in order.
Task<Result<std::string>> StoreDraft::content() const {
  std::string out;
  out.reserve(out_->size);
  const auto& kept = out_->chunks.ops();
  const auto reader = engine_.tip();
  for (std::uint32_t n = 0; n < next_chunk_ - kept.size(); ++n) {
    std::vector<std::string> key;
    key.push_back(layout::chunk_key(out_->blob, n));
    POSTERN_CO_TRY(const auto stored, co_await reader->get(std::move(key)));
    const auto& chunk = stored.front();
    if (!chunk) co_return fail(Errc::corrupt, "a chunk of a body is missing");
    POSTERN_CO_TRY(const auto octets, decode_chunk(*chunk));
    out += octets;
  }
  for (const auto& chunk : kept) {
    POSTERN_CO_TRY(const auto octets, decode_chunk(chunk.value));
    out += octets;
  }
  out += open_;
  co_return out;
}

Task<Result<std::shared_ptr<const StagedMessage>>> StoreDraft::finish() {
  POSTERN_CO_CHECK(co_await close_chunks(true));
  // What was streamed may have been lost with a failed sync: the rest must meet the same engine.
  if (out_->streamed) out_->chunks.require_generation(generation_);
  POSTERN_CO_TRY(out_->parsed, parser_.finish());
  out_->envelope_record = mime::encode(out_->parsed.envelope);
  out_->structure_record = mime::encode(out_->parsed.root);
  co_return std::shared_ptr<const StagedMessage>{out_};
}

}  // namespace postern::store
