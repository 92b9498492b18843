#include <utility>

#include "store/edit.hpp"
#include "store/ops.hpp"
#include "vocab/try.hpp"

namespace postern::store {

Task<Result<CopyResult>> transfer(Account& account, MailboxId from, std::vector<Uid> uids,
                                  MailboxId to, Transfer how) {
  auto guard = co_await account.writer().lock();
  POSTERN_CO_CHECK(co_await account.load());
  Edit edit{account, account.home().clock.now()};
  if (!edit.has_mailbox(from) || !edit.has_mailbox(to))
    co_return fail(Errc::not_found, "no such mailbox");
  POSTERN_CO_TRY(auto rows, co_await read_rows(account, from, std::move(uids)));
  POSTERN_CO_CHECK(co_await read_places(account, from, rows));
  CopyResult out{.uid_validity = edit.mailbox(to).uid_validity, .uids = {}};
  for (auto& [uid, entry, places] : rows) {
    const auto made = how == Transfer::copy
                          ? edit.copy(from, uid, std::move(entry), std::move(places), to)
                          : edit.move(from, uid, std::move(entry), std::move(places), to);
    if (!made) co_return std::unexpected(made.error());
    out.uids.emplace_back(uid, *made);
  }
  if (rows.empty()) co_return out;
  const auto& state = edit.state();
  if (how == Transfer::copy && state.quota != 0 && state.used > state.quota)
    co_return fail(Errc::over_quota);
  const auto purpose =
      how == Transfer::copy ? kv::Engine::Purpose::adds_mail : kv::Engine::Purpose::housekeeping;
  POSTERN_CO_CHECK(co_await account.commit(std::move(edit), std::move(guard), purpose));
  co_return out;
}

}  // namespace postern::store
