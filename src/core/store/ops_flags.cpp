#include <utility>

#include "store/edit.hpp"
#include "store/ops.hpp"
#include "vocab/try.hpp"

namespace postern::store {
namespace {

std::uint64_t combine(std::uint64_t old_bits, std::uint64_t given, StoreMode mode) {
  switch (mode) {
    case StoreMode::add:     return old_bits | given;
    case StoreMode::remove:  return old_bits & ~given;
    case StoreMode::replace: return given;
  }
  std::unreachable();
}

}  // namespace

Task<Result<FlagChangeResult>> change_flags(Account& account, FlagChange change) {
  auto guard = co_await account.writer().lock();
  POSTERN_CO_CHECK(co_await account.load());
  Edit edit{account, account.home().clock.now()};
  if (!edit.has_mailbox(change.mailbox)) co_return fail(Errc::not_found, "no such mailbox");
  POSTERN_CO_TRY(const auto given, edit.bits(change.mailbox, change.flags));
  POSTERN_CO_TRY(auto rows, co_await read_rows(account, change.mailbox, change.uids));
  FlagChangeResult out;
  std::size_t next = 0;
  bool any = false;
  for (const auto uid : change.uids) {
    if (next == rows.size() || rows[next].uid != uid) {
      out.missing.push_back(uid);
      continue;
    }
    auto& row = rows[next++];
    if (change.unchanged_since && row.entry.modseq > *change.unchanged_since) {
      out.modified.push_back(uid);
      continue;
    }
    const Flags flags{combine(row.entry.flags, given.bits, change.mode)};
    if (flags.bits == row.entry.flags) continue;
    edit.set_flags(change.mailbox, uid, std::move(row.entry), flags);
    any = true;
  }
  if (!any) co_return out;
  out.modseq = edit.modseq();
  POSTERN_CO_CHECK(co_await account.commit(std::move(edit), std::move(guard),
                                           kv::Engine::Purpose::housekeeping));
  co_return out;
}

}  // namespace postern::store
