#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "store/flags.hpp"
#include "vocab/ids.hpp"
#include "vocab/time.hpp"

// What a session sees of a mailbox: an immutable list of its messages in UID order, published with
// the commit that made it. Taking a newer one costs nothing; two of them share all chunks that did
// not change, so that telling what changed is cheap.
namespace postern::store {

/// RFC 6154 §2; a mailbox has at most one.
enum class SpecialUse : std::uint8_t { none, archive, drafts, junk, sent, trash, flagged, all };

/// A mailbox as LIST and STATUS show it: a published value.
struct MailboxInfo {
  MailboxId id;
  std::string name;  ///< UTF-8, NFC, levels separated by '/'; "INBOX" in capitals.
  SpecialUse special_use = SpecialUse::none;
  bool subscribed = false;
  UidValidity uid_validity;
  Uid uid_next;
  ModSeq highest_modseq;
  std::uint32_t messages = 0;
  std::uint32_t unseen = 0;
  std::uint32_t deleted = 0;  ///< Messages with \Deleted.
  std::uint64_t octets = 0;   ///< Sum of served sizes: STATUS=SIZE (RFC 8438).
  Keywords keywords;
};

/// One message in one mailbox.
struct Entry {
  Uid uid;
  Flags flags;
  ModSeq modseq;
  MessageId message;
  std::uint64_t size = 0;            ///< RFC822.SIZE: octets as served.
  Timestamp internal_date{};         ///< RFC 9051 §2.3.3.
  std::int16_t internal_offset = 0;  ///< Minutes east of UTC in which INTERNALDATE is shown.
  bool shared = false;               ///< The message is or was in other places too.
  Timestamp save_date{};             ///< RFC 8514: when it came into this mailbox.
};

class MailboxView {
 public:
  static constexpr std::size_t kChunk = 256;
  using Chunk = std::vector<Entry>;  ///< 1..kChunk entries, ascending UIDs.

  /// `chunks` in ascending order, none empty. `info` agrees with them.
  MailboxView(MailboxInfo info, std::vector<std::shared_ptr<const Chunk>> chunks);

  [[nodiscard]] const MailboxInfo& info() const { return info_; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] const std::vector<std::shared_ptr<const Chunk>>& chunks() const { return chunks_; }

  /// The message with sequence number `index + 1`; index < size(). O(log chunks).
  [[nodiscard]] const Entry& at(std::size_t index) const;
  /// The position of `uid`, if it is there.
  [[nodiscard]] std::optional<std::size_t> find(Uid uid) const;
  /// The position of the first message with a UID of at least `uid`; size() if there is none.
  [[nodiscard]] std::size_t lower_bound(Uid uid) const;

 private:
  MailboxInfo info_;
  std::vector<std::shared_ptr<const Chunk>> chunks_;
  std::vector<std::size_t> begins_;  ///< Position of each chunk's first entry.
  std::size_t size_ = 0;
};

/// `view` with changes applied; chunks that are not touched are shared. Entries of `put` whose UID
/// is there replace it, others are new (any UID above the last, or in between); `removed` go.
/// Both ascending. Linear in what changes and in the number of chunks.
[[nodiscard]] std::shared_ptr<const MailboxView> edited(const MailboxView& view, MailboxInfo info,
                                                        const std::vector<Entry>& put,
                                                        const std::vector<Uid>& removed);

/// What happened between two views of one mailbox.
struct ViewDiff {
  std::vector<std::size_t> expunged;  ///< Positions in the old view, ascending.
  std::vector<std::size_t>
      changed;            ///< Positions in the new view of old messages whose MODSEQ rose.
  std::size_t added = 0;  ///< New messages: the last `added` positions of the new view.
};
/// Linear in the chunks that differ.
[[nodiscard]] ViewDiff diff(const MailboxView& from, const MailboxView& to);

}  // namespace postern::store
