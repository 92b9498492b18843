#include "store/account.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/post.hpp>

#include "layout/keys.hpp"
#include "store/edit.hpp"
#include "vocab/try.hpp"

namespace postern::store {
namespace {

/// Everything with `prefix`, in pieces.
constexpr std::size_t kScan = 4096;

kv::Range range_of(const std::string& prefix) {
  return {.begin = prefix, .end = record::prefix_end(prefix), .limit = kScan};
}

Result<Uid> uid_of(std::string_view key, std::string_view prefix) {
  record::KeyReader in{key};
  in.skip(prefix);
  const Uid uid{in.u32()};
  POSTERN_CHECK(in.finish());
  return uid;
}

Result<MailboxId> mailbox_of(std::string_view key, std::string_view prefix) {
  record::KeyReader in{key};
  in.skip(prefix);
  const MailboxId id{in.u64()};
  POSTERN_CHECK(in.finish());
  return id;
}

}  // namespace

std::optional<MailboxId> Tip::find(std::string_view name) const {
  for (const auto& [id, record] : mailboxes) {
    if (record.name == name) return id;
  }
  return std::nullopt;
}

std::optional<MailboxId> Tip::find(SpecialUse use) const {
  for (const auto& [id, record] : mailboxes) {
    if (record.special_use == std::to_underlying(use)) return id;
  }
  return std::nullopt;
}

MailboxInfo to_info(MailboxId id, const layout::MailboxRecord& record) {
  const bool known = record.special_use <= std::to_underlying(SpecialUse::all);
  return {.id = id,
          .name = record.name,
          .special_use = known ? SpecialUse{record.special_use} : SpecialUse::none,
          .subscribed = record.subscribed,
          .uid_validity = record.uid_validity,
          .uid_next = record.uid_next,
          .highest_modseq = record.highest_modseq,
          .messages = record.messages,
          .unseen = record.unseen,
          .deleted = record.deleted,
          .octets = record.octets,
          .keywords = record.keywords};
}

Entry to_entry(Uid uid, const layout::EntryRecord& record) {
  return {.uid = uid,
          .flags = Flags{record.flags},
          .modseq = record.modseq,
          .message = record.message,
          .size = record.size,
          .internal_date = record.internal_date,
          .internal_offset = record.internal_offset,
          .shared = record.shared,
          .save_date = record.save_date};
}

void Account::forget_views_if_void() {
  if (views_generation_ != engine_.generation()) {
    views_generation_ = engine_.generation();
    missed_.reset();
    return forget_views();
  }
  if (!missed_ || *missed_ > engine_.published_ticket()) return;
  missed_.reset();
  ++epoch_;
  views_.clear();
  recent_.clear();
  notify();
}

void Account::forget_views() {
  ++epoch_;
  views_.clear();
  pending_.clear();
  recent_.clear();
  notify();
}

void Account::forget() {
  tip_.reset();
  forget_views();
}

Task<Result<void>> Account::load() {
  forget_views_if_void();
  if (generation_ != engine_.generation()) tip_.reset();
  if (tip_) co_return Result<void>{};
  generation_ = engine_.generation();
  const auto reader = engine_.tip();
  Tip tip;
  std::vector<std::string> wanted{layout::state_key(id_)};
  POSTERN_CO_TRY(const auto found, co_await reader->get(std::move(wanted)));
  const auto& state = found.at(0);
  if (!state) co_return fail(Errc::not_found, "no such account");
  POSTERN_CO_TRY(tip.state, layout::decode_state(*state));
  const auto prefix = layout::account_key(id_, layout::AccountKind::mailbox).done();
  for (kv::Range range = range_of(prefix);;) {
    POSTERN_CO_TRY(const auto page, co_await reader->scan(range));
    for (const auto& [key, value] : page.pairs) {
      POSTERN_CO_TRY(const auto id, mailbox_of(key, prefix));
      POSTERN_CO_TRY(auto record, layout::decode_mailbox(value));
      tip.mailboxes.emplace(id, std::move(record));
    }
    if (!kv::next_page(range, page)) break;
  }
  if (generation_ != engine_.generation())
    co_return fail(Errc::unavailable, "the store was reopened");
  tip_ = std::make_unique<Tip>(std::move(tip));
  co_return Result<void>{};
}

Task<Result<void>> Account::commit(Edit edit, AsyncMutex::Guard guard,
                                   kv::Engine::Purpose purpose) {
  POSTERN_CO_TRY(const auto ticket, co_await engine_.append(edit.take_batch(), purpose));
  appended(std::move(edit), ticket);
  guard.release();
  POSTERN_CO_CHECK(co_await engine_.durable(ticket));
  publish();
  co_return Result<void>{};
}

void Account::appended(Edit edit, kv::Ticket ticket) {
  try {
    Delta delta = std::move(edit).apply_to(*tip_);
    delta.ticket = ticket;
    pending_.push_back(std::move(delta));
  } catch (...) {
    tip_.reset();
    missed_ = ticket;
    throw;
  }
}

void Account::publish() {
  forget_views_if_void();
  const auto through = engine_.published_ticket();
  bool any = false;
  while (!pending_.empty() && pending_.front().ticket <= through) {
    apply(pending_.front());
    if (reading_ > 0) recent_.push_back(std::move(pending_.front()));
    pending_.pop_front();
    any = true;
  }
  if (any) notify();
}

void Account::apply(const Delta& delta) {
  for (const auto& [id, change] : delta.mailboxes) {
    const auto loaded = views_.find(id);
    if (loaded == views_.end() || loaded->second.as_of >= delta.ticket) continue;
    if (change.deleted) {
      views_.erase(loaded);
      continue;
    }
    loaded->second.view = edited(*loaded->second.view, change.info, change.put, change.removed);
    loaded->second.as_of = delta.ticket;
  }
}

Task<Result<std::shared_ptr<const MailboxView>>> Account::view(MailboxId mailbox) {
  forget_views_if_void();
  if (const auto loaded = views_.find(mailbox); loaded != views_.end())
    co_return loaded->second.view;
  const auto one_at_a_time = co_await loading_.lock();
  forget_views_if_void();
  if (const auto loaded = views_.find(mailbox); loaded != views_.end())
    co_return loaded->second.view;
  const auto epoch = epoch_;
  ++reading_;
  auto read = co_await read_view(mailbox);
  --reading_;
  const auto missed = std::exchange(recent_, {});
  if (!read) co_return std::unexpected(std::move(read).error());
  forget_views_if_void();
  if (epoch != epoch_) co_return fail(Errc::unavailable, "what was read is void");
  views_.insert_or_assign(mailbox, *std::move(read));
  for (const auto& delta : missed) apply(delta);
  const auto loaded = views_.find(mailbox);
  if (loaded == views_.end()) co_return fail(Errc::not_found, "mailbox went meanwhile");
  co_return loaded->second.view;
}

Task<Result<Account::Loaded>> Account::read_view(MailboxId mailbox) {
  const auto reader = engine_.published();
  std::vector<std::string> wanted{layout::mailbox_key(id_, mailbox)};
  POSTERN_CO_TRY(const auto found, co_await reader->get(std::move(wanted)));
  const auto& stored = found.at(0);
  if (!stored) co_return fail(Errc::not_found, "no such mailbox");
  POSTERN_CO_TRY(const auto record, layout::decode_mailbox(*stored));
  std::vector<Entry> entries;
  entries.reserve(record.messages);
  const auto prefix = layout::entries_prefix(id_, mailbox);
  for (kv::Range range = range_of(prefix);;) {
    POSTERN_CO_TRY(const auto page, co_await reader->scan(range));
    for (const auto& [key, value] : page.pairs) {
      POSTERN_CO_TRY(const auto uid, uid_of(key, prefix));
      POSTERN_CO_TRY(const auto entry, layout::decode_entry(value));
      entries.push_back(to_entry(uid, entry));
    }
    if (!kv::next_page(range, page)) break;
  }
  const MailboxView empty{{}, {}};
  auto view = edited(empty, to_info(mailbox, record), entries, {});
  co_return Loaded{.view = std::move(view), .as_of = reader->ticket()};
}

std::size_t Account::view_bytes() const {
  std::size_t bytes = 0;
  for (const auto& [id, loaded] : views_) bytes += loaded.view->size() * sizeof(Entry) + 1024;
  return bytes;
}

void Account::subscribe(std::shared_ptr<Subscriber> subscriber) {
  std::erase_if(subscribers_, [](const auto& s) { return !s->alive; });
  subscribers_.push_back(std::move(subscriber));
}

void Account::tell(const std::shared_ptr<Subscriber>& subscriber) {
  if (subscriber->posted.exchange(true)) return;
  asio::post(subscriber->executor, [subscriber] {
    subscriber->posted = false;
    if (subscriber->alive) subscriber->on_change();
  });
}

void Account::notify() {
  std::erase_if(subscribers_, [](const auto& s) { return !s->alive; });
  for (const auto& subscriber : subscribers_) tell(subscriber);
}

bool Account::idle() const {
  return pins == 0 && pending_.empty() && reading_ == 0 &&
         std::ranges::none_of(subscribers_, [](const auto& s) { return s->alive.load(); });
}

}  // namespace postern::store
