#include "sim/account_model.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace postern::sim {
namespace {

std::string to_text(Place place) {
  return fmt::format("mailbox {}, uid {}", place.box.value(), place.uid.value());
}

std::vector<std::string> parents_of(const std::string& name) {
  std::vector<std::string> out{name};
  for (auto slash = name.find('/'); slash != std::string::npos; slash = name.find('/', slash + 1))
    out.push_back(name.substr(0, slash));
  return out;
}

}  // namespace

AccountModel::Copy* AccountModel::find(Place place) {
  const auto box = boxes_.find(place.box);
  if (box == boxes_.end()) return nullptr;
  const auto copy = box->second.copies.find(place.uid);
  return copy == box->second.copies.end() ? nullptr : &copy->second;
}

const AccountModel::Copy* AccountModel::find(Place place) const {
  const auto box = boxes_.find(place.box);
  if (box == boxes_.end()) return nullptr;
  const auto copy = box->second.copies.find(place.uid);
  return copy == box->second.copies.end() ? nullptr : &copy->second;
}

/// It may hold what was promised and has not been seen.
void AccountModel::begin_removal(MailboxId box) {
  ++boxes_[box].removals;
  for (auto& awaited : awaited_) {
    if (!awaited.owed || awaited.birth.box) continue;
    awaited.owed = false;
    awaited.possible = true;
  }
}

OpId AccountModel::begin(Plan plan) {
  ++epoch_;
  const OpId id{++last_op_};
  for (const auto place : plan.targets) {
    Copy* const copy = find(place);
    if (copy == nullptr) continue;
    for (auto& other : copy->active) other.alone = false;
    copy->active.push_back({id, plan.change, copy->states, copy->active.empty()});
    std::vector<Change> changes;
    for (const auto& active : copy->active) changes.push_back(active.change);
    copy->states = closure(copy->states, changes);
  }
  for (const auto& birth : plan.births) awaited_.push_back({.op = id, .birth = birth});
  if (plan.boxes.kind == BoxChange::Kind::remove) begin_removal(plan.boxes.box);
  if (plan.boxes.kind == BoxChange::Kind::create) {
    for (auto& name : parents_of(plan.boxes.name)) coming_names_.insert(std::move(name));
  }
  if (plan.boxes.kind == BoxChange::Kind::empty) {
    for (auto& name : parents_of(plan.boxes.to)) coming_names_.insert(std::move(name));
  }
  if (plan.boxes.kind == BoxChange::Kind::rename) {
    const auto coming = coming_names_;  // made, and not seen yet
    for (const auto& name : coming) {
      if (name.starts_with(plan.boxes.name + "/"))
        coming_names_.insert(plan.boxes.to + name.substr(plan.boxes.name.size()));
    }
    for (auto& name : parents_of(plan.boxes.to)) coming_names_.insert(std::move(name));
    for (auto& [box_id, box] : boxes_) {
      const auto names = box.names;
      for (const auto& name : names) {
        if (name == plan.boxes.name || name.starts_with(plan.boxes.name + "/"))
          box.names.insert(plan.boxes.to + name.substr(plan.boxes.name.size()));
      }
    }
  }
  Op& op = ops_.emplace(id, Op{std::move(plan)}).first->second;
  if (op.plan.boxes.kind == BoxChange::Kind::empty) {
    begin_emptying(id, op);
  } else {
    await_beyond(id, op);
  }
  return id;
}

States AccountModel::birth_states(OpId op, const Op& what, const Birth& birth) const {
  if (!birth.source) return birth.states;
  const Copy* const source = find(*birth.source);
  if (source == nullptr || !what.plan.targets.empty()) {
    if (source != nullptr) {
      for (const auto& active : source->active)
        if (active.op == op && active.alone) return active.before & kAnyFlags;
    }
  }
  return kAnyFlags;
}

/// What `effect` says about a copy nobody else was working on.
void AccountModel::end_on(Copy& copy, OpId op, Effect effect, const std::string& what) {
  const auto active = std::ranges::find(copy.active, op, &Active::op);
  if (active == copy.active.end()) return;
  const Active mine = *active;
  copy.active.erase(active);
  States states = 0;
  switch (effect) {
    case Effect::applied: {
      const bool only_deleted = mine.change.kind == Change::Kind::expunge;
      const States there = mine.before & kAnyFlags;
      states = mine.change.of(only_deleted ? there & ~mine.change.untouched(there) : there);
      break;
    }
    case Effect::untouched: states = mine.change.untouched(mine.before); break;
    case Effect::missing:   states = mine.before & only(kGone); break;
    case Effect::spared:    states = mine.before; break;
    case Effect::either:    states = mine.change.of(mine.before); break;
  }
  if (!mine.alone) return;
  if (states == 0) {
    breach(fmt::format("{}: its answer about message {} contradicts what was known ({:#x}, {})",
                       what, copy.tag.value(), mine.before, static_cast<int>(effect)));
  } else {
    copy.states = states;
  }
}

void AccountModel::add_born(const Op& op, const Born& born) {
  auto& box = boxes_[born.place.box];
  if (const Copy* const known = find(born.place)) {
    if (known->tag != born.tag) {
      breach(fmt::format("{}: {} was given to message {} and to {}", op.plan.what,
                         to_text(born.place), known->tag.value(), born.tag.value()));
    }
    return;
  }
  Copy copy{.tag = born.tag, .states = kAnyFlags};
  for (const auto& birth : op.plan.births)
    if (birth.tag == born.tag) copy.states = birth.states;
  if (box.removals > 0 || box.gone || op.emptied) copy.states |= only(kGone);
  if (born.place.uid < box.uid_next) {
    breach(fmt::format("{}: {} is below the UIDNEXT that was shown", op.plan.what,
                       to_text(born.place)));
  }
  join_emptyings(born.place, copy);
  box.copies.emplace(born.place.uid, std::move(copy));
}

void AccountModel::finish_boxes(const Op& op) {
  const auto& change = op.plan.boxes;
  if (change.kind == BoxChange::Kind::remove) boxes_[change.box].gone = true;
  if (change.kind != BoxChange::Kind::rename) return;
  for (auto& [id, box] : boxes_) {
    std::erase_if(box.names, [&change](const std::string& name) {
      return change.name != "INBOX" && (name == change.name || name.starts_with(change.name + "/"));
    });
  }
}

void AccountModel::done(OpId id, const std::vector<Effect>& effects, const std::vector<Born>& born,
                        bool owed) {
  const auto found = ops_.find(id);
  if (found == ops_.end()) return;
  ++epoch_;
  Op& op = found->second;
  for (auto& birth : op.plan.births) birth.states = birth_states(id, op, birth);
  for (const auto& one : born) add_born(op, one);
  const bool empties = op.plan.boxes.kind == BoxChange::Kind::empty;
  if (empties) finish_emptying(id);
  for (std::size_t i = 0; i < op.plan.targets.size(); ++i) {
    Copy* const copy = find(op.plan.targets[i]);
    // What joined an emptying late has no effect named.
    const Effect effect = i < effects.size() ? effects[i] : Effect::either;
    if (copy != nullptr) end_on(*copy, id, effect, op.plan.what);
  }
  finish_boxes(op);
  if (owed) {
    for (auto& awaited : awaited_) {
      if (awaited.op != id) continue;
      awaited.owed = true;
      if (op.emptied) awaited.birth.box.reset();
    }
  } else if (!empties) {
    std::erase_if(awaited_, [id](const Awaited& awaited) { return awaited.op == id; });
  }
  ops_.erase(found);
}

void AccountModel::refused(OpId id) {
  const auto found = ops_.find(id);
  if (found == ops_.end()) return;
  ++epoch_;
  const Op& op = found->second;
  if (op.appeared) breach(op.plan.what + ": refused, but what it makes was seen");
  for (const auto place : op.plan.targets)
    if (Copy* const copy = find(place)) end_on(*copy, id, Effect::spared, op.plan.what);
  if (op.plan.boxes.kind == BoxChange::Kind::remove) --boxes_[op.plan.boxes.box].removals;
  std::erase_if(awaited_, [id](const Awaited& awaited) { return awaited.op == id; });
  ops_.erase(found);
}

void AccountModel::unknown(OpId id) {
  const auto found = ops_.find(id);
  if (found == ops_.end()) return;
  ++epoch_;
  found->second.unknown = true;
}

void AccountModel::unknown_all() {
  ++epoch_;
  for (auto& [id, op] : ops_) op.unknown = true;
}

void AccountModel::settle() {
  ++epoch_;
  for (auto& [id, op] : ops_) {
    if (!op.unknown) continue;
    for (const auto place : op.plan.targets) {
      if (Copy* const copy = find(place))
        std::erase_if(copy->active, [&id](const Active& active) { return active.op == id; });
    }
    std::erase_if(awaited_, [&id](const Awaited& awaited) { return awaited.op == id; });
    if (op.plan.boxes.kind == BoxChange::Kind::remove) --boxes_[op.plan.boxes.box].removals;
  }
  std::erase_if(ops_, [](const auto& entry) { return entry.second.unknown; });
  for (auto& [id, box] : boxes_) {
    for (auto& [uid, copy] : box.copies) {
      if (!copy.active.empty() || !copy.seen) continue;
      copy.states = only(*copy.seen);
    }
  }
  if (ops_.empty()) coming_names_.clear();
}

std::vector<Place> AccountModel::places() const {
  std::vector<Place> out;
  for (const auto& [id, box] : boxes_) {
    if (box.gone) continue;
    for (const auto& [uid, copy] : box.copies)
      if (copy.states != only(kGone)) out.push_back({id, uid});
  }
  return out;
}

std::vector<MailboxId> AccountModel::boxes() const {
  std::vector<MailboxId> out;
  for (const auto& [id, box] : boxes_)
    if (!box.gone && box.removals == 0) out.push_back(id);
  return out;
}

std::optional<std::string> AccountModel::name_of(MailboxId id) const {
  const auto box = boxes_.find(id);
  if (box == boxes_.end() || box->second.gone || box->second.names.size() != 1) return std::nullopt;
  return *box->second.names.begin();
}

std::optional<MailboxId> AccountModel::box_named(const std::string& name) const {
  for (const auto& [id, box] : boxes_)
    if (!box.gone && box.names == std::set{name}) return id;
  return std::nullopt;
}

Tag AccountModel::tag_at(Place place) const {
  const Copy* const copy = find(place);
  return copy == nullptr ? Tag{} : copy->tag;
}

States AccountModel::states_at(Place place) const {
  const Copy* const copy = find(place);
  return copy == nullptr ? only(kGone) : copy->states;
}

bool AccountModel::expects(Tag tag) const {
  return std::ranges::any_of(awaited_,
                             [tag](const Awaited& awaited) { return awaited.birth.tag == tag; });
}

std::size_t AccountModel::under_way() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(ops_, [](const auto& entry) { return !entry.second.unknown; }));
}

bool AccountModel::boxes_change() const {
  return std::ranges::any_of(ops_, [](const auto& entry) {
    return entry.second.plan.boxes.kind != BoxChange::Kind::none;
  });
}

}  // namespace postern::sim
