#include <algorithm>
#include <utility>

#include "layout/keys.hpp"
#include "store/edit.hpp"
#include "store/ops.hpp"
#include "vocab/try.hpp"

namespace postern::store {
namespace {

/// The UIDs with \Deleted that readers know of; one that is being marked just now stays.
std::vector<Uid> deleted_in(const MailboxView& view) {
  std::vector<Uid> out;
  if (view.info().deleted == 0) return out;
  for (const auto& chunk : view.chunks()) {
    for (const auto& entry : *chunk) {
      if (entry.flags.has(Flags::kDeleted)) out.push_back(entry.uid);
    }
  }
  return out;
}

}  // namespace

Task<Result<std::vector<Uid>>> expunge(Account& account, MailboxId mailbox,
                                       std::optional<std::vector<Uid>> uids, Duration retention) {
  if (!uids) {
    POSTERN_CO_TRY(const auto view, co_await account.view(mailbox));
    uids = deleted_in(*view);
  }
  if (uids->empty()) co_return std::vector<Uid>{};
  auto guard = co_await account.writer().lock();
  POSTERN_CO_CHECK(co_await account.load());
  Edit edit{account, account.home().clock.now()};
  if (!edit.has_mailbox(mailbox)) co_return fail(Errc::not_found, "no such mailbox");
  POSTERN_CO_TRY(auto rows, co_await read_rows(account, mailbox, *std::move(uids)));
  std::erase_if(rows, [](const Row& row) { return (row.entry.flags & Flags::kDeleted) == 0; });
  POSTERN_CO_CHECK(co_await read_places(account, mailbox, rows));
  std::vector<Uid> out;
  for (auto& [uid, entry, places] : rows) {
    edit.expunge(mailbox, uid, entry, std::move(places), edit.now() + retention);
    out.push_back(uid);
  }
  if (out.empty()) co_return out;
  POSTERN_CO_CHECK(co_await account.commit(std::move(edit), std::move(guard),
                                           kv::Engine::Purpose::housekeeping));
  co_return out;
}

Task<Result<std::vector<Uid>>> vanished(const kv::Engine& engine, AccountId account,
                                        MailboxId mailbox, ModSeq after, Timestamp latest) {
  const auto reader = engine.published();
  std::vector<std::string> wanted{layout::mailbox_key(account, mailbox)};
  POSTERN_CO_TRY(const auto found, co_await reader->get(std::move(wanted)));
  if (!found.at(0)) co_return fail(Errc::not_found, "no such mailbox");
  std::vector<Uid> out;
  kv::Range range{.begin = layout::vanished_key(account, mailbox, ModSeq{after.value() + 1}),
                  .end = record::prefix_end(layout::vanished_prefix(account, mailbox))};
  for (;;) {
    POSTERN_CO_TRY(const auto page, co_await reader->scan(range));
    for (const auto& [key, value] : page.pairs) {
      POSTERN_CO_TRY(const auto record, layout::decode_vanished(value));
      if (record.when <= latest) out.insert(out.end(), record.uids.begin(), record.uids.end());
    }
    if (!kv::next_page(range, page)) break;
  }
  std::ranges::sort(out);
  co_return out;
}

}  // namespace postern::store
