#include "spf/record.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "text/ascii.hpp"
#include "vocab/try.hpp"

namespace postern::spf {
namespace {

using Kind = Directive::Kind;

constexpr std::string_view kVersion = "v=spf1";

constexpr std::array kOutcomes{
    std::pair{Outcome::none, std::string_view{"none"}},
    std::pair{Outcome::neutral, std::string_view{"neutral"}},
    std::pair{Outcome::pass, std::string_view{"pass"}},
    std::pair{Outcome::fail, std::string_view{"fail"}},
    std::pair{Outcome::softfail, std::string_view{"softfail"}},
    std::pair{Outcome::temperror, std::string_view{"temperror"}},
    std::pair{Outcome::permerror, std::string_view{"permerror"}},
};

constexpr std::array kMechanisms{
    std::pair{Kind::all, std::string_view{"all"}},
    std::pair{Kind::include, std::string_view{"include"}},
    std::pair{Kind::a, std::string_view{"a"}},
    std::pair{Kind::mx, std::string_view{"mx"}},
    std::pair{Kind::ptr, std::string_view{"ptr"}},
    std::pair{Kind::ip4, std::string_view{"ip4"}},
    std::pair{Kind::ip6, std::string_view{"ip6"}},
    std::pair{Kind::exists, std::string_view{"exists"}},
};

/// The digits at the end of `text` behind `mark`; `text` then ends before the mark.
std::optional<std::string_view> take_suffix(std::string_view& text, std::string_view mark) {
  const auto at = text.rfind(mark);
  if (at == std::string_view::npos) return std::nullopt;
  const auto digits = text.substr(at + mark.size());
  if (digits.empty() || !std::ranges::all_of(digits, text::is_digit)) return std::nullopt;
  text = text.substr(0, at);
  return digits;
}

/// A prefix length: no leading zero, at most `most`.
Result<unsigned> prefix_length(std::string_view digits, unsigned most) {
  const auto value = text::parse_number<unsigned>(digits);
  if (!value || *value > most || (digits.size() > 1 && digits.starts_with('0')))
    return fail(Errc::bad_syntax, "a prefix length that cannot be");
  return *value;
}

/// Takes `["/" ip4-cidr] ["//" ip6-cidr]` off the end of `rest`.
Result<void> take_dual_cidr(std::string_view& rest, Directive& out) {
  if (const auto digits = take_suffix(rest, "//")) {
    POSTERN_TRY(out.prefix6, prefix_length(*digits, 128));
  }
  if (const auto digits = take_suffix(rest, "/")) {
    POSTERN_TRY(out.prefix4, prefix_length(*digits, 32));
  }
  return {};
}

/// ip4 and ip6: `rest` is what stands behind the name.
Result<void> read_net(std::string_view rest, Directive& out) {
  const bool v4 = out.kind == Kind::ip4;
  if (!rest.starts_with(':')) return fail(Errc::bad_syntax, "no address");
  rest.remove_prefix(1);
  if (const auto slash = rest.find('/'); slash != std::string_view::npos) {
    POSTERN_TRY((v4 ? out.prefix4 : out.prefix6),
                prefix_length(rest.substr(slash + 1), v4 ? 32 : 128));
    rest = rest.substr(0, slash);
  }
  const auto ip = text::IpAddress::parse(rest);
  if (!ip || v4 == rest.contains(':')) return fail(Errc::bad_syntax, "not an address");
  out.net = *ip;
  return {};
}

/// The mechanisms that name a domain.
Result<void> read_domain(std::string_view rest, Directive& out) {
  const bool must = out.kind == Kind::include || out.kind == Kind::exists;
  if (out.kind == Kind::a || out.kind == Kind::mx) POSTERN_CHECK(take_dual_cidr(rest, out));
  if (rest.empty() && !must) return {};
  if (!rest.starts_with(':')) return fail(Errc::bad_syntax, "no domain");
  POSTERN_TRY(out.domain, MacroString::parse(rest.substr(1), MacroUse::domain));
  return {};
}

std::optional<Outcome> qualifier_of(char c) {
  switch (c) {
    case '+': return Outcome::pass;
    case '-': return Outcome::fail;
    case '~': return Outcome::softfail;
    case '?': return Outcome::neutral;
    default:  return std::nullopt;
  }
}

Result<Directive> read_directive(std::string_view term) {
  Directive out{.text = std::string{term}};
  if (const auto qualifier = qualifier_of(term.front())) {
    out.qualifier = *qualifier;
    term.remove_prefix(1);
  }
  const auto name = term.substr(0, term.find_first_of(":/"));
  const auto rest = term.substr(name.size());
  const auto* const known = std::ranges::find_if(
      kMechanisms, [name](const auto& m) { return text::iequals(m.second, name); });
  if (known == kMechanisms.end()) return fail(Errc::bad_syntax, "unknown mechanism");
  out.kind = known->first;
  if (out.kind == Kind::all) {
    if (!rest.empty()) return fail(Errc::bad_syntax, "all takes no argument");
  } else if (out.kind == Kind::ip4 || out.kind == Kind::ip6) {
    POSTERN_CHECK(read_net(rest, out));
  } else {
    POSTERN_CHECK(read_domain(rest, out));
  }
  return out;
}

/// The length of a modifier's name, which `=` follows; 0: this is no modifier (RFC 7208 §4.6.1).
std::size_t modifier_name(std::string_view term) {
  if (!text::is_alpha(term.front())) return 0;
  const auto end = std::ranges::find_if_not(
      term, [](char c) { return text::is_alnum(c) || c == '-' || c == '_' || c == '.'; });
  const auto size = static_cast<std::size_t>(end - term.begin());
  return end != term.end() && *end == '=' ? size : 0;
}

Result<void> read_modifier(std::string_view name, std::string_view value, Record& out) {
  const bool redirect = text::iequals(name, "redirect");
  if (!redirect && !text::iequals(name, "exp")) {
    POSTERN_CHECK(MacroString::parse(value, MacroUse::ignored));
    return {};
  }
  auto& slot = redirect ? out.redirect : out.exp;
  if (slot) return fail(Errc::bad_syntax, "given twice");
  POSTERN_TRY(slot, MacroString::parse(value, MacroUse::domain));
  if (redirect) out.redirect_text = "redirect=" + std::string{value};
  return {};
}

Result<void> read_term(std::string_view term, Record& out) {
  if (const auto size = modifier_name(term); size != 0)
    return read_modifier(term.substr(0, size), term.substr(size + 1), out);
  POSTERN_TRY(auto directive, read_directive(term));
  out.directives.push_back(std::move(directive));
  return {};
}

std::string printable(std::string_view text) {
  std::string out{text.substr(0, 100)};
  std::ranges::replace_if(out, [](char c) { return c < 0x20 || c > 0x7e; }, '?');
  return out;
}

}  // namespace

std::string_view to_string(Outcome outcome) {
  return kOutcomes.at(static_cast<std::size_t>(outcome)).second;
}

std::optional<Outcome> parse_outcome(std::string_view word) {
  const auto* const known = std::ranges::find_if(
      kOutcomes, [word](const auto& o) { return text::iequals(o.second, word); });
  if (known == kOutcomes.end()) return std::nullopt;
  return known->first;
}

bool is_spf(std::string_view txt) {
  if (!text::istarts_with(txt, kVersion)) return false;
  return txt.size() == kVersion.size() || txt.substr(kVersion.size()).starts_with(' ');
}

Result<Record> parse_record(std::string_view txt) {
  Record out;
  if (!is_spf(txt)) return fail(Errc::bad_syntax, "not an SPF record");
  for (const auto term : text::split(txt.substr(kVersion.size()), ' ')) {
    if (term.empty()) continue;
    if (auto read = read_term(term, out); !read)
      return fail(Errc::bad_syntax, printable(term) + ": " + read.error().detail);
  }
  return out;
}

}  // namespace postern::spf
