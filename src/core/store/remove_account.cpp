#include "store/remove_account.hpp"

#include <map>
#include <utility>
#include <vector>

#include "layout/keys.hpp"
#include "store/edit.hpp"
#include "store/sweeper.hpp"
#include "vocab/try.hpp"

namespace postern::store {
namespace {

constexpr std::size_t kSlice = 1000;
constexpr auto kHousekeeping = kv::Engine::Purpose::housekeeping;

/// One batch of erasures in one account, and what its earlier ones made of the records that the
/// later ones change too.
struct Erasure {
  Account& account;
  Timestamp now;
  kv::Batch& batch;
  std::map<MessageId, layout::PlacesRecord> places = {};
  std::map<BlobId, std::uint64_t> counts = {};
};

/// Lets go of one message's body: the count goes down, or the link goes and the sweeper is told.
Task<Result<void>> release_blob(Erasure& work, const layout::MessageRecord& message) {
  const auto& blob = message.blob;
  const auto key = layout::blob_count_key(work.account.id(), blob);
  if (!work.counts.contains(blob)) {
    std::vector<std::string> wanted{key};
    const auto reader = work.account.engine().tip();
    POSTERN_CO_TRY(const auto found, co_await reader->get(std::move(wanted)));
    const auto& stored = found.at(0);
    work.counts[blob] = 1;
    if (stored) {
      POSTERN_CO_TRY(work.counts[blob], layout::decode_count(*stored));
    }
  }
  auto& count = work.counts[blob];
  if (count > 0) --count;
  if (count > 1) {
    work.batch.put(key, layout::encode_count(count));
  } else {
    work.batch.erase(key);
  }
  if (count == 0) {
    work.batch.erase(layout::link_key(blob, work.account.id()));
    plan_erasure(blob, message.body_size, work.now, work.batch);
  }
  co_return Result<void>{};
}

/// One `gone` record that is due: the message goes with the last trace of it.
Task<Result<void>> erase_one(Erasure& work, const kv::Pair& row) {
  POSTERN_CO_TRY(const auto gone, layout::decode_gone(row.value));
  work.batch.erase(row.key);
  const auto places_key = layout::places_key(work.account.id(), gone.message);
  const auto message_key = layout::message_key(work.account.id(), gone.message);
  std::vector<std::string> wanted{places_key, message_key};
  const auto reader = work.account.engine().tip();
  POSTERN_CO_TRY(const auto found, co_await reader->get(std::move(wanted)));
  const auto& stored_places = found.at(0);
  const auto& stored_message = found.at(1);
  if (!stored_places || !stored_message) co_return Result<void>{};
  if (!work.places.contains(gone.message)) {
    POSTERN_CO_TRY(work.places[gone.message], layout::decode_places(*stored_places));
  }
  auto& places = work.places[gone.message];
  if (places.gone > 0) --places.gone;
  if (places.gone > 0 || !places.living.empty()) {
    work.batch.put(places_key, layout::encode(places));
    co_return Result<void>{};
  }
  POSTERN_CO_TRY(const auto message, layout::decode_message(*stored_message));
  work.batch.erase(places_key);
  work.batch.erase(message_key);
  co_return co_await release_blob(work, message);
}

}  // namespace

Task<Result<void>> erase_gone(Account& account, Timestamp now, const std::atomic<bool>& stop) {
  const auto prefix = layout::account_key(account.id(), layout::AccountKind::gone).done();
  const kv::Range range{.begin = prefix,
                        .end = layout::gone_key(account.id(), now, MailboxId{0}, Uid{0}),
                        .limit = kSlice};
  for (bool more = true; more;) {
    if (stop) co_return fail(Errc::shutting_down);
    auto guard = co_await account.writer().lock();
    POSTERN_CO_CHECK(co_await account.load());
    const auto reader = account.engine().tip();
    POSTERN_CO_TRY(const auto page, co_await reader->scan(range));
    if (page.pairs.empty()) co_return Result<void>{};
    Edit edit{account, now};
    Erasure work{.account = account, .now = now, .batch = edit.batch()};
    for (const auto& row : page.pairs) POSTERN_CO_CHECK(co_await erase_one(work, row));
    POSTERN_CO_CHECK(co_await account.commit(std::move(edit), std::move(guard), kHousekeeping));
    more = page.more;
  }
  co_return Result<void>{};
}

namespace {

/// What of an account goes first and at once: without state and mailboxes nobody can use it.
kv::Batch close(AccountId id) {
  kv::Batch batch;
  batch.erase(layout::state_key(id));
  for (const auto kind : {layout::AccountKind::mailbox, layout::AccountKind::entry}) {
    const auto prefix = layout::account_key(id, kind).done();
    batch.erase_range(prefix, record::prefix_end(prefix));
  }
  return batch;
}

/// What stays when all messages went: records about them, each small.
kv::Batch clear(AccountId id) {
  kv::Batch batch;
  const auto all =
      record::KeyWriter::account_prefix(std::to_underlying(layout::Space::account), id);
  batch.erase_range(all, record::prefix_end(all));
  return batch;
}

/// Some messages, with their share of the bodies. Nothing is left of an account whose last slice
/// this is, as far as `more` says.
Task<Result<void>> erase_messages(Account& account, Timestamp now, kv::Batch& batch, bool& more) {
  const auto prefix = layout::account_key(account.id(), layout::AccountKind::message).done();
  const auto reader = account.engine().tip();
  POSTERN_CO_TRY(
      const auto page,
      co_await reader->scan({.begin = prefix, .end = record::prefix_end(prefix), .limit = kSlice}));
  more = page.more;
  Erasure work{.account = account, .now = now, .batch = batch};
  for (const auto& [key, value] : page.pairs) {
    POSTERN_CO_TRY(const auto message, layout::decode_message(value));
    POSTERN_CO_CHECK(co_await release_blob(work, message));
    batch.erase(key);
  }
  co_return Result<void>{};
}

Task<Result<void>> append_and_forget(Account& account, kv::Batch batch) {
  POSTERN_CO_TRY(const auto ticket,
                 co_await account.engine().append(std::move(batch), kHousekeeping));
  account.forget();
  auto done = co_await account.engine().durable(ticket);
  account.forget();  // what somebody read of the state before
  co_return done;
}

/// Whether anything is there.
Task<Result<bool>> exists(const Account& account) {
  const auto all =
      record::KeyWriter::account_prefix(std::to_underlying(layout::Space::account), account.id());
  const auto reader = account.engine().tip();
  POSTERN_CO_TRY(const auto page,
                 co_await reader->scan({.begin = all, .end = record::prefix_end(all), .limit = 1}));
  co_return !page.pairs.empty();
}

}  // namespace

Task<Result<void>> remove_account(Account& account, const std::atomic<bool>& stop) {
  const auto guard = co_await account.writer().lock();
  const auto generation = account.engine().generation();
  const auto now = account.home().clock.now();
  POSTERN_CO_TRY(const bool there, co_await exists(account));
  if (!there) co_return fail(Errc::not_found, "no such account");
  constexpr auto kLater = "the server is ending; the removal goes on after its next start";
  if (stop) co_return fail(Errc::shutting_down, kLater);
  auto first = close(account.id());
  first.require_generation(generation);
  POSTERN_CO_CHECK(co_await append_and_forget(account, std::move(first)));
  for (bool more = true; more;) {
    if (stop) co_return fail(Errc::shutting_down, kLater);
    kv::Batch batch;
    batch.require_generation(generation);
    POSTERN_CO_CHECK(co_await erase_messages(account, now, batch, more));
    if (!more) batch.append(clear(account.id()));
    POSTERN_CO_CHECK(co_await append_and_forget(account, std::move(batch)));
  }
  co_return Result<void>{};
}

}  // namespace postern::store
