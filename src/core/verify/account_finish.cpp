#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "verify/account_check.hpp"

namespace postern::verify {

void AccountCheck::finish() {
  if (removing_) return finish_blobs();
  sort_places();
  finish_vanished();
  const auto known = context_.accounts.find(id_);
  if (known == context_.accounts.end()) {
    add(where(), "holds data, and the directory does not know it");
  } else if (!state_) {
    add(where(), "has no state record");
  }
  finish_mailboxes();
  finish_usage();
  finish_entries();
  finish_messages();
  finish_blobs();
}

void AccountCheck::check_mailbox(MailboxId id, const Box& box) {
  const auto& record = box.record;
  const auto differs = [&](std::string_view what, std::uint64_t says, std::uint64_t is) {
    if (says != is) add(where(id), fmt::format("says {} {}, and has {}", says, what, is));
  };
  differs("messages", record.messages, box.messages);
  differs("unseen", record.unseen, box.unseen);
  differs("deleted", record.deleted, box.deleted);
  differs("octets", record.octets, box.octets);
  if (!state_) return;
  if (id == MailboxId{} || id.value() > state_->counter)
    add(where(id), "its id was never given out");
  if (record.highest_modseq.value() > state_->counter)
    add(where(id), "its HIGHESTMODSEQ is above the account's change counter");
  if (record.uid_validity.value() > state_->uid_validity)
    add(where(id), "its UIDVALIDITY was never given out");
}

void AccountCheck::finish_mailboxes() {
  std::set<std::string_view> names;
  std::set<std::uint8_t> uses;
  std::set<UidValidity> validities;
  for (const auto& [id, box] : boxes_) {
    const auto& record = box.record;
    check_mailbox(id, box);
    if (!names.insert(record.name).second) add(where(id), "another mailbox has its name");
    if (record.special_use != 0 && !uses.insert(record.special_use).second)
      add(where(id), "another mailbox has its special use");
    if (!validities.insert(record.uid_validity).second)
      add(where(id), "another mailbox has its UIDVALIDITY");
  }
  if (!names.contains("INBOX")) add(where(), "has no INBOX");
}

void AccountCheck::finish_usage() {
  std::uint64_t used = 0;
  for (const auto& place : places_) used += place.size;
  if (state_ && state_->used != used)
    add(where(), fmt::format("says {} octets are used, and holds {}", state_->used, used));
}

void AccountCheck::finish_entries() {
  for (const auto& place : places_) {
    const auto* const of = mail(place.message);
    if (of == nullptr) {
      add(where(place.mailbox, place.uid.value()), "its message does not exist");
    } else if (of->served_size != place.size) {
      add(where(place.mailbox, place.uid.value()),
          fmt::format("says {} octets, and its message has {}", place.size, of->served_size));
    }
  }
}

void AccountCheck::finish_messages() {
  std::ranges::sort(gone_);
  for (const auto& one : mails_) {
    if (!one.has_places) add(where(one.id), "has no places record");
    const auto gone = std::ranges::equal_range(gone_, one.id);
    if (one.gone != gone.size()) {
      add(where(one.id),
          fmt::format("says it is gone from {} places, and is from {}", one.gone, gone.size()));
    }
  }
}

/// Which bodies this account needs, once each.
void AccountCheck::finish_blobs() {
  std::ranges::sort(mails_, {}, [](const Mail& one) { return one.blob; });
  for (auto first = mails_.begin(); first != mails_.end();) {
    const auto last =
        std::find_if(first, mails_.end(), [&](const Mail& one) { return one.blob != first->blob; });
    const auto copies = static_cast<std::uint64_t>(last - first);
    const auto counted = counts_.find(first->blob);
    const std::uint64_t says = counted == counts_.end() ? 1 : counted->second;
    if (removing_) {
      // The count went with the other messages.
    } else if (says != copies || (copies == 1 && counted != counts_.end())) {
      add(where() + ", body " + to_text(first->blob),
          fmt::format("says {} messages share it, and {} do", says, copies));
    }
    if (counted != counts_.end()) counts_.erase(counted);
    for (auto one = first; one != last; ++one) {
      if (one->body_size != first->body_size)
        add(where(one->id), "does not agree with another message on the size of their body");
    }
    context_.refs.push_back({.blob = first->blob, .account = id_, .size = first->body_size});
    first = last;
  }
  for (const auto& [blob, count] : counts_)
    add(where() + ", body " + to_text(blob), "is counted, and no message has it");
}

}  // namespace postern::verify
