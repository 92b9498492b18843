#include "imapd/selection.hpp"

#include <utility>

namespace postern::imapd {
namespace {

using Positions = std::vector<std::size_t>;

void add_positions(Positions& out, std::size_t begin, std::size_t end) {
  for (; begin < end; ++begin) out.push_back(begin);
}

Positions by_uid(const imap::RangeSet& wanted, const store::MailboxView& view) {
  Positions out;
  for (const auto& range : wanted.ranges()) {
    const auto end = range.last == UINT32_MAX ? view.size() : view.lower_bound(Uid{range.last + 1});
    add_positions(out, view.lower_bound(Uid{range.first}), end);
  }
  return out;
}

std::vector<Uid> to_uids(const Positions& positions, const store::MailboxView& view) {
  std::vector<Uid> out;
  out.reserve(positions.size());
  for (const auto at : positions) out.push_back(view.at(at).uid);
  return out;
}

}  // namespace

void expand_last_result(imap::SequenceSet& set, const Selection& selection, bool uid) {
  if (!set.last_result) return;
  const auto known = to_uids(by_uid(selection.saved, *selection.view), *selection.view);
  const auto numbers = to_ranges(known, *selection.view, uid);
  for (const auto& range : numbers.ranges()) set.bounds.push_back({range.first, range.last});
  set.last_result = set.bounds.empty();
}

std::optional<Positions> chosen(imap::SequenceSet set, const Selection& selection, bool uid) {
  const auto& view = *selection.view;
  expand_last_result(set, selection, uid);
  if (uid) {
    const auto largest = view.size() == 0 ? 0 : view.at(view.size() - 1).uid.value();
    return by_uid(set.resolve(largest), view);
  }
  if (set.largest_number() > view.size() || (set.has_star() && view.size() == 0))
    return std::nullopt;
  Positions out;
  const auto numbers = set.resolve(static_cast<std::uint32_t>(view.size()));
  for (const auto& range : numbers.ranges()) add_positions(out, range.first - 1, range.last);
  return out;
}

std::optional<std::vector<Uid>> chosen_uids(imap::SequenceSet set, const Selection& selection,
                                            bool uid) {
  const auto positions = chosen(std::move(set), selection, uid);
  if (!positions) return std::nullopt;
  return to_uids(*positions, *selection.view);
}

imap::RangeSet to_ranges(const std::vector<Uid>& uids, const store::MailboxView& view, bool uid) {
  imap::RangeSet out;
  for (const auto one : uids) {
    if (uid) {
      out.push_back(one.value());
    } else if (const auto at = view.find(one)) {
      out.push_back(static_cast<std::uint32_t>(*at + 1));
    }
  }
  return out;
}

}  // namespace postern::imapd
