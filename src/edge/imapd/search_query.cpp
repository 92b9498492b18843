#include <algorithm>

#include "imapd/search.hpp"
#include "text/ascii.hpp"

namespace postern::imapd {
namespace {

using search::Query;
using store::Flags;

Query never() {
  return {search::HasFlags{}};
}

std::uint64_t system_bit(std::string_view flag) {
  const std::pair<std::string_view, std::uint64_t> bits[] = {{"\\Answered", Flags::kAnswered},
                                                             {"\\Flagged", Flags::kFlagged},
                                                             {"\\Deleted", Flags::kDeleted},
                                                             {"\\Seen", Flags::kSeen},
                                                             {"\\Draft", Flags::kDraft}};
  for (const auto& [name, bit] : bits) {
    if (text::iequals(name, flag)) return bit;
  }
  return 0;
}

/// The number behind an object id as we print it.
std::uint64_t number_of(std::string_view id, char kind) {
  if (!id.starts_with(kind)) return 0;
  return text::parse_number<std::uint64_t>(id.substr(1)).value_or(0);
}

class Translator {
 public:
  explicit Translator(const SearchContext& context) : context_{context} {}

  Query operator()(const imap::SearchAnd& key) const {
    search::And out;
    for (const auto& one : key.keys) out.of.push_back(to_query(one, context_));
    return {std::move(out)};
  }
  Query operator()(const imap::SearchOr& key) const {
    search::Or out;
    for (const auto& one : key.keys) out.of.push_back(to_query(one, context_));
    return {std::move(out)};
  }
  Query operator()(const imap::SearchNot& key) const {
    return {search::Not{{to_query(key.keys.front(), context_)}}};
  }
  Query operator()(const imap::SearchNumbers& key) const {
    if (key.set.last_result) return uids(context_.saved);
    const auto& view = *context_.view;
    const auto count = static_cast<std::uint32_t>(view.size());
    if (key.uid) return uids(key.set.resolve(count == 0 ? 0 : view.at(count - 1).uid.value()));
    search::Uids out;  // numbers become the UIDs they stand for
    const auto set = key.set.resolve(count);
    for (const auto& [first, last] : set.ranges()) {
      if (first > count) break;
      out.ranges.emplace_back(view.at(first - 1).uid.value(),
                              view.at(std::min(last, count) - 1).uid.value());
    }
    return {std::move(out)};
  }
  Query operator()(const imap::SearchFlag& key) const {
    // \Recent is never set here (RFC 9051 dropped it).
    auto bits = system_bit(key.flag);
    if (bits == 0) bits = store::keyword_bit(context_.view->info().keywords, key.flag).value_or(0);
    Query has{search::HasFlags{bits}};
    if (key.set) return has;
    return {search::Not{{std::move(has)}}};
  }
  Query operator()(const imap::SearchDate& key) const {
    using In = imap::SearchDate;
    const auto of = key.field == In::Field::internal ? search::Day::Of::internal
                    : key.field == In::Field::sent   ? search::Day::Of::sent
                                                     : search::Day::Of::saved;
    const auto is = key.op == In::Op::before ? search::Day::Is::before
                    : key.op == In::Op::on   ? search::Day::Is::on
                                             : search::Day::Is::since;
    return {search::Day{of, is, std::chrono::sys_days{key.day}}};
  }
  Query operator()(const imap::SearchSize& key) const {
    return {search::Size{key.larger, key.octets}};
  }
  Query operator()(const imap::SearchHeader& key) const {
    return {search::Header{key.field, key.value}};
  }
  Query operator()(const imap::SearchSubject& key) const { return {search::Subject{key.value}}; }
  Query operator()(const imap::SearchText& key) const {
    return {search::Text{key.with_header, key.value}};
  }
  Query operator()(const imap::SearchModSeq& key) const {
    return {search::SinceModSeq{ModSeq{key.at_least}}};
  }
  Query operator()(const imap::SearchAge& key) const {
    const auto limit = context_.now - std::chrono::seconds{key.seconds};
    return {search::Moment{key.older, key.older ? limit + Duration{1} : limit}};
  }
  Query operator()(const imap::SearchObjectId& key) const {
    const auto number = number_of(key.id, key.thread ? 'T' : 'M');
    if (number == 0) return never();
    if (key.thread) return {search::Thread{number}};
    return {search::Message{MessageId{number}}};
  }
  Query operator()(const imap::SearchSaveDateSupported& /*key*/) const { return {search::All{}}; }

 private:
  static Query uids(const imap::RangeSet& set) {
    search::Uids out;
    for (const auto& [first, last] : set.ranges()) out.ranges.emplace_back(first, last);
    return {std::move(out)};
  }

  const SearchContext& context_;
};

}  // namespace

Query to_query(const imap::SearchKey& key, const SearchContext& context) {
  return std::visit(Translator{context}, key.is);
}

}  // namespace postern::imapd
