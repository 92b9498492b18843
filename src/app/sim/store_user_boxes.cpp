// What a store user does to mailboxes themselves.
#include <utility>

#include <fmt/format.h>

#include "sim/store_user.hpp"

namespace postern::sim {

Task<> StoreUser::create_box() {
  const auto* const mine = slot_.model.get();
  const auto name = any_name();
  const OpId op = model().begin(
      {.what = "create " + name, .boxes = {.kind = BoxChange::Kind::create, .name = name}});
  const auto info = co_await session().create_mailbox(name, store::SpecialUse::none);
  if (unheard(mine)) co_return;
  if (!info) co_return failed(op, info.error());
  ++shared_.acknowledged;
  shared_.mix(info->id.value());
  model().done(op, {}, {});
}

Task<> StoreUser::remove_box() {
  const auto* const mine = slot_.model.get();
  const auto boxes = model().boxes();
  if (boxes.empty()) co_return;
  const MailboxId box = boxes[chance_.below(boxes.size())];
  const auto name = model().name_of(box);
  if (!name || *name == "INBOX") co_return;
  Plan plan{.what = "remove " + *name,
            .change = {.kind = Change::Kind::vanish},
            .boxes = {.kind = BoxChange::Kind::remove, .box = box, .name = *name}};
  for (const auto place : model().places())
    if (place.box == box) plan.targets.push_back(place);
  const std::size_t targets = plan.targets.size();
  const OpId op = model().begin(std::move(plan));
  const auto removed = co_await session().delete_mailbox(*name);
  if (unheard(mine)) co_return;
  if (!removed) co_return failed(op, removed.error());
  ++shared_.acknowledged;
  model().done(op, std::vector<Effect>(targets, Effect::applied), {});
}

Task<> StoreUser::rename_box() {
  const auto* const mine = slot_.model.get();
  const auto boxes = model().boxes();
  if (boxes.empty()) co_return;
  const auto from = model().name_of(boxes[chance_.below(boxes.size())]);
  const auto to = any_name();
  if (!from || *from == to || to.starts_with(*from + "/") || from->starts_with(to + "/")) co_return;
  if (*from == "INBOX") co_return;
  const OpId op =
      model().begin({.what = fmt::format("rename {} to {}", *from, to),
                     .boxes = {.kind = BoxChange::Kind::rename, .name = *from, .to = to}});
  const auto renamed = co_await session().rename_mailbox(*from, to);
  if (unheard(mine)) co_return;
  if (!renamed) co_return failed(op, renamed.error());
  ++shared_.acknowledged;
  model().done(op, {}, {});
}

/// What is in INBOX goes to a new mailbox (RFC 9051 §6.3.6).
Task<> StoreUser::rename_inbox() {
  const auto* const mine = slot_.model.get();
  const auto room = co_await measure();
  if (unheard(mine) || model().boxes_change()) co_return;
  const auto inbox = model().box_named("INBOX");
  const auto to = any_name();
  if (!inbox || model().box_named(to)) co_return;
  const OpId op = model().begin(plan_to_empty(model(), *inbox, to));
  const auto renamed = co_await session().rename_mailbox("INBOX", to);
  if (unheard(mine)) co_return;
  if (!renamed) co_return failed(op, renamed.error());
  ++shared_.acknowledged;
  model().done_emptying(op);
  co_await check_used(room, 0);
}

}  // namespace postern::sim
