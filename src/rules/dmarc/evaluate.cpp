#include "dmarc/evaluate.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "text/ascii.hpp"

namespace postern::dmarc {
namespace {

using dns::Name;

constexpr std::array<std::string_view, 8> kAuthWords{"none",    "pass",   "fail",      "softfail",
                                                     "neutral", "policy", "temperror", "permerror"};

enum class Discovery : std::uint8_t { done, pending, failed };

class Evaluation {
 public:
  Evaluation(const Input& input, const dns::Answers& answers, const PublicSuffix& suffix)
      : input_{input}, tree_{answers, suffix} {
    verdict_.author = input.author;
    verdict_.organisation = input.author;
    verdict_.spf.identifier = input.spf;
    for (const Identifier& signature : input.dkim)
      verdict_.dkim.push_back({.identifier = signature});
  }

  Step run() {
    const Discovery discovery = discover();
    if (discovery == Discovery::pending) return dns::Need{tree_.take_questions()};
    if (discovery == Discovery::failed) return failed_discovery();
    if (!record_)
      return conclude(Conclusion::none, "no DMARC record applies to " + input_.author.to_string());
    faults_of_record();
    if (!record_->usable()) {
      return conclude(Conclusion::permerror,
                      "the record at _dmarc." + record_at_.to_string() + " holds no valid policy");
    }
    align_all();
    choose_policy();
    if (tree_.pending()) return dns::Need{tree_.take_questions()};
    return decide();
  }

 private:
  // Discovery (RFC 9989 §4.10.1).

  Discovery discover() {
    organisation_ = tree_.organisation_of(input_.author);
    const Found& own = tree_.at(input_.author);
    if (organisation_.kind == Organisation::Kind::pending) return Discovery::pending;
    const bool known = organisation_.kind == Organisation::Kind::known;
    if (known) {
      verdict_.organisation = organisation_.domain;
      verdict_.boundary = organisation_.boundary;
    }
    if (own.kind == Found::Kind::failed) return Discovery::failed;
    if (use_record_of(input_.author)) return Discovery::done;
    if (!known) return Discovery::failed;
    if (use_record_of(organisation_.domain)) return Discovery::done;
    if (organisation_.psd && use_record_of(*organisation_.psd)) {
      verdict_.from_psd = true;
      return Discovery::done;
    }
    return organisation_.suffix_failed ? Discovery::failed : Discovery::done;
  }

  bool use_record_of(const Name& domain) {
    const Found& found = tree_.at(domain);
    if (found.kind != Found::Kind::record) return false;
    verdict_.policy_domain = domain;
    verdict_.record = found.record;
    record_ = &found.record;
    record_at_ = domain;
    return true;
  }

  Verdict failed_discovery() {
    const auto passes = [&](const Identifier& identifier) {
      return identifier.result == Auth::pass && identifier.domain == input_.author;
    };
    verdict_.would_pass = passes(input_.spf) || std::ranges::any_of(input_.dkim, passes);
    return conclude(Conclusion::temperror,
                    "DNS fails for the DMARC record of " + input_.author.to_string());
  }

  // Alignment (RFC 9989 §4.10.2).

  void align_all() {
    // What passed first, so that the limit on walks hits the others.
    for (const Auth wanted : {Auth::pass, Auth::temperror}) {
      if (verdict_.spf.identifier.result == wanted) align(verdict_.spf, record_->aspf);
      for (Judged& judged : verdict_.dkim) {
        if (judged.identifier.result == wanted) align(judged, record_->adkim);
      }
    }
  }

  void align(Judged& judged, AlignmentMode mode) {
    judged.alignment = alignment_of(judged.identifier.domain, mode);
    judged.counts =
        judged.identifier.result == Auth::pass &&
        (judged.alignment == Alignment::strict || judged.alignment == Alignment::relaxed);
  }

  Alignment alignment_of(const Name& domain, AlignmentMode mode) {
    if (domain.is_root()) return Alignment::none;
    if (domain == input_.author) return Alignment::strict;
    if (mode == AlignmentMode::strict) return Alignment::none;
    if (organisation_.kind == Organisation::Kind::failed) return share_a_parent(domain);
    if (!domain.is_within(organisation_.domain)) return Alignment::none;
    if (!walked(domain)) return Alignment::unchecked;
    const Organisation other = tree_.organisation_of(domain);
    if (other.kind != Organisation::Kind::known) return Alignment::unknown;
    return other.domain == organisation_.domain ? Alignment::relaxed : Alignment::none;
  }

  /// Where the organisation is not known: names without a common ancestor are never aligned.
  Alignment share_a_parent(const Name& domain) const {
    Name top = input_.author;
    while (top.depth() > 1) top = top.parent();
    return domain.is_within(top) ? Alignment::unknown : Alignment::none;
  }

  bool walked(const Name& domain) {
    if (std::ranges::find(walked_, domain) != walked_.end()) return true;
    if (walked_.size() == kMaxWalkedIdentifiers) return false;
    walked_.push_back(domain);
    return true;
  }

  // Policy (RFC 9989 §4.7, §4.10.1).

  void choose_policy() {
    const Record& record = *record_;
    const bool own = record_at_ == input_.author;
    const auto exists = own ? std::optional{true} : author_exists();
    verdict_.nonexistent = exists == false;
    verdict_.tag = own || !record.sp ? PolicyTag::p : PolicyTag::sp;
    verdict_.asked = own ? record.policy() : record.subdomain_policy();
    // Where DNS does not tell whether the name exists, the milder of both policies.
    if (record.np &&
        (verdict_.nonexistent || (!exists && record.nonexistent_policy() < verdict_.asked))) {
      verdict_.tag = PolicyTag::np;
      verdict_.asked = record.nonexistent_policy();
    }
    verdict_.applied = record.testing ? one_level_lower(verdict_.asked) : verdict_.asked;
    verdict_.tested = verdict_.applied != verdict_.asked;
  }

  /// Nothing: not known (yet).
  std::optional<bool> author_exists() {
    const Found& own = tree_.at(input_.author);
    if (!own.nxdomain) return true;  // Something is at `_dmarc` below it.
    const dns::Answer* answer = tree_.ask({input_.author, dns::Type::a});
    if (!answer || answer->temporary()) return std::nullopt;
    const bool alias = !answer->canonical.is_root() && answer->canonical != input_.author;
    return answer->outcome != dns::Outcome::nxdomain || alias;
  }

  void faults_of_record() {
    for (const std::string& fault : record_->faults) {
      faults_.push_back("_dmarc." + record_at_.to_string() + ": " + fault);
    }
  }

  // The end (RFC 9989 §5.3.5, §5.3.6).

  Verdict decide() {
    std::vector<const Judged*> all{&verdict_.spf};
    for (const Judged& judged : verdict_.dkim) all.push_back(&judged);
    const auto counting = std::ranges::find_if(all, [](const Judged* j) { return j->counts; });
    if (counting != all.end())
      return conclude(Conclusion::pass, describe(**counting, *counting == &verdict_.spf));
    const auto open = [](const Judged* j) {
      const bool may_align =
          j->alignment != Alignment::none && j->alignment != Alignment::unchecked;
      return may_align &&
             (j->identifier.result == Auth::temperror || j->alignment == Alignment::unknown);
    };
    if (std::ranges::any_of(all, open)) {
      return conclude(
          Conclusion::temperror,
          "nothing aligned passes yet, and a temporary error hides the rest: " + describe_all());
    }
    return conclude(Conclusion::fail, "nothing aligned passes: " + describe_all());
  }

  [[nodiscard]] std::string describe(const Judged& judged, bool spf) const {
    std::string out = spf ? "SPF " : "DKIM ";
    out += to_string(judged.identifier.result);
    if (!judged.identifier.domain.is_root()) out += " for " + judged.identifier.domain.to_string();
    switch (judged.alignment) {
      case Alignment::unchecked: return out;
      case Alignment::none:      return out + " (not aligned)";
      case Alignment::relaxed:   return out + " (aligned, relaxed)";
      case Alignment::strict:    return out + " (aligned)";
      case Alignment::unknown:   return out + " (alignment not known)";
    }
    return out;
  }

  [[nodiscard]] std::string describe_all() const {
    constexpr std::size_t kMost = 8;
    std::string out = describe(verdict_.spf, true);
    if (verdict_.dkim.empty()) return out + ", no DKIM signature";
    for (const Judged& judged :
         std::span{verdict_.dkim}.first(std::min(kMost, verdict_.dkim.size())))
      out += ", " + describe(judged, false);
    if (verdict_.dkim.size() > kMost)
      out += ", and " + std::to_string(verdict_.dkim.size() - kMost) + " more";
    return out;
  }

  Verdict conclude(Conclusion result, std::string reason) {
    verdict_.result = result;
    verdict_.reason = std::move(reason);
    verdict_.status = tree_.status();
    verdict_.faults = tree_.faults();
    for (std::string& fault : faults_) verdict_.faults.push_back(std::move(fault));
    return std::move(verdict_);
  }

  const Input& input_;
  Tree tree_;
  Verdict verdict_;
  Organisation organisation_;
  const Record* record_ = nullptr;  ///< The one that applies; within `tree_`.
  Name record_at_;
  std::vector<Name> walked_;
  std::vector<std::string> faults_;
};

}  // namespace

std::string_view to_string(Auth auth) {
  return kAuthWords.at(static_cast<std::size_t>(auth));
}

std::optional<Auth> parse_auth(std::string_view word) {
  const auto* const it = std::ranges::find_if(
      kAuthWords, [&](std::string_view known) { return text::iequals(known, word); });
  if (it == kAuthWords.end()) return std::nullopt;
  return static_cast<Auth>(it - kAuthWords.begin());
}

std::string_view to_string(Alignment alignment) {
  switch (alignment) {
    case Alignment::unchecked: return "unchecked";
    case Alignment::none:      return "none";
    case Alignment::relaxed:   return "relaxed";
    case Alignment::strict:    return "strict";
    case Alignment::unknown:   return "unknown";
  }
  return "unchecked";
}

std::string_view to_string(Conclusion conclusion) {
  switch (conclusion) {
    case Conclusion::none:      return "none";
    case Conclusion::pass:      return "pass";
    case Conclusion::fail:      return "fail";
    case Conclusion::temperror: return "temperror";
    case Conclusion::permerror: return "permerror";
  }
  return "none";
}

std::string_view to_string(PolicyTag tag) {
  switch (tag) {
    case PolicyTag::p:  return "p";
    case PolicyTag::sp: return "sp";
    case PolicyTag::np: return "np";
  }
  return "p";
}

bool Verdict::dkim_passes() const {
  return std::ranges::any_of(dkim, [](const Judged& judged) { return judged.counts; });
}

Step evaluate(const Input& input, const dns::Answers& answers, const PublicSuffix& suffix) {
  return Evaluation{input, answers, suffix}.run();
}

}  // namespace postern::dmarc
