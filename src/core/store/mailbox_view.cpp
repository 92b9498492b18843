#include "store/mailbox_view.hpp"

#include <algorithm>
#include <span>
#include <utility>

namespace postern::store {
namespace {

using Chunk = MailboxView::Chunk;
using ChunkPtr = std::shared_ptr<const Chunk>;

bool uid_below(const Entry& entry, Uid uid) {
  return entry.uid < uid;
}
bool ends_below(const ChunkPtr& chunk, Uid uid) {
  return chunk->back().uid < uid;
}

/// Collects entries into chunks; whole unchanged chunks pass through.
class ChunkBuilder {
 public:
  void add(const Entry& entry) {
    open_.push_back(entry);
    if (open_.size() == MailboxView::kChunk) close();
  }
  void pass(const ChunkPtr& chunk) {
    close();
    done_.push_back(chunk);
  }
  std::vector<ChunkPtr> finish() {
    close();
    return std::move(done_);
  }
  void close() {
    if (open_.empty()) return;
    done_.push_back(std::make_shared<const Chunk>(std::move(open_)));
    open_ = {};
  }

 private:
  Chunk open_;
  std::vector<ChunkPtr> done_;
};

/// A chunk with its share of the changes, merged in UID order.
void merge_chunk(const Chunk& chunk, std::span<const Entry> put, std::span<const Uid> removed,
                 ChunkBuilder& out) {
  std::size_t p = 0;
  std::size_t r = 0;
  for (const auto& entry : chunk) {
    while (p < put.size() && put[p].uid < entry.uid) out.add(put[p++]);
    while (r < removed.size() && removed[r] < entry.uid) ++r;
    const bool replaced = p < put.size() && put[p].uid == entry.uid;
    const bool gone = r < removed.size() && removed[r] == entry.uid;
    if (!gone) out.add(replaced ? put[p] : entry);
    if (replaced) ++p;
  }
  for (; p < put.size(); ++p) out.add(put[p]);
}

}  // namespace

MailboxView::MailboxView(MailboxInfo info, std::vector<ChunkPtr> chunks)
    : info_{std::move(info)}, chunks_{std::move(chunks)} {
  begins_.reserve(chunks_.size());
  for (const auto& chunk : chunks_) {
    begins_.push_back(size_);
    size_ += chunk->size();
  }
}

const Entry& MailboxView::at(std::size_t index) const {
  const auto after = std::ranges::upper_bound(begins_, index);
  const auto chunk = static_cast<std::size_t>(after - begins_.begin()) - 1;
  return chunks_.at(chunk)->at(index - begins_.at(chunk));
}

std::size_t MailboxView::lower_bound(Uid uid) const {
  const auto chunk = std::lower_bound(chunks_.begin(), chunks_.end(), uid, ends_below);
  if (chunk == chunks_.end()) return size_;
  const auto entry = std::lower_bound((*chunk)->begin(), (*chunk)->end(), uid, uid_below);
  return begins_.at(static_cast<std::size_t>(chunk - chunks_.begin())) +
         static_cast<std::size_t>(entry - (*chunk)->begin());
}

std::optional<std::size_t> MailboxView::find(Uid uid) const {
  const auto index = lower_bound(uid);
  if (index == size_ || at(index).uid != uid) return std::nullopt;
  return index;
}

std::shared_ptr<const MailboxView> edited(const MailboxView& view, MailboxInfo info,
                                          const std::vector<Entry>& put,
                                          const std::vector<Uid>& removed) {
  ChunkBuilder out;
  const auto& chunks = view.chunks();
  std::size_t p = 0;
  std::size_t r = 0;
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    const bool is_last = i + 1 == chunks.size();
    const Uid last = chunks[i]->back().uid;
    // The last chunk takes what comes after it, so that arrivals fill it up.
    const bool fills = is_last && chunks[i]->size() < MailboxView::kChunk;
    const auto p_end =
        fills ? put.size()
              : static_cast<std::size_t>(std::ranges::upper_bound(put, last, {}, &Entry::uid) -
                                         put.begin());
    const auto r_end =
        static_cast<std::size_t>(std::ranges::upper_bound(removed, last) - removed.begin());
    if (p_end == p && r_end == r) {
      out.pass(chunks[i]);
    } else {
      merge_chunk(*chunks[i], std::span{put}.subspan(p, p_end - p),
                  std::span{removed}.subspan(r, r_end - r), out);
      if (!is_last) out.close();
    }
    p = p_end;
    r = r_end;
  }
  for (; p < put.size(); ++p) out.add(put[p]);
  return std::make_shared<const MailboxView>(std::move(info), out.finish());
}

ViewDiff diff(const MailboxView& from, const MailboxView& to) {
  ViewDiff out;
  std::size_t old_chunk = 0;
  std::size_t new_chunk = 0;
  std::size_t old_at = 0;  // in the chunk
  std::size_t new_at = 0;
  std::size_t old_index = 0;
  std::size_t new_index = 0;
  const auto& olds = from.chunks();
  const auto& news = to.chunks();
  while (old_chunk < olds.size() && new_chunk < news.size()) {
    const Chunk& o = *olds[old_chunk];
    const Chunk& n = *news[new_chunk];
    if (old_at == 0 && new_at == 0 && olds[old_chunk] == news[new_chunk]) {
      old_index += o.size();
      new_index += n.size();
      ++old_chunk;
      ++new_chunk;
      continue;
    }
    const Entry& before = o.at(old_at);
    const Entry& after = n.at(new_at);
    if (before.uid == after.uid) {
      if (before.modseq != after.modseq) out.changed.push_back(new_index);
      ++old_at;
      ++new_at;
      ++old_index;
      ++new_index;
    } else {  // UIDs of new messages are above all old ones: the old one went
      out.expunged.push_back(old_index++);
      ++old_at;
    }
    if (old_at == o.size()) {
      ++old_chunk;
      old_at = 0;
    }
    if (new_at == n.size()) {
      ++new_chunk;
      new_at = 0;
    }
  }
  for (; old_index < from.size(); ++old_index) out.expunged.push_back(old_index);
  out.added = to.size() - new_index;
  return out;
}

}  // namespace postern::store
