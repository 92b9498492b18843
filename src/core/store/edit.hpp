#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "kv/batch.hpp"
#include "layout/records.hpp"
#include "layout/spaces.hpp"
#include "store/account.hpp"
#include "store/mailbox_view.hpp"
#include "store/message.hpp"
#include "vocab/ids.hpp"
#include "vocab/result.hpp"
#include "vocab/time.hpp"

namespace postern::store {

/// A message about to get a place in a mailbox.
struct NewMessage {
  MailboxId mailbox;
  const StagedMessage* staged = nullptr;  ///< Outlives the call.
  std::string prefix;
  std::vector<Elided> elided;
  NamedFlags flags;
  Timestamp internal_date{};
  std::int16_t internal_offset = 0;
};

/// Adds to `batch` what of the body is not in the store yet, and the end of its pending marker.
void add_body(const StagedMessage& message, kv::Batch& batch);

/// One commit of an account in the making: works on copies of what it touches, so that nothing has
/// happened until it is appended. Made and used under the account's writer; knows the tip, reads
/// nothing else. All of it gets one MODSEQ.
class Edit {
 public:
  Edit(const Account& account, Timestamp now);

  [[nodiscard]] const layout::StateRecord& state() const { return state_; }
  [[nodiscard]] ModSeq modseq() const { return modseq_; }
  [[nodiscard]] Timestamp now() const { return now_; }
  [[nodiscard]] bool has_mailbox(MailboxId id) const;
  [[nodiscard]] const layout::MailboxRecord& mailbox(MailboxId id) const;

  // Mailboxes.
  MailboxId add_mailbox(std::string name, SpecialUse use);
  void rename(MailboxId id, std::string name) { touch(id).name = std::move(name); }
  void subscribe(MailboxId id, bool on) { touch(id).subscribed = on; }
  /// Its entries must have been expunged by this edit or earlier ones.
  void remove_mailbox(MailboxId id);

  // Messages. The caller has read `entry` and `places` from the tip.
  struct Added {
    Uid uid;
    MessageId message;
  };
  /// A new message with its record, and the account's link to the blob. `limit_reached`: no UID or
  /// keyword left. `copies`: how many messages of this account share the blob after this one.
  [[nodiscard]] Result<Added> add_message(const NewMessage& message, std::uint64_t copies);
  /// New flags for an entry; counts follow.
  void set_flags(MailboxId mailbox, Uid uid, layout::EntryRecord entry, Flags flags);
  [[nodiscard]] Result<Uid> copy(MailboxId from, Uid uid, layout::EntryRecord entry,
                                 layout::PlacesRecord places, MailboxId to);
  [[nodiscard]] Result<Uid> move(MailboxId from, Uid uid, layout::EntryRecord entry,
                                 layout::PlacesRecord places, MailboxId to);
  void expunge(MailboxId mailbox, Uid uid, const layout::EntryRecord& entry,
               layout::PlacesRecord places, Timestamp erase_after);

  /// The bits of `flags` in `mailbox`, whose table grows as needed. `limit_reached`: it is full.
  [[nodiscard]] Result<Flags> bits(MailboxId mailbox, const NamedFlags& flags);
  void set_quota(std::uint64_t quota);
  /// What of a body is not in the store yet, and the end of its pending marker.
  void take_body(const StagedMessage& message) { add_body(message, batch_); }
  [[nodiscard]] kv::Batch& batch() { return batch_; }

  /// The operations, complete with counters and mailbox records. Once, at the end.
  [[nodiscard]] kv::Batch take_batch();
  /// After they were appended: brings `tip` up to date and says what views will show.
  [[nodiscard]] Delta apply_to(Tip& tip) &&;

 private:
  layout::MailboxRecord& touch(MailboxId id);
  [[nodiscard]] Result<Uid> next_uid(MailboxId mailbox);
  /// Operations on entries of one mailbox, or on the account's rows of one kind: an engine puts
  /// neighbours one after another in half the time that kinds taking turns cost it.
  kv::Batch& rows_of(layout::AccountKind kind, MailboxId mailbox = {}) {
    return rows_[{kind, mailbox}];
  }
  void put_entry(MailboxId mailbox, Uid uid, const layout::EntryRecord& entry);
  void remove_entry(MailboxId mailbox, Uid uid, const layout::EntryRecord& entry);
  void count(MailboxId mailbox, const layout::EntryRecord& entry, bool comes);
  void put_places(MessageId message, const layout::PlacesRecord& places);
  /// What this edit has made of a message's places so far; at first, what was `read`. A mailbox may
  /// hold a message twice, and one edit may change both.
  layout::PlacesRecord& places_now(MessageId message, layout::PlacesRecord read);

  const Account& account_;
  std::uint64_t generation_;  ///< Of the tip that this was made from.
  Timestamp now_;
  layout::StateRecord state_;
  ModSeq modseq_;
  std::map<MailboxId, layout::MailboxRecord> touched_;
  std::vector<MailboxId> removed_mailboxes_;
  std::map<MailboxId, MailboxChange> changes_;
  std::map<MessageId, layout::PlacesRecord> places_;
  std::map<std::pair<layout::AccountKind, MailboxId>, kv::Batch> rows_;
  kv::Batch batch_;
};

/// The places of an entry whose message has never been anywhere else.
[[nodiscard]] layout::PlacesRecord only_place(MailboxId mailbox, Uid uid);

}  // namespace postern::store
