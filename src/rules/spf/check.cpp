#include "spf/check.hpp"

#include <algorithm>
#include <expected>
#include <optional>
#include <utility>
#include <vector>

#include "spf/lookup.hpp"
#include "text/ascii.hpp"
#include "vocab/try.hpp"

namespace postern::spf {
namespace {

using dns::Name;
using Kind = Directive::Kind;

/// What a record says of the peer, and where it says so.
struct Finding {
  Outcome outcome = Outcome::none;
  std::string matched = {};
  std::string why = {};
  std::optional<MacroString> exp = {};
  Name domain = {};  ///< Whose record it is.
};

/// The identity under test.
struct Identity {
  std::string local_part;
  std::string domain;
};

Identity identity_of(const Query& query) {
  if (query.mail_from.empty()) return {"postmaster", std::string{query.helo}};
  const auto at = query.mail_from.rfind('@');
  if (at == std::string_view::npos) return {"postmaster", std::string{query.mail_from}};
  const auto local = query.mail_from.substr(0, at);
  return {local.empty() ? "postmaster" : std::string{local},
          std::string{query.mail_from.substr(at + 1)}};
}

/// What was expanded, as a name that may be asked for: a local part may bring any octet. Nothing:
/// no name can be made of it (also when it is not ASCII, RFC 8616 §4), so that nothing matches.
std::optional<Name> name_of(std::string_view expanded) {
  constexpr std::string_view kDigits = "0123456789";
  std::string escaped;
  for (const char c : shortened(expanded)) {
    if (text::is_8bit(c)) return std::nullopt;
    if (c > ' ' && c < 0x7f && c != '\\') {
      escaped.push_back(c);
      continue;
    }
    const auto octet = static_cast<unsigned char>(c);
    escaped.push_back('\\');
    escaped.push_back(kDigits.at(octet / 100));
    escaped.push_back(kDigits.at(octet / 10 % 10));
    escaped.push_back(kDigits.at(octet % 10));
  }
  auto name = Name::parse(escaped);
  if (!name) return std::nullopt;
  return *std::move(name);
}

bool within(const text::IpAddress& ip, const text::IpAddress& net, const Directive& directive) {
  if (ip.is_v4() != net.is_v4()) return false;
  const unsigned prefix = ip.is_v4() ? directive.prefix4 : directive.prefix6;
  return ip.net(prefix) == net.net(prefix);
}

class Evaluation {
 public:
  Evaluation(const Query& query, const dns::Answers& answers, const Limits& limits)
      : query_{query},
        limits_{limits},
        lookup_{query.ip, answers, limits},
        identity_{identity_of(query)} {}

  Step run() {
    const auto domain = Name::parse(identity_.domain);
    if (!domain || domain->depth() < 2) {
      return Verdict{.outcome = Outcome::none,
                     .domain = identity_.domain,
                     .why = "the sender's domain is not a domain name"};
    }
    identity_.domain = domain->to_string();
    auto found = check_host(*domain);
    if (!found && !found.error().need.questions.empty()) return std::move(found.error().need);
    Verdict out{.domain = identity_.domain};
    if (found) {
      if (found->outcome == Outcome::fail && found->exp) {
        auto words = explanation(*found);
        if (!words) return std::move(words.error().need);
        out.explanation = *std::move(words);
      }
      out.outcome = found->outcome;
      out.matched = std::move(found->matched);
      out.why = std::move(found->why);
    } else {
      out.outcome = found.error().outcome;
      out.why = std::move(found.error().why);
    }
    out.lookups = lookup_.terms();
    out.secure = lookup_.secure();
    out.steps = std::move(steps_);
    return out;
  }

 private:
  Got<Finding> check_host(const Name& domain) {
    POSTERN_TRY(const auto text, lookup_.record(domain));
    if (!text) return Finding{.why = "no SPF record at " + domain.to_string(), .domain = domain};
    step(domain, "the record is " + *text);
    auto record = parse_record(*text);
    if (!record) {
      return std::unexpected(Stop{.outcome = Outcome::permerror,
                                  .why = "the SPF record of " + domain.to_string() +
                                         " is not valid: " + record.error().detail});
    }
    for (const auto& directive : record->directives) {
      POSTERN_TRY(const bool matches, is_match(directive, domain));
      step(domain, directive.text + (matches ? " matches" : " does not match"));
      if (matches) {
        return Finding{.outcome = directive.qualifier,
                       .matched = directive.text,
                       .exp = std::move(record->exp),
                       .domain = domain};
      }
    }
    const bool has_all =
        std::ranges::any_of(record->directives, [](const auto& d) { return d.kind == Kind::all; });
    if (record->redirect && !has_all) return redirected(*record, domain);
    return Finding{
        .outcome = Outcome::neutral, .why = "no term of the record matches", .domain = domain};
  }

  /// RFC 7208 §6.1.
  Got<Finding> redirected(const Record& record, const Name& domain) {
    POSTERN_CHECK(lookup_.count_term());
    POSTERN_TRY(const auto target, target_of(record.redirect, domain));
    if (!target) return permanent(record.redirect_text + " leads to no domain name");
    step(domain, record.redirect_text + " decides");
    POSTERN_TRY(auto found, check_host(*target));
    if (found.outcome == Outcome::none)
      return permanent(record.redirect_text + " leads to a domain without SPF record");
    return found;
  }

  Got<bool> is_match(const Directive& directive, const Name& domain) {
    if (directive.kind == Kind::all) return true;
    if (!directive.asks()) return within(query_.ip, directive.net, directive);
    POSTERN_CHECK(lookup_.count_term());
    POSTERN_TRY(const auto target, target_of(directive.domain, domain));
    // What is no name does not exist (RFC 7208 §4.8); a record that does not exist cannot be
    // included.
    if (!target) {
      if (directive.kind == Kind::include) return permanent(directive.text + " names no domain");
      return false;
    }
    switch (directive.kind) {
      case Kind::include: return includes(directive, *target);
      case Kind::a:       return has_address(directive, {*target});
      case Kind::mx:      return has_exchanger(directive, *target);
      case Kind::ptr:     return is_named(*target);
      case Kind::exists:  return lookup_.exists(*target);
      case Kind::all:
      case Kind::ip4:
      case Kind::ip6:     break;
    }
    return false;
  }

  /// RFC 7208 §5.2.
  Got<bool> includes(const Directive& directive, const Name& target) {
    POSTERN_TRY(const auto found, check_host(target));
    if (found.outcome == Outcome::none)
      return permanent(directive.text + " names a domain without SPF record");
    return found.outcome == Outcome::pass;
  }

  Got<bool> has_address(const Directive& directive, const std::vector<Name>& hosts) {
    return lookup_.any_address(
        hosts, [&](const text::IpAddress& ip) { return within(query_.ip, ip, directive); });
  }

  /// RFC 7208 §5.4.
  Got<bool> has_exchanger(const Directive& directive, const Name& target) {
    POSTERN_TRY(const auto hosts, lookup_.exchangers(target));
    return has_address(directive, hosts);
  }

  /// RFC 7208 §5.5.
  Got<bool> is_named(const Name& target) {
    POSTERN_TRY(const auto names, lookup_.validated_names());
    return std::ranges::any_of(names, [&](const Name& name) { return name.is_within(target); });
  }

  /// The domain that a term means; nothing: what it expands to is no name.
  Got<std::optional<Name>> target_of(const std::optional<MacroString>& text, const Name& domain) {
    if (!text) return domain;
    POSTERN_TRY(const auto expanded, expanded_at(*text, domain));
    return name_of(expanded);
  }

  Got<std::string> expanded_at(const MacroString& text, const Name& domain) {
    std::string validated = "unknown";
    if (text.uses('p')) {
      POSTERN_TRY(validated, validated_name(domain));
    }
    const std::string current = domain.to_string();
    return expand(text, {.local_part = identity_.local_part,
                         .sender_domain = identity_.domain,
                         .domain = current,
                         .ip = query_.ip,
                         .validated = validated,
                         .helo = query_.helo,
                         .receiver = query_.receiver,
                         .now = query_.now});
  }

  /// The macro `p`: the domain itself, else a name below it, else any (RFC 7208 §7.3).
  Got<std::string> validated_name(const Name& domain) {
    POSTERN_TRY(const auto names, lookup_.validated_names());
    if (names.empty()) return "unknown";
    if (std::ranges::find(names, domain) != names.end()) return domain.to_string();
    const auto below =
        std::ranges::find_if(names, [&](const Name& name) { return name.is_within(domain); });
    return (below == names.end() ? names.front() : *below).to_string();
  }

  /// RFC 7208 §6.2: whatever is wrong with it, there is no explanation then. Stops only to ask.
  Got<std::string> explanation(const Finding& found) {
    auto text = explanation_text(found);
    if (!text && text.error().need.questions.empty()) return "";
    return text;
  }

  Got<std::string> explanation_text(const Finding& found) {
    POSTERN_TRY(const auto target, target_of(found.exp, found.domain));
    if (!target) return "";
    POSTERN_TRY(const auto text, lookup_.only_text(*target));
    const auto parsed = MacroString::parse(text, MacroUse::explanation);
    if (!parsed) return "";
    POSTERN_TRY(auto out, expanded_at(*parsed, found.domain));
    if (!std::ranges::all_of(out, [](char c) { return c >= ' ' && c <= '~'; })) return "";
    if (out.size() > limits_.explanation) out.resize(limits_.explanation);
    return out;
  }

  /// One line, whatever the record holds.
  void step(const Name& domain, std::string_view what) {
    if (!query_.with_steps || steps_.size() >= kMaxSteps) return;
    constexpr std::size_t kMost = 500;
    auto line = domain.to_string() + ": " + std::string{what.substr(0, kMost)};
    std::ranges::replace_if(line, [](char c) { return c < ' ' || c > '~'; }, '?');
    steps_.push_back(std::move(line));
  }

  const Query& query_;
  const Limits& limits_;
  std::vector<std::string> steps_;
  Lookup lookup_;
  Identity identity_;
};

}  // namespace

Step check(const Query& query, const dns::Answers& answers, const Limits& limits) {
  return Evaluation(query, answers, limits).run();
}

}  // namespace postern::spf
