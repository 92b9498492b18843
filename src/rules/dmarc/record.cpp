#include "dmarc/record.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "text/ascii.hpp"

namespace postern::dmarc {
namespace {

/// Blanks around tags: FWS of RFC 6376 §3.2.
std::string_view trim(std::string_view text) {
  return text::trim(text);
}

struct Tag {
  std::string_view name;
  std::string_view value;
  bool valid = false;  ///< Has a name, an equals sign and a value of printable ASCII.
};

/// Takes the tag up to the next semicolon off `text`.
Tag take_tag(std::string_view& text) {
  const auto end = std::min(text.find(';'), text.size());
  const auto spec = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  const auto equals = spec.find('=');
  if (equals == spec.npos) return {.name = trim(spec), .value = {}};
  const Tag tag{.name = trim(spec.substr(0, equals)), .value = trim(spec.substr(equals + 1))};
  const bool printable = std::ranges::none_of(tag.value, [](char c) {
    return text::is_8bit(c) || (text::is_control(c) && !text::is_wsp(c));
  });
  return {.name = tag.name, .value = tag.value, .valid = !tag.value.empty() && printable};
}

enum class Known : std::uint8_t { p, sp, np, adkim, aspf, psd, t, rua, ruf, fo, pct, ri, rf };
constexpr std::array<std::string_view, 13> kNames{"p",   "sp",  "np", "adkim", "aspf", "psd", "t",
                                                  "rua", "ruf", "fo", "pct",   "ri",   "rf"};

/// `fo`: 0 or 1, d, s, each once at most (RFC 9989 §4.8).
bool is_fo(std::string_view value) {
  std::string seen;
  for (const auto piece : text::split(value, ':')) {
    const auto word = trim(piece);
    if (word.size() != 1) return false;
    const char c = text::to_lower(word.front());
    if (!std::string_view{"01ds"}.contains(c) || seen.contains(c)) return false;
    seen += c;
  }
  return !(seen.contains('0') && seen.contains('1'));
}

std::string without_blanks(std::string_view value) {
  std::string out = text::lower(value);
  std::erase_if(out, text::is_wsp);
  return out;
}

class Reader {
 public:
  Record read(std::string_view rest) {
    while (!rest.empty()) take(take_tag(rest));
    for (std::size_t i = 0; i < kNames.size(); ++i) {
      const auto& tag = tags_.at(i);
      if (tag.name.empty()) continue;
      if (!tag.valid || !apply(static_cast<Known>(i), tag.value)) spoil(static_cast<Known>(i));
    }
    finish();
    return std::move(record_);
  }

 private:
  void take(const Tag& tag) {
    if (tag.name.empty() && !tag.valid) return;  // An empty tag between or behind semicolons.
    const auto* const it = std::ranges::find_if(
        kNames, [&](std::string_view name) { return text::iequals(name, tag.name); });
    if (it == kNames.end()) {
      if (text::iequals(tag.name, "v")) fault("v stands there twice");
      return;
    }
    Tag& place = tags_.at(static_cast<std::size_t>(it - kNames.begin()));
    if (place.name.empty()) {
      place = tag;
      return;
    }
    place.valid = false;
    fault(std::string{*it} + " stands there twice");
  }

  bool apply(Known tag, std::string_view value) {
    switch (tag) {
      case Known::p:     return set_policy(record_.p, value);
      case Known::sp:    return set_policy(record_.sp, value);
      case Known::np:    return set_policy(record_.np, value);
      case Known::adkim: return set_mode(record_.adkim, value);
      case Known::aspf:  return set_mode(record_.aspf, value);
      case Known::psd:   return set_psd(value);
      case Known::t:     return set_testing(value);
      case Known::rua:   return set_uris(record_.rua, "rua", value);
      case Known::ruf:   return set_uris(record_.ruf, "ruf", value);
      case Known::fo:    return set_fo(value);
      case Known::pct:   return set_number(record_.pct, value, 100);
      case Known::ri:    return set_number(record_.ri, value, UINT32_MAX);
      case Known::rf:    record_.rf = value.substr(0, 64); return true;
    }
    return false;
  }

  static bool set_policy(std::optional<Policy>& to, std::string_view value) {
    to = parse_policy(value);
    return to.has_value();
  }
  static bool set_mode(AlignmentMode& to, std::string_view value) {
    if (text::iequals(value, "s")) to = AlignmentMode::strict;
    return text::iequals(value, "s") || text::iequals(value, "r");
  }
  bool set_psd(std::string_view value) {
    if (text::iequals(value, "y")) record_.psd = Psd::yes;
    if (text::iequals(value, "n")) record_.psd = Psd::no;
    return record_.psd != Psd::unsaid || text::iequals(value, "u");
  }
  bool set_testing(std::string_view value) {
    record_.testing = text::iequals(value, "y");
    has_t_ = record_.testing || text::iequals(value, "n");
    return has_t_;
  }
  bool set_uris(std::vector<ReportUri>& to, std::string_view tag, std::string_view value) {
    auto list = parse_report_uris(value);
    if (list.bad != 0) fault(std::string{tag} + " holds what is no usable URI");
    if (list.too_many) fault(std::string{tag} + " holds too many URIs");
    to = std::move(list.uris);
    return !to.empty();
  }
  bool set_fo(std::string_view value) {
    if (!is_fo(value)) return false;
    record_.fo = without_blanks(value);
    return true;
  }
  static bool set_number(std::optional<std::uint32_t>& to, std::string_view value,
                         std::uint32_t most) {
    to = text::parse_number<std::uint32_t>(value);
    if (to && *to > most) to.reset();
    return to.has_value();
  }

  void spoil(Known tag) {
    if (tag == Known::p || tag == Known::sp || tag == Known::np) record_.policies_valid = false;
    fault(std::string{kNames.at(static_cast<std::size_t>(tag))} + " is not valid");
  }
  void fault(std::string text) {
    const bool known = std::ranges::find(record_.faults, text) != record_.faults.end();
    if (!known && record_.faults.size() < kMaxFaults) record_.faults.push_back(std::move(text));
  }
  void finish() {
    if (!record_.p) {
      record_.policies_valid = false;
      if (tags_.front().name.empty()) fault("p is missing");
    }
    if (record_.ruf.empty()) record_.fo = "0";
    if (!has_t_ && record_.pct == 0U) record_.testing = true;
  }

  Record record_;
  std::array<Tag, kNames.size()> tags_{};
  bool has_t_ = false;
};

}  // namespace

std::string_view to_string(Policy policy) {
  switch (policy) {
    case Policy::none:       return "none";
    case Policy::quarantine: return "quarantine";
    case Policy::reject:     return "reject";
  }
  return "none";
}

std::optional<Policy> parse_policy(std::string_view word) {
  for (const Policy policy : {Policy::none, Policy::quarantine, Policy::reject}) {
    if (text::iequals(word, to_string(policy))) return policy;
  }
  return std::nullopt;
}

Policy one_level_lower(Policy policy) {
  return policy == Policy::reject ? Policy::quarantine : Policy::none;
}

bool is_record(std::string_view text) {
  const Tag tag = take_tag(text);
  return tag.valid && text::iequals(tag.name, "v") && tag.value == "DMARC1";
}

Result<Record> parse_record(std::string_view text) {
  if (!is_record(text)) return fail(Errc::bad_syntax, "does not begin with v=DMARC1");
  take_tag(text);
  return Reader{}.read(text);
}

}  // namespace postern::dmarc
