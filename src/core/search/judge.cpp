#include <algorithm>

#include "mime/encoded_word.hpp"
#include "mime/header.hpp"
#include "search/facts.hpp"
#include "search/fold.hpp"
#include "text/ascii.hpp"

namespace postern::search {
namespace {

Answer to_answer(bool yes) {
  return yes ? Answer::yes : Answer::no;
}

bool compares(Day::Is is, std::chrono::sys_days day, std::chrono::sys_days wanted) {
  switch (is) {
    case Day::Is::before: return day < wanted;
    case Day::Is::on:     return day == wanted;
    case Day::Is::since:  return day >= wanted;
  }
  std::unreachable();
}

bool header_holds(std::string_view raw, const std::string& name, const std::string& wanted) {
  for (const auto& field : mime::Header{raw}) {
    if (!field.is(name)) continue;
    if (wanted.empty()) return true;
    if (fold(mime::decode_header_text(field.value)).contains(wanted)) return true;
  }
  return false;
}

bool any_header_holds(std::string_view raw, const std::string& wanted) {
  for (const auto& field : mime::Header{raw}) {
    if (fold(field.name).contains(wanted)) return true;
    if (fold(mime::decode_header_text(field.value)).contains(wanted)) return true;
  }
  return false;
}

class Judge {
 public:
  explicit Judge(const Facts& facts) : facts_{facts} {}

  Answer operator()(const All& /*every*/) const { return Answer::yes; }
  Answer operator()(const And& all) const {
    Answer out = Answer::yes;
    for (const auto& query : all.of) {
      const auto one = judge(query, facts_);
      if (one == Answer::no) return Answer::no;
      if (one == Answer::unknown) out = Answer::unknown;
    }
    return out;
  }
  Answer operator()(const Or& any) const {
    Answer out = Answer::no;
    for (const auto& query : any.of) {
      const auto one = judge(query, facts_);
      if (one == Answer::yes) return Answer::yes;
      if (one == Answer::unknown) out = Answer::unknown;
    }
    return out;
  }
  Answer operator()(const Not& negated) const {
    const auto one = judge(negated.of.front(), facts_);
    if (one == Answer::unknown) return one;
    return to_answer(one == Answer::no);
  }
  Answer operator()(const Uids& uids) const {
    const auto uid = facts_.entry->uid.value();
    const auto after = std::ranges::upper_bound(uids.ranges, uid, {},
                                                &std::pair<std::uint32_t, std::uint32_t>::first);
    return to_answer(after != uids.ranges.begin() && uid <= std::prev(after)->second);
  }
  Answer operator()(const HasFlags& flags) const {
    return to_answer((facts_.entry->flags.bits & flags.bits) != 0);
  }
  Answer operator()(const Size& size) const {
    const auto octets = facts_.entry->size;
    return to_answer(size.larger ? octets > size.octets : octets < size.octets);
  }
  Answer operator()(const Day& day) const {
    const auto& entry = *facts_.entry;
    if (day.of != Day::Of::sent) {
      const mime::DateTime at{
          day.of == Day::Of::internal ? entry.internal_date : entry.save_date,
          day.of == Day::Of::internal ? entry.internal_offset : std::int16_t{0}};
      return to_answer(compares(day.is, at.local_day(), day.day));
    }
    if (!facts_.header) return Answer::unknown;
    const auto field = mime::Header{*facts_.header}.find("Date");
    const auto date = field ? mime::parse_date(field->value) : std::nullopt;
    return to_answer(date && compares(day.is, date->local_day(), day.day));
  }
  Answer operator()(const Moment& moment) const {
    return to_answer((facts_.entry->internal_date < moment.time) == moment.before);
  }
  Answer operator()(const SinceModSeq& since) const {
    return to_answer(facts_.entry->modseq >= since.least);
  }
  Answer operator()(const Message& message) const {
    return to_answer(facts_.entry->message == message.id);
  }
  Answer operator()(const Thread& thread) const {
    if (facts_.record == nullptr) return Answer::unknown;
    return to_answer(facts_.record->thread == thread.id);
  }
  Answer operator()(const Header& header) const {
    if (!facts_.header) return Answer::unknown;
    return to_answer(header_holds(*facts_.header, header.field, header.text));
  }
  Answer operator()(const Subject& wanted) const {
    if (facts_.record == nullptr) return Answer::unknown;
    const auto envelope = facts_.record->envelope();
    if (!envelope || !envelope->subject) return Answer::no;
    return to_answer(fold(mime::decode_header_text(*envelope->subject)).contains(wanted.text));
  }
  Answer operator()(const Text& text) const {
    if (text.header && facts_.header && any_header_holds(*facts_.header, text.text))
      return Answer::yes;
    if (!facts_.body || (text.header && !facts_.header)) return Answer::unknown;
    return to_answer(facts_.body->contains(text.text));
  }

 private:
  const Facts& facts_;
};

}  // namespace

Answer judge(const Query& query, const Facts& facts) {
  return std::visit(Judge{facts}, query.is);
}

Query folded(Query query) {
  const auto fold_all = [](std::vector<Query>& of) {
    for (auto& one : of) one = folded(std::move(one));
  };
  if (auto* all = std::get_if<And>(&query.is)) fold_all(all->of);
  if (auto* any = std::get_if<Or>(&query.is)) fold_all(any->of);
  if (auto* negated = std::get_if<Not>(&query.is)) fold_all(negated->of);
  if (auto* header = std::get_if<Header>(&query.is)) header->text = fold(header->text);
  if (auto* subject = std::get_if<Subject>(&query.is)) subject->text = fold(subject->text);
  if (auto* text = std::get_if<Text>(&query.is)) text->text = fold(text->text);
  return query;
}

}  // namespace postern::search
