#include "sim/store_user.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "async/sleep.hpp"
#include "vocab/try.hpp"

namespace postern::sim {
namespace {

std::vector<Uid> uids_of(const std::vector<Place>& places) {
  std::vector<Uid> out;
  for (const auto place : places) out.push_back(place.uid);
  return out;
}

bool has(const std::vector<Uid>& uids, Uid uid) {
  return std::ranges::find(uids, uid) != uids.end();
}

bool has_source(const store::CopyResult& result, Uid uid) {
  return std::ranges::find(result.uids, uid, &std::pair<Uid, Uid>::first) != result.uids.end();
}

}  // namespace

Task<> StoreUser::run() {
  while (!life_.dead() && !shared_.stopping) {
    co_await sleep(life_.machine().core(),
                   Duration{static_cast<std::int64_t>(chance_.below(4000))});
    if (life_.dead() || shared_.stopping) break;
    if (!slot_.closed) co_await step();
  }
}

Task<> StoreUser::step() {
  ++shared_.operations;
  switch (chance_.below(18)) {
    case 0:
    case 1:
    case 2:  co_return co_await append();
    case 3:
    case 4:  co_return co_await deliver();
    case 5:
    case 6:
    case 7:  co_return co_await change_flags();
    case 8:
    case 9:  co_return co_await copy_or_move(false);
    case 10:
    case 11: co_return co_await copy_or_move(true);
    case 12: co_return co_await expunge();
    case 13: co_return co_await read();
    case 14: co_return co_await limit();
    default: break;
  }
  if (model().boxes_change()) co_return;
  switch (chance_.below(6)) {
    case 0:  co_return co_await remove_box();
    case 1:  co_return co_await rename_box();
    case 2:  co_return co_await rename_inbox();
    default: co_return co_await create_box();
  }
}

store::AccountSession& StoreUser::session() {
  if (!session_ || session_->stale() || session_->id() != slot_.account) {
    subscription_.reset();
    session_ = life_.store().open(slot_.account, slot_.address);
    if (chance_.once_in(2)) {
      subscription_ =
          session_->subscribe_changes(life_.machine().core().executor, [this] { ++changes_; });
    }
  }
  return *session_;
}

void StoreUser::failed(OpId op, const Error& error) {
  shared_.mix(static_cast<std::uint64_t>(error.code));
  if (error.code == Errc::outcome_unknown) {
    model().unknown(op);
  } else {
    model().refused(op);
  }
}

std::vector<Place> StoreUser::pick(bool unexpected) {
  const auto boxes = model().boxes();
  if (boxes.empty()) return {};
  const MailboxId box = boxes[chance_.below(boxes.size())];
  std::vector<Place> out;
  std::set<Tag> tags;
  for (const auto place : model().places()) {
    const Tag tag = model().tag_at(place);
    if (place.box != box || chance_.once_in(3)) continue;
    if (unexpected && (model().expects(tag) || !tags.insert(tag).second)) continue;
    out.push_back(place);
  }
  return out;
}

std::string StoreUser::any_name() {
  auto name = fmt::format("Box {}", chance_.below(6));
  if (chance_.once_in(3)) name += fmt::format("/Sub {}", chance_.below(2));
  return name;
}

Task<Result<std::shared_ptr<const store::StagedMessage>>> StoreUser::stage(Tag tag) {
  const auto draft = life_.store().new_draft();
  const std::string mail = make_mail(tag);
  std::string_view left = mail;
  while (!left.empty()) {
    const std::size_t piece = std::min(left.size(), 1 + chance_.below(64 * 1024));
    POSTERN_CO_CHECK(co_await draft->feed(left.substr(0, piece)));
    left.remove_prefix(piece);
  }
  co_return co_await draft->finish();
}

Task<> StoreUser::append() {
  const auto* const mine = slot_.model.get();
  const auto boxes = model().boxes();
  if (boxes.empty()) co_return;
  const MailboxId box = boxes[chance_.below(boxes.size())];
  Plan plan{.what = fmt::format("append to mailbox {}", box.value())};
  std::vector<store::AppendRequest> requests;
  for (std::size_t n = chance_.between(1, 3); n > 0; --n) {
    const Tag tag = shared_.new_tag();
    auto staged = co_await stage(tag);
    if (unheard(mine) || !staged) co_return;
    const State flags = any_flags();
    plan.births.push_back({.tag = tag, .box = box, .states = only(flags)});
    requests.push_back({.mailbox = box, .message = *std::move(staged), .flags = to_flags(flags)});
  }
  const auto births = plan.births;
  std::uint64_t octets = 0;
  for (const auto& birth : births) octets += make_mail(birth.tag).size();
  const auto room = co_await measure();
  if (unheard(mine)) co_return;
  const OpId op = model().begin(std::move(plan));
  const auto placed = co_await session().append(std::move(requests));
  if (unheard(mine)) co_return;
  judge(room, refusal_of(placed), octets, Grace::none);
  if (!placed) co_return failed(op, placed.error());
  std::vector<Born> born;
  for (std::size_t i = 0; i < placed->size(); ++i) {
    born.push_back({{box, (*placed)[i].uid}, births.at(i).tag});
    shared_.mix((*placed)[i].uid.value());
  }
  ++shared_.acknowledged;
  model().done(op, {}, born);
  co_await check_used(room, static_cast<std::int64_t>(octets));
}

Task<> StoreUser::deliver() {
  const auto* const mine = slot_.model.get();
  const auto* const others = other_.model.get();
  const auto here = model().box_named("INBOX");
  const auto there = other_.model->box_named("INBOX");
  const bool both = chance_.once_in(2) && there && !other_.closed;
  if (!here) co_return;
  const Tag tag = shared_.new_tag();
  auto staged = co_await stage(tag);
  if (unheard(mine) || !staged || other_.model.get() != others) co_return;
  if (slot_.closed || (both && other_.closed)) co_return;
  std::vector<store::Placement> placements{{.account = slot_.account, .mailbox = *here}};
  if (both) placements.push_back({.account = other_.account, .mailbox = *there});
  const auto plan_for = [tag](MailboxId box) {
    return Plan{.what = fmt::format("deliver message {}", tag.value()),
                .births = {{.tag = tag, .box = box, .states = only(0)}}};
  };
  std::optional<Room> room;
  if (!both) room = co_await measure();
  if (unheard(mine) || other_.model.get() != others) co_return;
  if (slot_.closed || (both && other_.closed)) co_return;
  const OpId first = model().begin(plan_for(*here));
  const OpId second = both ? other_.model->begin(plan_for(*there)) : OpId{};
  const auto placed = co_await life_.store().deliver(*std::move(staged), placements, {}, false);
  if (life_.dead()) co_return;
  const std::uint64_t octets = make_mail(tag).size();
  if (!unheard(mine)) judge(room, refusal_of(placed), octets, Grace::one_message);
  if (!placed) {
    failed(first, placed.error());
    if (both && placed.error().code == Errc::outcome_unknown) other_.model->unknown(second);
    if (both && placed.error().code != Errc::outcome_unknown) other_.model->refused(second);
    co_return;
  }
  ++shared_.acknowledged;
  shared_.mix(placed->at(0).uid.value());
  model().done(first, {}, {{{placed->at(0).mailbox, placed->at(0).uid}, tag}});
  if (both) other_.model->done(second, {}, {{{placed->at(1).mailbox, placed->at(1).uid}, tag}});
  if (!unheard(mine)) co_await check_used(room, static_cast<std::int64_t>(octets));
}

Task<> StoreUser::change_flags() {
  const auto* const mine = slot_.model.get();
  const auto places = pick(false);
  if (places.empty()) co_return;
  constexpr std::array kinds{Change::Kind::add, Change::Kind::remove, Change::Kind::replace};
  constexpr std::array modes{store::StoreMode::add, store::StoreMode::remove,
                             store::StoreMode::replace};
  const std::size_t which = chance_.below(kinds.size());
  const State flags = any_flags();
  store::FlagChange change{.mailbox = places.front().box,
                           .uids = uids_of(places),
                           .mode = modes.at(which),
                           .flags = to_flags(flags)};
  if (chance_.once_in(4)) change.unchanged_since = ModSeq{chance_.below(60)};
  const OpId op = model().begin({.what = "change flags",
                                 .targets = places,
                                 .change = {.kind = kinds.at(which), .flags = flags}});
  const auto result = co_await session().change_flags(std::move(change));
  if (unheard(mine)) co_return;
  if (!result) co_return failed(op, result.error());
  std::vector<Effect> effects;
  for (const auto place : places) {
    Effect effect = Effect::applied;
    if (has(result->modified, place.uid)) effect = Effect::spared;
    if (has(result->missing, place.uid)) effect = Effect::missing;
    effects.push_back(effect);
  }
  ++shared_.acknowledged;
  shared_.mix(result->modseq.value());
  model().done(op, effects, {});
}

Task<> StoreUser::copy_or_move(bool move) {
  const auto* const mine = slot_.model.get();
  const auto room = co_await measure();
  if (unheard(mine)) co_return;
  const auto places = pick(true);
  const auto boxes = model().boxes();
  if (places.empty() || boxes.empty()) co_return;
  const MailboxId from = places.front().box;
  const MailboxId to = boxes[chance_.below(boxes.size())];
  if (to == from && move) co_return;
  Plan plan{.what = move ? "move" : "copy", .targets = places};
  if (move) plan.change = {.kind = Change::Kind::vanish};
  std::map<Uid, Tag> tags;
  for (const auto place : places) {
    tags[place.uid] = model().tag_at(place);
    plan.births.push_back({.tag = tags[place.uid], .box = to, .source = place});
  }
  const OpId op = model().begin(std::move(plan));
  std::vector<Uid> uids = uids_of(places);
  auto& mail = session();
  auto task = move ? mail.move(from, std::move(uids), to) : mail.copy(from, std::move(uids), to);
  const auto result = co_await std::move(task);
  if (unheard(mine)) co_return;
  std::uint64_t octets = 0;
  for (const auto& [uid, tag] : tags)
    if (!result || has_source(*result, uid)) octets += make_mail(tag).size();
  if (!move) judge(room, refusal_of(result), octets, result ? Grace::none : Grace::unsure);
  if (!result) co_return failed(op, result.error());
  std::vector<Born> born;
  std::set<Uid> went;
  for (const auto& [source, destination] : result->uids) {
    born.push_back({{to, destination}, tags.at(source)});
    went.insert(source);
    shared_.mix(destination.value());
  }
  std::vector<Effect> effects;
  for (const auto place : places)
    effects.push_back(went.contains(place.uid) ? Effect::applied : Effect::missing);
  ++shared_.acknowledged;
  model().done(op, effects, born);
  co_await check_used(room, move ? 0 : static_cast<std::int64_t>(octets));
}

Task<> StoreUser::expunge() {
  const auto* const mine = slot_.model.get();
  const auto room = co_await measure();
  if (unheard(mine)) co_return;
  const auto places = pick(false);
  if (places.empty()) co_return;
  const OpId op = model().begin(
      {.what = "expunge", .targets = places, .change = {.kind = Change::Kind::expunge}});
  const auto gone = co_await session().expunge(places.front().box, uids_of(places));
  if (unheard(mine)) co_return;
  if (!gone) co_return failed(op, gone.error());
  std::vector<Effect> effects;
  std::int64_t freed = 0;
  for (const auto place : places) {
    const bool went = has(*gone, place.uid);
    if (went) freed += static_cast<std::int64_t>(make_mail(model().tag_at(place)).size());
    effects.push_back(went ? Effect::applied : Effect::untouched);
  }
  ++shared_.acknowledged;
  shared_.mix(gone->size());
  model().done(op, effects, {});
  co_await check_used(room, -freed);
}

/// As a session reads that fetches a message.
Task<> StoreUser::read() {
  const auto places = pick(false);
  if (places.empty()) co_return;
  auto& mail = session();
  const auto view = co_await mail.view(places.front().box);
  if (!view || life_.dead() || (*view)->size() == 0) co_return;
  const auto& entry = (*view)->at(chance_.below((*view)->size()));
  auto found = co_await mail.messages({entry.message});
  if (!found || !found->at(0) || life_.dead()) co_return;
  const auto offset = chance_.below(static_cast<std::size_t>(entry.size));
  const auto octets = co_await mail.read(*std::move(found->at(0)), offset, 1000);
  shared_.mix(octets ? octets->size() : 0);
}

}  // namespace postern::sim
