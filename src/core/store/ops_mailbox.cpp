#include <algorithm>
#include <utility>

#include "layout/keys.hpp"
#include "store/edit.hpp"
#include "store/mailbox_name.hpp"
#include "store/ops.hpp"
#include "vocab/try.hpp"

namespace postern::store {
namespace {

constexpr auto kHousekeeping = kv::Engine::Purpose::housekeeping;
/// Entries per commit when a whole mailbox goes.
constexpr std::size_t kSlice = 10'000;

MailboxId create_with_parents(const Account& account, Edit& edit, const std::string& name,
                              SpecialUse use) {
  for (auto slash = name.find(kSeparator); slash != std::string::npos;
       slash = name.find(kSeparator, slash + 1)) {
    auto parent = name.substr(0, slash);
    if (account.tip().find(parent)) continue;
    edit.add_mailbox(std::move(parent), SpecialUse::none);
  }
  return edit.add_mailbox(name, use);
}

/// The first entries of a mailbox, as the writer knows them.
struct Some {
  std::vector<Row> rows;
  bool more = false;  ///< The mailbox has others.
};

Task<Result<Some>> some_rows(Account& account, MailboxId mailbox) {
  const auto prefix = layout::entries_prefix(account.id(), mailbox);
  const auto reader = account.engine().tip();
  kv::Range range{.begin = prefix, .end = record::prefix_end(prefix), .limit = kSlice};
  POSTERN_CO_TRY(const auto page, co_await reader->scan(std::move(range)));
  Some out{.rows = {}, .more = page.more};
  for (const auto& [key, value] : page.pairs) {
    record::KeyReader in{key};
    in.skip(prefix);
    const Uid uid{in.u32()};
    POSTERN_CO_CHECK(in.finish());
    POSTERN_CO_TRY(auto entry, layout::decode_entry(value));
    out.rows.push_back({.uid = uid, .entry = std::move(entry), .places = {}});
  }
  POSTERN_CO_CHECK(co_await read_places(account, mailbox, out.rows));
  co_return out;
}

/// RFC 9051 §6.3.6: renaming INBOX moves what is in it and leaves it empty.
Task<Result<void>> move_inbox(Account& account, MailboxId inbox, std::string to) {
  std::optional<MailboxId> target;
  for (bool more = true; more;) {
    auto guard = co_await account.writer().lock();
    POSTERN_CO_CHECK(co_await account.load());
    Edit edit{account, account.home().clock.now()};
    if (!target) {
      if (account.tip().find(to)) co_return fail(Errc::already_exists);
      target = create_with_parents(account, edit, to, SpecialUse::none);
    } else if (!edit.has_mailbox(*target)) {
      co_return fail(Errc::conflict, "the new mailbox was removed meanwhile");
    }
    POSTERN_CO_TRY(auto some, co_await some_rows(account, inbox));
    more = some.more;
    for (auto& [uid, entry, places] : some.rows) {
      const auto moved = edit.move(inbox, uid, std::move(entry), std::move(places), *target);
      if (!moved) co_return std::unexpected(moved.error());
    }
    POSTERN_CO_CHECK(co_await account.commit(std::move(edit), std::move(guard), kHousekeeping));
  }
  co_return Result<void>{};
}

}  // namespace

Task<Result<std::vector<MailboxInfo>>> list_mailboxes(Account& account) {
  const auto reader = account.engine().published();
  const auto prefix = layout::account_key(account.id(), layout::AccountKind::mailbox).done();
  kv::Range range{.begin = prefix, .end = record::prefix_end(prefix)};
  std::vector<MailboxInfo> out;
  for (;;) {
    POSTERN_CO_TRY(const auto page, co_await reader->scan(range));
    for (const auto& [key, value] : page.pairs) {
      record::KeyReader in{key};
      in.skip(prefix);
      const MailboxId id{in.u64()};
      POSTERN_CO_CHECK(in.finish());
      POSTERN_CO_TRY(const auto record, layout::decode_mailbox(value));
      out.push_back(to_info(id, record));
    }
    if (!kv::next_page(range, page)) break;
  }
  std::ranges::sort(out, {}, &MailboxInfo::name);
  co_return out;
}

Task<Result<MailboxInfo>> create_mailbox(Account& account, std::string name, SpecialUse use,
                                         std::uint32_t max_mailboxes) {
  POSTERN_CO_TRY(const auto normal, normal_mailbox_name(name));
  auto guard = co_await account.writer().lock();
  POSTERN_CO_CHECK(co_await account.load());
  if (account.tip().find(normal)) co_return fail(Errc::already_exists);
  if (use != SpecialUse::none && account.tip().find(use))
    co_return fail(Errc::conflict, "another mailbox has this use");
  if (account.tip().mailboxes.size() + kMaxLevels > max_mailboxes)
    co_return fail(Errc::limit_reached, "too many mailboxes");
  Edit edit{account, account.home().clock.now()};
  const auto id = create_with_parents(account, edit, normal, use);
  auto info = to_info(id, edit.mailbox(id));
  POSTERN_CO_CHECK(co_await account.commit(std::move(edit), std::move(guard), kHousekeeping));
  co_return info;
}

Task<Result<void>> delete_mailbox(Account& account, std::string name, Duration retention) {
  POSTERN_CO_TRY(const auto normal, normal_mailbox_name(name));
  if (normal == "INBOX") co_return fail(Errc::not_permitted, "INBOX stays");
  std::optional<MailboxId> id;
  for (bool more = true; more;) {
    auto guard = co_await account.writer().lock();
    POSTERN_CO_CHECK(co_await account.load());
    const auto named = account.tip().find(normal);
    if (!id) {
      if (!named) co_return fail(Errc::not_found);
      id = named;
    }
    Edit edit{account, account.home().clock.now()};
    // Between two slices another session may remove it, or give the name to another mailbox.
    if (!edit.has_mailbox(*id)) co_return Result<void>{};
    if (named != id) co_return fail(Errc::conflict, "the mailbox was renamed meanwhile");
    POSTERN_CO_TRY(auto some, co_await some_rows(account, *id));
    more = some.more;
    for (auto& [uid, entry, places] : some.rows)
      edit.expunge(*id, uid, entry, std::move(places), edit.now() + retention);
    if (!more) edit.remove_mailbox(*id);
    POSTERN_CO_CHECK(co_await account.commit(std::move(edit), std::move(guard), kHousekeeping));
  }
  co_return Result<void>{};
}

Task<Result<void>> rename_mailbox(Account& account, std::string from, std::string to) {
  POSTERN_CO_TRY(const auto old_name, normal_mailbox_name(from));
  POSTERN_CO_TRY(const auto new_name, normal_mailbox_name(to));
  auto guard = co_await account.writer().lock();
  POSTERN_CO_CHECK(co_await account.load());
  const auto id = account.tip().find(old_name);
  if (!id) co_return fail(Errc::not_found);
  if (account.tip().find(new_name)) co_return fail(Errc::already_exists);
  if (is_child_of(new_name, old_name)) co_return fail(Errc::conflict, "below itself");
  if (old_name == "INBOX") {
    guard.release();
    co_return co_await move_inbox(account, *id, new_name);
  }
  Edit edit{account, account.home().clock.now()};
  for (auto slash = new_name.find(kSeparator); slash != std::string::npos;
       slash = new_name.find(kSeparator, slash + 1)) {
    if (!account.tip().find(new_name.substr(0, slash)))
      edit.add_mailbox(new_name.substr(0, slash), SpecialUse::none);
  }
  for (const auto& [child, record] : account.tip().mailboxes) {
    if (record.name != old_name && !is_child_of(record.name, old_name)) continue;
    const auto renamed = new_name + record.name.substr(old_name.size());
    POSTERN_CO_CHECK(normal_mailbox_name(renamed));
    if (account.tip().find(renamed)) co_return fail(Errc::already_exists);
    edit.rename(child, renamed);
  }
  co_return co_await account.commit(std::move(edit), std::move(guard), kHousekeeping);
}

Task<Result<void>> subscribe(Account& account, std::string name, bool on) {
  POSTERN_CO_TRY(const auto normal, normal_mailbox_name(name));
  auto guard = co_await account.writer().lock();
  POSTERN_CO_CHECK(co_await account.load());
  const auto id = account.tip().find(normal);
  if (!id) co_return fail(Errc::not_found);
  if (account.tip().mailboxes.at(*id).subscribed == on) co_return Result<void>{};
  Edit edit{account, account.home().clock.now()};
  edit.subscribe(*id, on);
  co_return co_await account.commit(std::move(edit), std::move(guard), kHousekeeping);
}

}  // namespace postern::store
