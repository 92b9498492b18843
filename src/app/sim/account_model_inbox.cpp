// RENAME of INBOX (RFC 9051 §6.3.6): the mailbox stays and is empty, and its messages, those that
// came while it was under way included, are in a new mailbox under new UIDs.
#include <algorithm>
#include <iterator>
#include <utility>

#include "sim/account_model.hpp"

namespace postern::sim {

/// What others are about to put into the mailbox may go with the rest.
void AccountModel::begin_emptying(OpId id, Op& op) {
  const MailboxId box = op.plan.boxes.box;
  for (auto& awaited : awaited_)
    if (awaited.op == id) awaited.not_in = box;
  std::vector<Awaited> beyond;
  for (auto& awaited : awaited_) {
    if (awaited.op == id || awaited.birth.box != box) continue;
    const auto other = ops_.find(awaited.op);
    if (other == ops_.end()) {
      awaited.birth.box.reset();  // owed, and not seen yet: it is in one of the two
      continue;
    }
    other->second.emptied = true;
    beyond.push_back({.op = id, .birth = {.tag = awaited.birth.tag}, .not_in = box});
  }
  std::ranges::move(beyond, std::back_inserter(awaited_));
}

/// The same, as another operation begins.
void AccountModel::await_beyond(OpId id, Op& op) {
  for (const auto& [emptying, other] : ops_) {
    if (emptying == id || other.plan.boxes.kind != BoxChange::Kind::empty) continue;
    const MailboxId box = other.plan.boxes.box;
    for (const auto& birth : op.plan.births) {
      if (birth.box != box) continue;
      op.emptied = true;
      awaited_.push_back({.op = emptying, .birth = {.tag = birth.tag}, .not_in = box});
    }
  }
}

/// A copy that turns up in a mailbox while it is emptied is one more that goes, or not.
void AccountModel::join_emptyings(Place place, Copy& copy) {
  for (auto& [id, op] : ops_) {
    if (op.plan.boxes.kind != BoxChange::Kind::empty || op.plan.boxes.box != place.box) continue;
    op.plan.targets.push_back(place);
    copy.active.push_back({id, op.plan.change, copy.states, false});
    copy.states |= only(kGone);
    const auto beyond = [&](const Awaited& awaited) {
      return awaited.op == id && awaited.birth.tag == copy.tag;
    };
    if (std::ranges::none_of(awaited_, beyond))
      awaited_.push_back({.op = id, .birth = {.tag = copy.tag}, .not_in = place.box});
  }
}

/// What certainly was there, and only this operation was about, must turn up elsewhere as it was;
/// the rest may.
void AccountModel::finish_emptying(OpId id) {
  for (auto& awaited : awaited_) {
    if (awaited.op != id) continue;
    const Copy* const source = awaited.birth.source ? find(*awaited.birth.source) : nullptr;
    awaited.birth.source.reset();
    if (source != nullptr) {
      const auto mine = std::ranges::find(source->active, id, &Active::op);
      if (mine != source->active.end() && mine->alone) {
        awaited.owed = (mine->before & only(kGone)) == 0;
        awaited.birth.states = mine->before & kAnyFlags;
      }
    }
    awaited.possible = !awaited.owed;
  }
}

void AccountModel::done_emptying(OpId id) {
  const auto found = ops_.find(id);
  if (found == ops_.end()) return;
  const std::vector<Effect> effects(found->second.plan.births.size(), Effect::applied);
  done(id, effects, {});
}

Plan plan_to_empty(const AccountModel& model, MailboxId inbox, std::string to) {
  Plan plan{.what = "rename INBOX to " + to,
            .change = {.kind = Change::Kind::vanish},
            .boxes = {.kind = BoxChange::Kind::empty, .box = inbox, .to = std::move(to)}};
  for (const auto place : model.places()) {
    if (place.box != inbox) continue;
    plan.targets.push_back(place);
    plan.births.push_back({.tag = model.tag_at(place), .source = place});
  }
  return plan;
}

}  // namespace postern::sim
