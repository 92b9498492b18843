#include "imapd/announce.hpp"

#include <algorithm>
#include <iterator>
#include <ranges>
#include <utility>

#include "imap/print.hpp"
#include "imap/print_fetch.hpp"
#include "imap/response_code.hpp"
#include "imapd/fetch_message.hpp"
#include "imapd/flag_names.hpp"
#include "vocab/try.hpp"

namespace postern::imapd {
namespace {

using store::Entry;
using store::Flags;
using store::MailboxView;

/// The flags that `before` has after `change`.
Flags after(Flags before, const store::FlagChange& change, const store::Keywords& table) {
  std::uint64_t given = change.flags.system;
  for (const auto& keyword : change.flags.keywords)
    given |= store::keyword_bit(table, keyword).value_or(0);
  switch (change.mode) {
    case store::StoreMode::add:     return {before.bits | given};
    case store::StoreMode::remove:  return {before.bits & ~given};
    case store::StoreMode::replace: return {given};
  }
  std::unreachable();
}

/// What a FETCH that tells of `entry` holds.
struct Told {
  bool any = true;
  bool flags = true;
};

/// A silent STORE that had just the effect its client expects is not told of, but for the new
/// MODSEQ (RFC 7162 §3.1.3); what FETCH has shown not at all.
Told what_to_tell(const Entry& entry, const MailboxView& from, const MailboxView& to,
                  const AnnounceOptions& options) {
  const auto* const own = options.own;
  if (own == nullptr) return {};
  const bool told = std::ranges::binary_search(own->told, std::pair{entry.uid, entry.modseq});
  if (!told && (!own->silent || entry.modseq != own->modseq)) return {};
  const auto before = from.find(entry.uid);
  if (!before) return {};
  const bool expected =
      after(from.at(*before).flags, own->change, to.info().keywords) == entry.flags;
  return {.any = !expected || (options.condstore && !told), .flags = !expected};
}

void append_fetch(std::string& out, const MailboxView& view, std::size_t at, bool with_flags,
                  const AnnounceOptions& options) {
  const auto& entry = view.at(at);
  imap::FetchResponse fetch{out, static_cast<std::uint32_t>(at + 1)};
  if (options.uid) fetch.uid(entry.uid);
  if (with_flags) fetch.flags(flag_names(entry.flags, view.info().keywords));
  if (options.condstore) fetch.mod_seq(entry.modseq);
  fetch.end();
}

/// Positions in `to` to tell of: what changed and what a STORE that is not silent named.
std::vector<std::size_t> positions_to_tell(const store::ViewDiff& diff, const MailboxView& to,
                                           const OwnChange* own) {
  if (own == nullptr || own->silent) return diff.changed;
  std::vector<std::size_t> named;
  for (const auto uid : own->change.uids) {
    if (const auto at = to.find(uid)) named.push_back(*at);
  }
  std::vector<std::size_t> out;
  std::ranges::set_union(diff.changed, named, std::back_inserter(out));
  return out;
}

}  // namespace

std::shared_ptr<const MailboxView> without_expunges(const MailboxView& from,
                                                    const std::shared_ptr<const MailboxView>& to) {
  const auto diff = store::diff(from, *to);
  if (diff.expunged.empty()) return to;
  std::vector<Entry> kept;
  kept.reserve(diff.expunged.size());
  for (const auto at : diff.expunged) kept.push_back(from.at(at));
  return store::edited(*to, to->info(), kept, {});
}

void append_flags(std::string& out, const store::MailboxInfo& info, bool read_only) {
  const auto names = all_flag_names(info.keywords);
  out += "* FLAGS ";
  imap::append_flag_list(out, names);
  out += "\r\n";
  const bool room = info.keywords.size() < Flags::kMaxKeywords;
  const auto code =
      read_only ? imap::permanent_flags_code({}, false) : imap::permanent_flags_code(names, room);
  imap::append_status_response(out, "*", imap::Status::ok, code,
                               read_only ? "Nothing can be changed" : "Flags that last");
}

Task<Result<void>> announce(Output& out, std::shared_ptr<const MailboxView> from,
                            std::shared_ptr<const MailboxView> to, bool read_only,
                            AnnounceOptions options) {
  const auto diff = store::diff(*from, *to);
  // From the last to the first, so that no number depends on another response.
  for (const auto at : diff.expunged | std::views::reverse) {
    imap::append_count(out.buffer(), static_cast<std::uint32_t>(at + 1), "EXPUNGE");
    POSTERN_CO_CHECK(co_await out.drain_if_large());
  }
  if (diff.added > 0)
    imap::append_count(out.buffer(), static_cast<std::uint32_t>(to->size()), "EXISTS");
  if (to->info().keywords.size() != from->info().keywords.size())
    append_flags(out.buffer(), to->info(), read_only);
  for (const auto at : positions_to_tell(diff, *to, options.own)) {
    const auto told = what_to_tell(to->at(at), *from, *to, options);
    if (told.any) append_fetch(out.buffer(), *to, at, told.flags, options);
    POSTERN_CO_CHECK(co_await out.drain_if_large());
  }
  co_return Result<void>{};
}

}  // namespace postern::imapd
