#include "dmarc/tree_walk.hpp"

#include <algorithm>
#include <utility>

namespace postern::dmarc {
namespace {

using dns::Answer;
using dns::Name;
using dns::Question;
using dns::Type;

/// The ancestor of `name` with that many labels.
Name shortened(Name name, std::size_t labels) {
  while (name.depth() > labels) name = name.parent();
  return name;
}

/// How little a status promises; the most wins.
int weakness(dns::Status status) {
  switch (status) {
    case dns::Status::secure:        return 0;
    case dns::Status::insecure:      return 1;
    case dns::Status::indeterminate: return 2;
    case dns::Status::bogus:         return 3;
  }
  return 3;
}

}  // namespace

std::string_view to_string(Boundary boundary) {
  switch (boundary) {
    case Boundary::psd_no:        return "psd=n";
    case Boundary::below_psd:     return "below psd=y";
    case Boundary::fewest_labels: return "topmost record";
    case Boundary::public_suffix: return "public suffix list";
    case Boundary::itself:        return "itself";
  }
  return "itself";
}

std::vector<Name> walk_targets(const Name& start) {
  std::vector<Name> out;
  if (start.is_root()) return out;
  out.push_back(start);
  Name name = start.depth() < kMaxWalk ? start.parent() : shortened(start, kMaxWalk - 1);
  for (; !name.is_root(); name = name.parent()) out.push_back(name);
  return out;
}

const Found& Tree::at(const Name& domain) {
  const auto it = seen_.find(domain);
  if (it != seen_.end()) return it->second;
  return seen_.emplace(domain, look(domain)).first->second;
}

Found Tree::look(const Name& domain) {
  const auto name = domain.below("_dmarc");
  if (!name) return {.kind = Found::Kind::none};  // Too long to exist.
  const Answer* answer = ask({*name, Type::txt});
  if (!answer) return {};
  Found found{.kind = Found::Kind::none, .status = answer->status};
  if (answer->temporary()) {
    found.kind = Found::Kind::failed;
    return found;
  }
  found.nxdomain = answer->outcome == dns::Outcome::nxdomain &&
                   (answer->canonical.is_root() || answer->canonical == *name);
  const std::string* text = nullptr;
  for (const dns::Record& record : answer->records) {
    const auto* txt = std::get_if<dns::Txt>(&record);
    if (!txt || !is_record(txt->text)) continue;
    found.several = text != nullptr;
    text = &txt->text;
    if (found.several) break;
  }
  if (found.several) fault("several records at " + name->to_string());
  if (!text || found.several) return found;
  found.kind = Found::Kind::record;
  found.record = parse_record(*text).value();
  return found;
}

const Answer* Tree::ask(const Question& question) {
  const auto it = answers_.find(question);
  if (it != answers_.end()) {
    note(it->second.status);
    return &it->second;
  }
  if (std::ranges::find(questions_, question) == questions_.end()) questions_.push_back(question);
  return nullptr;
}

void Tree::note(dns::Status status) {
  if (!status_ || weakness(status) > weakness(*status_)) status_ = status;
}

dns::Status Tree::status() const {
  return status_.value_or(dns::Status::indeterminate);
}

void Tree::fault(std::string text) {
  if (faults_.size() < kMaxFaults && std::ranges::find(faults_, text) == faults_.end())
    faults_.push_back(std::move(text));
}

Organisation Tree::organisation_of(const Name& start) {
  using Kind = Organisation::Kind;
  const auto suffix = suffix_ ? suffix_(start) : std::nullopt;
  const auto targets = walk_targets(start);
  for (const Name& target : targets) at(target);  // So that all is asked at once.
  Organisation out{.domain = start};
  for (const Name& target : targets) {
    const bool is_suffix = suffix && target != start && suffix->is_within(target);
    const Found& found = at(target);
    if (found.kind == Found::Kind::pending) return {};
    if (found.kind == Found::Kind::failed && !is_suffix) return {.kind = Kind::failed};
    if (found.kind == Found::Kind::failed) out.suffix_failed = true;
    if (found.kind == Found::Kind::record && climb(start, target, is_suffix, out)) {
      out.kind = Kind::known;
      return out;
    }
  }
  out.kind = Kind::known;
  if (out.boundary == Boundary::itself && suffix && start != *suffix) {
    out.domain = shortened(start, suffix->depth() + 1);
    out.boundary = Boundary::public_suffix;
  }
  return out;
}

bool Tree::climb(const Name& start, const Name& target, bool is_suffix, Organisation& out) {
  const Psd psd = at(target).record.psd;
  if (psd == Psd::yes && target != start) {
    out.domain = shortened(start, target.depth() + 1);
    out.boundary = Boundary::below_psd;
    out.psd = target;
    return true;
  }
  if (is_suffix && psd == Psd::unsaid) {
    fault("the record at _dmarc." + target.to_string() +
          ", a public suffix, has no psd tag: not used for the names below");
    return false;
  }
  out.domain = target;
  out.boundary = psd == Psd::no ? Boundary::psd_no : Boundary::fewest_labels;
  return psd != Psd::unsaid;
}

}  // namespace postern::dmarc
