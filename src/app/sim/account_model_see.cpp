#include <algorithm>

#include <fmt/format.h>

#include "sim/account_model.hpp"

namespace postern::sim {

void AccountModel::check_info(MailboxId id, const store::MailboxInfo& info) {
  auto& box = boxes_[id];
  const auto [known, fresh] = validities_.try_emplace(info.uid_validity, id);
  if (known->second != id) {
    breach(fmt::format("UIDVALIDITY {} of mailbox {} belongs to mailbox {}",
                       info.uid_validity.value(), id.value(), known->second.value()));
  }
  if (box.validity != UidValidity{} && box.validity != info.uid_validity)
    breach(fmt::format("mailbox {} changed its UIDVALIDITY", id.value()));
  box.validity = info.uid_validity;
  if (info.uid_next < box.uid_next) {
    breach(fmt::format("UIDNEXT of mailbox {} fell from {} to {}", id.value(), box.uid_next.value(),
                       info.uid_next.value()));
  }
  if (info.highest_modseq < box.told || info.uid_next < box.told_next) {
    breach(
        fmt::format("mailbox {}: a session was told of MODSEQ {} and UIDNEXT {}, there are {} "
                    "and {}",
                    id.value(), box.told.value(), box.told_next.value(),
                    info.highest_modseq.value(), info.uid_next.value()));
  }
  if (info.highest_modseq < box.highest) {
    breach(fmt::format("HIGHESTMODSEQ of mailbox {} fell from {} to {}", id.value(),
                       box.highest.value(), info.highest_modseq.value()));
  }
}

void AccountModel::see_boxes(const std::vector<store::MailboxInfo>& infos) {
  std::set<MailboxId> there;
  const bool first = boxes_.empty();
  for (const auto& info : infos) {
    there.insert(info.id);
    const auto known = boxes_.find(info.id);
    // A box without a name was met as the place of a message only.
    const bool fresh = known == boxes_.end() || known->second.names.empty();
    if (!first && known == boxes_.end() && !coming_names_.contains(info.name))
      breach(fmt::format("mailbox \"{}\" ({}) appeared", info.name, info.id.value()));
    auto& box = boxes_[info.id];
    if (!fresh && !box.names.contains(info.name))
      breach(fmt::format("mailbox {} is called \"{}\"", info.id.value(), info.name));
    if (box.gone) breach(fmt::format("mailbox \"{}\" was removed and is there", info.name));
    const bool sure = std::ranges::none_of(ops_, [](const auto& entry) {
      return entry.second.plan.boxes.kind == BoxChange::Kind::rename;
    });
    if (fresh || sure) box.names = {info.name};
    check_info(info.id, info);
  }
  for (auto& [id, box] : boxes_) {
    if (there.contains(id)) continue;
    if (!box.gone && box.removals == 0) breach(fmt::format("mailbox {} is lost", id.value()));
    box.gone = true;
    see_gone(box, id, {});
  }
}

void AccountModel::check_counts(const store::MailboxView& view) {
  const auto& info = view.info();
  std::uint32_t unseen = 0;
  std::uint32_t deleted = 0;
  std::uint64_t octets = 0;
  Uid last{0};
  for (std::size_t i = 0; i < view.size(); ++i) {
    const auto& entry = view.at(i);
    if (!entry.flags.has(store::Flags::kSeen)) ++unseen;
    if (entry.flags.has(store::Flags::kDeleted)) ++deleted;
    octets += entry.size;
    if (entry.uid <= last || entry.uid >= info.uid_next || entry.modseq > info.highest_modseq) {
      breach(fmt::format("mailbox {}, uid {}: out of order or beyond the mailbox's counters",
                         info.id.value(), entry.uid.value()));
    }
    last = entry.uid;
  }
  if (info.messages != view.size() || info.unseen != unseen || info.deleted != deleted ||
      info.octets != octets) {
    breach(fmt::format("mailbox {}: counts {}/{}/{}/{}, entries {}/{}/{}/{}", info.id.value(),
                       info.messages, info.unseen, info.deleted, info.octets, view.size(), unseen,
                       deleted, octets));
  }
}

/// An entry that nobody was told of: some operation must want it.
bool AccountModel::adopt(Box& box, Place place, State state, Tag tag) {
  auto birth = awaited_.end();
  for (auto it = awaited_.begin(); it != awaited_.end(); ++it)
    if (it->fits(place.box, tag) && (birth == awaited_.end() || it->before(*birth))) birth = it;
  if (birth == awaited_.end() && relayed_.contains(tag)) {
    Copy copy{.tag = tag, .states = only(state)};
    join_emptyings(place, copy);
    box.copies.emplace(place.uid, std::move(copy));
    return true;
  }
  if (birth == awaited_.end()) {
    breach(fmt::format("mailbox {}, uid {}: message {} appeared unasked, or twice",
                       place.box.value(), place.uid.value(), tag.value()));
    return false;
  }
  if (!birth->birth.source && (birth->birth.states & only(state)) == 0)
    breach(fmt::format("message {} came with flags {:#x}", tag.value(), state));
  if (const auto op = ops_.find(birth->op); op != ops_.end()) op->second.appeared = true;
  const auto left = birth->not_in;
  awaited_.erase(birth);
  // It came to a mailbox that was emptied before anybody saw it there: that birth is over, too.
  if (left) {
    const auto there = std::ranges::find_if(awaited_, [&](const Awaited& awaited) {
      return awaited.birth.tag == tag && awaited.birth.box == left;
    });
    if (there != awaited_.end()) awaited_.erase(there);
  }
  Copy copy{.tag = tag, .states = only(state)};
  join_emptyings(place, copy);
  box.copies.emplace(place.uid, std::move(copy));
  return true;
}

void AccountModel::see_entry(Box& box, MailboxId id, const store::MailboxView& view, std::size_t at,
                             Tag tag) {
  const auto& entry = view.at(at);
  const State state = to_state(entry.flags, view.info().keywords);
  const Place place{id, entry.uid};
  if (!box.copies.contains(entry.uid)) {
    if (entry.uid < box.uid_next) {
      breach(fmt::format("mailbox {}, uid {}: new, and below the UIDNEXT that was shown",
                         id.value(), entry.uid.value()));
    }
    if (!adopt(box, place, state, tag)) return;
  }
  auto& copy = box.copies[entry.uid];
  seen_.insert(tag);
  if (copy.tag != tag) {
    breach(fmt::format("mailbox {}, uid {}: message {} became message {}", id.value(),
                       entry.uid.value(), copy.tag.value(), tag.value()));
  }
  if ((copy.states & only(state)) == 0) {
    breach(fmt::format("mailbox {}, uid {}, message {}: flags are {:#x}, may be {:#x}", id.value(),
                       entry.uid.value(), tag.value(), state, copy.states));
  }
  const bool changed = !copy.seen || *copy.seen != state;
  if (entry.modseq < copy.modseq || (changed && entry.modseq <= box.highest)) {
    breach(fmt::format("mailbox {}, uid {}: changed, but MODSEQ {} is not above {}", id.value(),
                       entry.uid.value(), entry.modseq.value(), box.highest.value()));
  }
  copy.seen = state;
  copy.modseq = entry.modseq;
  std::vector<Change> changes;
  changes.reserve(copy.active.size());
  for (const auto& active : copy.active) changes.push_back(active.change);
  copy.states = closure(only(state), changes);
}

void AccountModel::see_gone(Box& box, MailboxId id, const std::set<Uid>& there) {
  for (auto& [uid, copy] : box.copies) {
    if (there.contains(uid)) continue;
    if ((copy.states & only(kGone)) == 0) {
      breach(fmt::format("mailbox {}, uid {}: message {} is lost", id.value(), uid.value(),
                         copy.tag.value()));
    }
    copy.seen = kGone;
    copy.states = only(kGone);
  }
  const auto missing = std::ranges::find_if(
      awaited_, [id](const Awaited& awaited) { return awaited.owed && awaited.birth.box == id; });
  if (missing == awaited_.end()) return;
  if (!box.gone) {
    breach(fmt::format("mailbox {}: message {} was acknowledged and is not there", id.value(),
                       missing->birth.tag.value()));
  }
  std::erase_if(awaited_,
                [id](const Awaited& awaited) { return awaited.owed && awaited.birth.box == id; });
}

void AccountModel::see_view(const store::MailboxView& view, const std::vector<Tag>& tags) {
  const MailboxId id = view.info().id;
  check_counts(view);
  check_info(id, view.info());
  auto& box = boxes_[id];
  std::set<Uid> there;
  for (std::size_t i = 0; i < view.size(); ++i) {
    there.insert(view.at(i).uid);
    if (box.told_gone.contains(view.at(i).uid)) {
      breach(fmt::format("mailbox {}, uid {}: a session was told that it went, and it is there",
                         id.value(), view.at(i).uid.value()));
    }
    if (tags.at(i) != Tag{}) see_entry(box, id, view, i, tags.at(i));
  }
  see_gone(box, id, there);
  box.uid_next = view.info().uid_next;
  box.highest = view.info().highest_modseq;
}

void AccountModel::told_modseq(MailboxId box, ModSeq modseq) {
  auto& told = boxes_[box].told;
  told = std::max(told, modseq);
}

void AccountModel::told_next(MailboxId box, Uid next) {
  auto& told = boxes_[box].told_next;
  told = std::max(told, next);
}

void AccountModel::told_gone(Place place) {
  boxes_[place.box].told_gone.insert(place.uid);
}

void AccountModel::see_all() {
  for (const auto& awaited : awaited_) {
    if (awaited.owed && !awaited.birth.box)
      breach(fmt::format("message {} was acknowledged and is nowhere", awaited.birth.tag.value()));
  }
  std::erase_if(awaited_, [](const Awaited& awaited) {
    return awaited.possible || (awaited.owed && !awaited.birth.box);
  });
}

}  // namespace postern::sim
