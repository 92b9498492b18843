#include "imapd/search.hpp"

#include <algorithm>

#include "imap/print_search.hpp"
#include "search/search.hpp"
#include "vocab/try.hpp"

namespace postern::imapd {
namespace {

bool asks_modseq(const imap::SearchKey& key) {
  if (std::holds_alternative<imap::SearchModSeq>(key.is)) return true;
  const auto any = [](const auto& group) { return std::ranges::any_of(group.keys, asks_modseq); };
  if (const auto* all = std::get_if<imap::SearchAnd>(&key.is)) return any(*all);
  if (const auto* either = std::get_if<imap::SearchOr>(&key.is)) return any(*either);
  if (const auto* negated = std::get_if<imap::SearchNot>(&key.is)) return any(*negated);
  return false;
}

struct Found {
  imap::RangeSet numbers;  ///< As the command wants them.
  imap::RangeSet uids;
  std::vector<ModSeq> modseqs;
};

Found gather(const store::MailboxView& view, const std::vector<std::size_t>& positions, bool uid) {
  Found out;
  for (const auto position : positions) {
    const auto& entry = view.at(position);
    out.uids.push_back(entry.uid.value());
    out.numbers.push_back(uid ? entry.uid.value() : static_cast<std::uint32_t>(position + 1));
    out.modseqs.push_back(entry.modseq);
  }
  return out;
}

/// Whether the command is about the first or the last message only, and not about all it finds.
bool wants_ends_only(const imap::Search::Return& what) {
  return (what.min || what.max) && !what.all && !what.count;
}

/// RFC 7162 §3.1.10: of MIN or MAX alone that message's; else the highest of all.
std::optional<ModSeq> shown_modseq(const Found& found, const imap::Search::Return& what) {
  if (found.modseqs.empty()) return std::nullopt;
  if (!wants_ends_only(what)) return std::ranges::max(found.modseqs);
  if (what.min && what.max) return std::max(found.modseqs.front(), found.modseqs.back());
  return what.min ? found.modseqs.front() : found.modseqs.back();
}

/// What `$` stands for afterwards (RFC 9051 §6.4.4.1): of MIN or MAX alone that
/// message.
imap::RangeSet to_save(const Found& found, const imap::Search::Return& what) {
  const auto ranges = found.uids.ranges();
  if (!wants_ends_only(what) || ranges.empty()) return found.uids;
  const auto first = ranges.front().first;
  const auto last = ranges.back().last;
  imap::RangeSet out;
  if (what.min) out.push_back(first);
  if (what.max && (!what.min || last != first)) out.push_back(last);
  return out;
}

imap::EsearchData esearch_data(const Found& found, const imap::Search::Return& what, bool uid,
                               bool with_modseq) {
  imap::EsearchData out{.uid = uid};
  const auto ranges = found.numbers.ranges();
  if (what.min && !ranges.empty()) out.min = ranges.front().first;
  if (what.max && !ranges.empty()) out.max = ranges.back().last;
  if (what.count) out.count = found.numbers.count();
  if (what.all) out.all = found.numbers;
  if (with_modseq) out.mod_seq = shown_modseq(found, what);
  return out;
}

}  // namespace

Task<Result<SearchOutcome>> search(const SearchContext& context, const imap::Search& command,
                                   Output& output) {
  const bool modseq = asks_modseq(command.key);
  POSTERN_CO_TRY(const auto positions, co_await search::find(context.session, context.view,
                                                             to_query(command.key, context)));
  const Found found = gather(*context.view, positions, command.uid);
  SearchOutcome outcome{.uses_modseq = modseq};
  if (!command.returns && !context.rev2) {
    std::optional<ModSeq> highest;
    if (modseq && !found.modseqs.empty()) highest = std::ranges::max(found.modseqs);
    imap::append_search(output.buffer(), found.numbers, highest);
    co_return outcome;
  }
  const auto what = command.returns.value_or(imap::Search::Return{.all = true});
  outcome.saves = what.save;
  if (what.save) outcome.saved = to_save(found, what);
  const bool shows = what.min || what.max || what.all || what.count;
  if (shows || !what.save) {
    imap::append_esearch(output.buffer(), context.tag,
                         esearch_data(found, what, command.uid, modseq));
  }
  co_return outcome;
}

}  // namespace postern::imapd
