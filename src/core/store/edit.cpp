#include "store/edit.hpp"

#include <algorithm>
#include <utility>

#include "layout/keys.hpp"
#include "vocab/try.hpp"

namespace postern::store {
namespace {

using layout::AccountKind;

constexpr std::uint32_t kLastUid = 0xFFFFFFFFU;

void add_to(std::uint32_t& counter, bool comes) {
  counter += comes ? 1U : ~0U;
}

layout::MessageRecord record_of(const NewMessage& message, std::uint64_t thread) {
  layout::MessageRecord out;
  out.blob = message.staged->blob;
  out.body_size = message.staged->size;
  out.prefix = message.prefix;
  for (const auto& [begin, end] : message.elided) out.elided.emplace_back(begin, end);
  out.thread = thread;
  out.envelope = message.staged->envelope_record;
  out.structure = message.staged->structure_record;
  return out;
}

std::uint64_t served_size(const NewMessage& message) {
  StoredMessage shape;
  shape.body_size = message.staged->size;
  shape.prefix = message.prefix;
  shape.elided = message.elided;
  return shape.served_size();
}

}  // namespace

void add_body(const StagedMessage& message, kv::Batch& batch) {
  batch.append(message.chunks);
  if (message.streamed) batch.erase(layout::pending_key(message.blob));
}

layout::PlacesRecord only_place(MailboxId mailbox, Uid uid) {
  layout::PlacesRecord out;
  out.living.emplace_back(mailbox, uid);
  return out;
}

Edit::Edit(const Account& account, Timestamp now)
    : account_{account}, generation_{account.generation()}, now_{now}, state_{account.tip().state} {
  modseq_ = ModSeq{++state_.counter};
}

bool Edit::has_mailbox(MailboxId id) const {
  if (std::ranges::find(removed_mailboxes_, id) != removed_mailboxes_.end()) return false;
  return touched_.contains(id) || account_.tip().mailboxes.contains(id);
}

const layout::MailboxRecord& Edit::mailbox(MailboxId id) const {
  const auto touched = touched_.find(id);
  return touched != touched_.end() ? touched->second : account_.tip().mailboxes.at(id);
}

layout::MailboxRecord& Edit::touch(MailboxId id) {
  const auto touched = touched_.find(id);
  if (touched != touched_.end()) return touched->second;
  auto& record = touched_.emplace(id, account_.tip().mailboxes.at(id)).first->second;
  record.highest_modseq = modseq_;
  return record;
}

MailboxId Edit::add_mailbox(std::string name, SpecialUse use) {
  const MailboxId id{++state_.counter};
  layout::MailboxRecord record;
  record.name = std::move(name);
  record.special_use = std::to_underlying(use);
  record.uid_validity = UidValidity{++state_.uid_validity};
  record.highest_modseq = modseq_;
  touched_.emplace(id, std::move(record));
  return id;
}

void Edit::remove_mailbox(MailboxId id) {
  touched_.erase(id);
  removed_mailboxes_.push_back(id);
  batch_.erase(layout::mailbox_key(account_.id(), id));
  const auto vanished = layout::vanished_prefix(account_.id(), id);
  batch_.erase_range(vanished, record::prefix_end(vanished));
  auto& change = changes_[id];
  change = {};
  change.deleted = true;
}

Result<Uid> Edit::next_uid(MailboxId mailbox) {
  auto& record = touch(mailbox);
  if (record.uid_next.value() == kLastUid) return fail(Errc::limit_reached, "no UIDs left");
  const Uid uid = record.uid_next;
  record.uid_next = Uid{uid.value() + 1};
  return uid;
}

void Edit::count(MailboxId mailbox, const layout::EntryRecord& entry, bool comes) {
  auto& record = touch(mailbox);
  add_to(record.messages, comes);
  if ((entry.flags & Flags::kSeen) == 0) add_to(record.unseen, comes);
  if ((entry.flags & Flags::kDeleted) != 0) add_to(record.deleted, comes);
  record.octets += comes ? entry.size : ~entry.size + 1;
  state_.used += comes ? entry.size : ~entry.size + 1;
}

void Edit::put_entry(MailboxId mailbox, Uid uid, const layout::EntryRecord& entry) {
  rows_of(AccountKind::entry, mailbox)
      .put(layout::entry_key(account_.id(), mailbox, uid), layout::encode(entry));
  changes_[mailbox].put.push_back(to_entry(uid, entry));
}

void Edit::remove_entry(MailboxId mailbox, Uid uid, const layout::EntryRecord& entry) {
  count(mailbox, entry, false);
  rows_of(AccountKind::entry, mailbox).erase(layout::entry_key(account_.id(), mailbox, uid));
  changes_[mailbox].removed.push_back(uid);
}

layout::PlacesRecord& Edit::places_now(MessageId message, layout::PlacesRecord read) {
  return places_.try_emplace(message, std::move(read)).first->second;
}

void Edit::put_places(MessageId message, const layout::PlacesRecord& places) {
  rows_of(AccountKind::places)
      .put(layout::places_key(account_.id(), message), layout::encode(places));
}

Result<Flags> Edit::bits(MailboxId mailbox, const NamedFlags& flags) {
  Flags out{flags.system & Flags::kSystem};
  for (const auto& keyword : flags.keywords) {
    auto bit = keyword_bit(this->mailbox(mailbox).keywords, keyword);
    if (!bit) {
      auto& table = touch(mailbox).keywords;
      if (table.size() >= Flags::kMaxKeywords)
        return fail(Errc::limit_reached, "the mailbox has too many keywords");
      table.push_back(keyword);
      bit = keyword_bit(table, keyword);
    }
    out.bits |= bit.value_or(0);
  }
  return out;
}

Result<Edit::Added> Edit::add_message(const NewMessage& message, std::uint64_t copies) {
  POSTERN_TRY(const auto flags, bits(message.mailbox, message.flags));
  POSTERN_TRY(const auto uid, next_uid(message.mailbox));
  const MessageId id{++state_.counter};
  layout::EntryRecord entry;
  entry.message = id;
  entry.flags = flags.bits;
  entry.modseq = modseq_;
  entry.size = served_size(message);
  entry.internal_date = message.internal_date;
  entry.internal_offset = message.internal_offset;
  entry.save_date = now_;
  count(message.mailbox, entry, true);
  put_entry(message.mailbox, uid, entry);
  rows_of(AccountKind::message)
      .put(layout::message_key(account_.id(), id), layout::encode(record_of(message, id.value())));
  put_places(id, only_place(message.mailbox, uid));
  const auto& blob = message.staged->blob;
  batch_.put(layout::link_key(blob, account_.id()), {});
  if (copies > 1)
    batch_.put(layout::blob_count_key(account_.id(), blob), layout::encode_count(copies));
  return Added{uid, id};
}

void Edit::set_flags(MailboxId mailbox, Uid uid, layout::EntryRecord entry, Flags flags) {
  count(mailbox, entry, false);
  entry.flags = flags.bits;
  entry.modseq = modseq_;
  count(mailbox, entry, true);
  put_entry(mailbox, uid, entry);
}

Result<Uid> Edit::copy(MailboxId from, Uid uid, layout::EntryRecord entry,
                       layout::PlacesRecord places, MailboxId to) {
  const NamedFlags names = to_names(Flags{entry.flags}, mailbox(from).keywords);
  POSTERN_TRY(const auto flags, bits(to, names));
  POSTERN_TRY(const auto new_uid, next_uid(to));
  if (!entry.shared) {
    entry.shared = true;  // seen by nobody: the MODSEQ stays
    touch(from);
    put_entry(from, uid, entry);
  }
  entry.flags = flags.bits;
  entry.modseq = modseq_;
  entry.save_date = now_;
  count(to, entry, true);
  put_entry(to, new_uid, entry);
  auto& current = places_now(entry.message, std::move(places));
  current.living.emplace_back(to, new_uid);
  put_places(entry.message, current);
  return new_uid;
}

Result<Uid> Edit::move(MailboxId from, Uid uid, layout::EntryRecord entry,
                       layout::PlacesRecord places, MailboxId to) {
  const NamedFlags names = to_names(Flags{entry.flags}, mailbox(from).keywords);
  POSTERN_TRY(const auto flags, bits(to, names));
  POSTERN_TRY(const auto new_uid, next_uid(to));
  remove_entry(from, uid, entry);
  entry.flags = flags.bits;
  entry.modseq = modseq_;
  entry.save_date = now_;
  count(to, entry, true);
  put_entry(to, new_uid, entry);
  auto& current = places_now(entry.message, std::move(places));
  std::ranges::replace(current.living, std::pair{from, uid}, std::pair{to, new_uid});
  put_places(entry.message, current);
  return new_uid;
}

void Edit::expunge(MailboxId mailbox, Uid uid, const layout::EntryRecord& entry,
                   layout::PlacesRecord places, Timestamp erase_after) {
  const auto& box = this->mailbox(mailbox);
  layout::GoneRecord gone;
  gone.message = entry.message;
  gone.flags = entry.flags;
  gone.internal_date = entry.internal_date;
  gone.internal_offset = entry.internal_offset;
  gone.expunged = now_;
  gone.mailbox_name = box.name;
  gone.keywords = to_names(Flags{entry.flags}, box.keywords).keywords;
  batch_.put(layout::gone_key(account_.id(), erase_after, mailbox, uid), layout::encode(gone));
  remove_entry(mailbox, uid, entry);
  auto& current = places_now(entry.message, std::move(places));
  std::erase(current.living, std::pair{mailbox, uid});
  ++current.gone;
  put_places(entry.message, current);
}

void Edit::set_quota(std::uint64_t quota) {
  state_.quota = quota;
}

kv::Batch Edit::take_batch() {
  for (auto& [kind, rows] : rows_) batch_.append(std::move(rows));
  rows_.clear();
  const bool full = state_.quota != 0 && state_.used >= state_.quota;
  if (!full) state_.full_since = {};
  if (full && state_.full_since == Timestamp{}) state_.full_since = now_;
  batch_.put(layout::state_key(account_.id()), layout::encode(state_));
  for (const auto& [id, record] : touched_)
    batch_.put(layout::mailbox_key(account_.id(), id), layout::encode(record));
  for (auto& [id, change] : changes_) {
    std::ranges::sort(change.put, {}, &Entry::uid);
    std::ranges::sort(change.removed);
    if (!change.removed.empty()) {
      batch_.put(layout::vanished_key(account_.id(), id, modseq_),
                 layout::encode(layout::VanishedRecord{.uids = change.removed, .when = now_}));
    }
  }
  const auto body = batch_.required_generation();
  batch_.require_generation(std::min(body.value_or(generation_), generation_));
  return std::move(batch_);
}

Delta Edit::apply_to(Tip& tip) && {
  Delta out;
  out.mailboxes = std::move(changes_);
  for (auto& [id, record] : touched_) {
    out.mailboxes[id].info = to_info(id, record);
    tip.mailboxes.insert_or_assign(id, std::move(record));
  }
  for (const auto id : removed_mailboxes_) tip.mailboxes.erase(id);
  tip.state = std::move(state_);
  return out;
}

}  // namespace postern::store
