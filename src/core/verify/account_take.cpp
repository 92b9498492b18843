#include <algorithm>
#include <bit>
#include <utility>

#include <fmt/format.h>

#include "layout/keys.hpp"
#include "mime/envelope.hpp"
#include "mime/structure.hpp"
#include "store/flags.hpp"
#include "store/mailbox_name.hpp"
#include "store/mailbox_view.hpp"
#include "verify/account_check.hpp"

namespace postern::verify {
namespace {

using layout::AccountKind;
using store::Flags;

constexpr std::uint64_t kLastUid = 0xFFFFFFFFU;

std::string_view rest_of(const kv::Pair& pair) {
  return std::string_view{pair.key}.substr(kAccountKindAt + 1);
}

std::uint64_t served_size(const layout::MessageRecord& record) {
  std::uint64_t hidden = 0;
  for (const auto& [begin, end] : record.elided) hidden += end - begin;
  return record.prefix.size() + record.body_size - hidden;
}

/// The flag bits that a mailbox with `keywords` keywords gives a meaning.
std::uint64_t meaningful(std::size_t keywords) {
  std::uint64_t out = Flags::kSystem;
  for (std::size_t i = 0; i < keywords && i < Flags::kMaxKeywords; ++i)
    out |= std::uint64_t{1} << (Flags::kFirstKeyword + i);
  return out;
}

}  // namespace

std::string AccountCheck::where(MailboxId mailbox) const {
  return fmt::format("{}, mailbox {}", where(), mailbox.value());
}
std::string AccountCheck::where(MailboxId mailbox, std::uint32_t uid) const {
  return fmt::format("{}, uid {}", where(mailbox), uid);
}
std::string AccountCheck::where(MessageId message) const {
  return fmt::format("{}, message {}", where(), message.value());
}

template <class Record>
bool AccountCheck::readable(const kv::Pair& pair, const Result<void>& key,
                            const Result<Record>& record) {
  if (!key) {
    unknown_key(context_, pair.key);
    return false;
  }
  if (record) return true;
  add(where() + ", key " + hex(pair.key), why(record.error()));
  return false;
}

void AccountCheck::take(const kv::Pair& pair) {
  const AccountKind kind{octet(pair.key, kAccountKindAt)};
  const bool known = kind >= AccountKind::state && kind <= AccountKind::blob_count;
  if (removing_ && known && kind != AccountKind::message) return;
  switch (kind) {
    case AccountKind::state:      return take_state(pair);
    case AccountKind::mailbox:    return take_mailbox(pair);
    case AccountKind::entry:      return take_entry(pair);
    case AccountKind::message:    return take_message(pair);
    case AccountKind::places:     return take_places(pair);
    case AccountKind::vanished:   return take_vanished(pair);
    case AccountKind::gone:       return take_gone(pair);
    case AccountKind::blob_count: return take_blob_count(pair);
  }
  unknown_key(context_, pair.key);
}

void AccountCheck::take_state(const kv::Pair& pair) {
  record::KeyReader in{rest_of(pair)};
  auto record = layout::decode_state(pair.value);
  if (!readable(pair, in.finish(), record)) return;
  state_ = *std::move(record);
  if (std::bit_width(state_->counter) > 63) add(where(), "its change counter is beyond 63 bits");
  const bool full = state_->quota != 0 && state_->used >= state_->quota;
  if (full != (state_->full_since != Timestamp{}))
    add(where(), full ? "is full, and nobody knows since when" : "is not full, but said to be");
}

void AccountCheck::take_mailbox(const kv::Pair& pair) {
  record::KeyReader in{rest_of(pair)};
  const MailboxId id{in.u64()};
  auto record = layout::decode_mailbox(pair.value);
  if (!readable(pair, in.finish(), record)) return;
  ++context_.report.counts.mailboxes;
  Box box;
  box.keyword_bits = meaningful(record->keywords.size());
  const auto normal = store::normal_mailbox_name(record->name);
  if (!normal || *normal != record->name) add(where(id), "its name is none");
  if (record->special_use > std::to_underlying(store::SpecialUse::all))
    add(where(id), "its special use is unknown");
  if (record->keywords.size() > Flags::kMaxKeywords) add(where(id), "has too many keywords");
  if (record->uid_validity == UidValidity{}) add(where(id), "its UIDVALIDITY is 0");
  box.record = *std::move(record);
  boxes_.emplace(id, std::move(box));
}

void AccountCheck::take_entry(const kv::Pair& pair) {
  record::KeyReader in{rest_of(pair)};
  const MailboxId mailbox{in.u64()};
  const Uid uid{in.u32()};
  const auto entry = layout::decode_entry(pair.value);
  if (!readable(pair, in.finish(), entry)) return;
  ++context_.report.counts.entries;
  places_.push_back({.message = entry->message,
                     .mailbox = mailbox,
                     .uid = uid,
                     .shared = entry->shared,
                     .size = entry->size});
  const auto found = boxes_.find(mailbox);
  if (found == boxes_.end()) return add(where(mailbox, uid.value()), "its mailbox does not exist");
  auto& box = found->second;
  ++box.messages;
  if ((entry->flags & Flags::kSeen) == 0) ++box.unseen;
  if ((entry->flags & Flags::kDeleted) != 0) ++box.deleted;
  box.octets += entry->size;
  box.uids.push_back(uid.value());
  check_entry(box, uid, *entry);
}

void AccountCheck::check_entry(const Box& box, Uid uid, const layout::EntryRecord& entry) {
  const auto at = [&] { return where(places_.back().mailbox, uid.value()); };
  if (uid == Uid{} || uid >= box.record.uid_next) add(at(), "its UID was never given out");
  if (entry.modseq == ModSeq{} || entry.modseq > box.record.highest_modseq)
    add(at(), "its MODSEQ is above its mailbox's");
  if ((entry.flags & ~box.keyword_bits) != 0) add(at(), "has flags without a name");
}

void AccountCheck::take_message(const kv::Pair& pair) {
  record::KeyReader in{rest_of(pair)};
  const MessageId id{in.u64()};
  const auto record = layout::decode_message(pair.value);
  if (!readable(pair, in.finish(), record)) return;
  ++context_.report.counts.messages;
  mails_.push_back({.id = id,
                    .blob = record->blob,
                    .body_size = record->body_size,
                    .served_size = served_size(*record),
                    .gone = 0,
                    .has_places = false});
  if (const auto envelope = mime::decode_envelope(record->envelope); !envelope)
    add(where(id), "its envelope: " + why(envelope.error()));
  if (const auto structure = mime::decode_part(record->structure); !structure)
    add(where(id), "its body structure: " + why(structure.error()));
  if (removing_) return;
  const auto counter = state_ ? state_->counter : 0;
  if (id == MessageId{} || id.value() > counter || record->thread == 0 || record->thread > counter)
    add(where(id), "its id or thread was never given out");
}

AccountCheck::Mail* AccountCheck::mail(MessageId id) {
  const auto found = std::ranges::lower_bound(mails_, id, {}, &Mail::id);
  return found == mails_.end() || found->id != id ? nullptr : &*found;
}

bool AccountCheck::is_living(MailboxId mailbox, std::uint32_t uid) const {
  const auto box = boxes_.find(mailbox);
  return box != boxes_.end() && std::ranges::binary_search(box->second.uids, uid);
}

void AccountCheck::sort_places() {
  if (std::exchange(sorted_, true)) return;
  std::ranges::sort(places_, {}, [](const Place& place) {
    return std::tuple{place.message, place.mailbox, place.uid};
  });
}

void AccountCheck::take_places(const kv::Pair& pair) {
  sort_places();
  record::KeyReader in{rest_of(pair)};
  const MessageId id{in.u64()};
  const auto record = layout::decode_places(pair.value);
  if (!readable(pair, in.finish(), record)) return;
  auto* const of = mail(id);
  if (of == nullptr) return add(where(id), "has places, and does not exist");
  of->has_places = true;
  of->gone = record->gone;
  if (record->living.empty() && record->gone == 0) add(where(id), "is nowhere any more");
  check_living(*of, *record);
}

/// `places` names exactly the entries that there are.
void AccountCheck::check_living(const Mail& mail, const layout::PlacesRecord& places) {
  auto named = places.living;
  std::ranges::sort(named);
  const auto entries = std::ranges::equal_range(places_, mail.id, {}, &Place::message);
  const auto same = [](const Place& place, const std::pair<MailboxId, Uid>& name) {
    return place.mailbox == name.first && place.uid == name.second;
  };
  if (!std::ranges::equal(entries, named, same))
    add(where(mail.id), "its places are not those of its entries");
  const bool alone = named.size() == 1 && places.gone == 0;
  for (const auto& place : entries) {
    if (!place.shared && !alone)
      add(where(place.mailbox, place.uid.value()), "does not know that its message is shared");
  }
}

void AccountCheck::take_vanished(const kv::Pair& pair) {
  record::KeyReader in{rest_of(pair)};
  const MailboxId mailbox{in.u64()};
  const ModSeq modseq{in.u64()};
  const auto record = layout::decode_vanished(pair.value);
  if (!readable(pair, in.finish(), record)) return;
  if (mailbox != vanishing_) finish_vanished();
  vanishing_ = mailbox;
  for (const auto uid : record->uids) vanished_.push_back(uid.value());
  const auto box = boxes_.find(mailbox);
  if (box == boxes_.end())
    return add(where(mailbox), "messages vanished from it, and it does not exist");
  if (modseq > box->second.record.highest_modseq)
    add(where(mailbox), "something vanished at a MODSEQ above its own");
  if (!std::ranges::is_sorted(record->uids)) add(where(mailbox), "vanished UIDs are out of order");
}

/// UIDs vanish once, and have been given out before.
void AccountCheck::finish_vanished() {
  std::ranges::sort(vanished_);
  if (std::ranges::adjacent_find(vanished_) != vanished_.end())
    add(where(vanishing_), "a UID vanished twice");
  const auto box = boxes_.find(vanishing_);
  const auto uid_next =
      box == boxes_.end() ? kLastUid : std::uint64_t{box->second.record.uid_next.value()};
  for (const auto uid : vanished_) {
    if (is_living(vanishing_, uid)) add(where(vanishing_, uid), "has vanished and is there");
    if (uid >= uid_next) add(where(vanishing_, uid), "vanished, and was never given out");
  }
  vanished_.clear();
}

void AccountCheck::take_gone(const kv::Pair& pair) {
  record::KeyReader in{rest_of(pair)};
  const auto erase_after = from_micros(in.i64());
  const MailboxId mailbox{in.u64()};
  const auto uid = in.u32();
  const auto record = layout::decode_gone(pair.value);
  if (!readable(pair, in.finish(), record)) return;
  ++context_.report.counts.gone;
  gone_.push_back(record->message);
  if (is_living(mailbox, uid)) add(where(mailbox, uid), "is gone and is there");
  if (erase_after < record->expunged)
    add(where(mailbox, uid), "is to be erased before it was expunged");
  if (mail(record->message) == nullptr)
    add(where(mailbox, uid), "is gone, and its message does not exist");
}

void AccountCheck::take_blob_count(const kv::Pair& pair) {
  record::KeyReader in{rest_of(pair)};
  const auto blob = in.blob();
  const auto count = layout::decode_count(pair.value);
  if (readable(pair, in.finish(), count)) counts_.emplace(blob, *count);
}

}  // namespace postern::verify
