#include <utility>

#include "layout/keys.hpp"
#include "store/edit.hpp"
#include "store/ops.hpp"
#include "vocab/try.hpp"

namespace postern::store {

Task<Result<std::vector<Row>>> read_rows(Account& account, MailboxId mailbox,
                                         std::vector<Uid> uids) {
  const auto reader = account.engine().tip();
  std::vector<std::string> keys;
  keys.reserve(uids.size());
  for (const auto uid : uids) keys.push_back(layout::entry_key(account.id(), mailbox, uid));
  POSTERN_CO_TRY(const auto values, co_await reader->get(std::move(keys)));
  std::vector<Row> out;
  out.reserve(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!values[i]) continue;
    POSTERN_CO_TRY(auto entry, layout::decode_entry(*values[i]));
    out.push_back({.uid = uids.at(i), .entry = std::move(entry), .places = {}});
  }
  co_return out;
}

Task<Result<void>> read_places(Account& account, MailboxId mailbox, std::vector<Row>& rows) {
  std::vector<std::string> keys;
  for (const auto& row : rows) {
    if (row.entry.shared) keys.push_back(layout::places_key(account.id(), row.entry.message));
  }
  const auto reader = account.engine().tip();
  POSTERN_CO_TRY(const auto values, co_await reader->get(std::move(keys)));
  std::size_t next = 0;
  for (auto& row : rows) {
    if (!row.entry.shared) {
      row.places = only_place(mailbox, row.uid);
      continue;
    }
    const auto& value = values.at(next++);
    if (!value) co_return fail(Errc::corrupt, "a shared message has no places record");
    POSTERN_CO_TRY(row.places, layout::decode_places(*value));
  }
  co_return Result<void>{};
}

}  // namespace postern::store
