#include <utility>

#include "layout/keys.hpp"
#include "store/edit.hpp"
#include "store/ops.hpp"
#include "store/read_many.hpp"
#include "vocab/try.hpp"

namespace postern::store {

Task<Result<std::vector<Row>>> read_rows(Account& account, MailboxId mailbox,
                                         std::vector<Uid> uids) {
  if (uids.empty()) co_return std::vector<Row>{};
  const auto reader = account.engine().tip();
  std::vector<std::string> keys;
  keys.reserve(uids.size());
  for (const auto uid : uids) keys.push_back(layout::entry_key(account.id(), mailbox, uid));
  const auto width = std::uint64_t{uids.back().value()} - uids.front().value() + 1;
  POSTERN_CO_TRY(const auto values, co_await read_many(*reader, std::move(keys), width));
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
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  for (const auto& row : rows) {
    if (!row.entry.shared) continue;
    last = row.entry.message.value();
    if (keys.empty()) first = last;
    keys.push_back(layout::places_key(account.id(), row.entry.message));
  }
  const auto reader = account.engine().tip();
  POSTERN_CO_TRY(const auto values, co_await read_many(*reader, std::move(keys), last - first + 1));
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
