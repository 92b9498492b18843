#include "mtasts/policy.hpp"

#include <algorithm>
#include <utility>

#include "mtasts/grammar.hpp"
#include "text/utf8.hpp"
#include "vocab/try.hpp"

namespace postern::mtasts {
namespace {

constexpr std::string_view kVersion = "STSv1";
constexpr std::size_t kMaxDigits = 10;
constexpr std::size_t kMaxQuoted = 100;

std::unexpected<Error> refuse(std::string why) {
  return fail(Errc::bad_syntax, std::move(why));
}

Result<Pattern> parse_pattern(std::string_view text) {
  Pattern out;
  out.wildcard = text.starts_with("*.");
  const auto host = text.substr(out.wildcard ? 2 : 0);
  // Domain of RFC 5321 §4.1.2: no U-labels, no address, no final dot, which others do not match.
  auto name = dns::Name::parse(host);
  const bool odd = !text::is_ascii(host) || host.contains('\\') || host.ends_with('.') ||
                   text::IpAddress::parse(host).has_value();
  if (odd || !name || !name->is_host())
    return refuse("mx is no host name or *.name: " + std::string{text.substr(0, kMaxQuoted)});
  out.name = *std::move(name);
  return out;
}

Result<Mode> parse_mode(std::string_view text) {
  for (const auto mode : {Mode::none, Mode::testing, Mode::enforce}) {
    if (text == to_string(mode)) return mode;
  }
  return refuse("mode is not enforce, testing or none");
}

Result<std::chrono::seconds> parse_max_age(std::string_view text) {
  const auto seconds = text::parse_number<std::uint64_t>(text);
  if (!seconds || text.size() > kMaxDigits) return refuse("max_age is no number of seconds");
  if (std::cmp_greater(*seconds, kMaxAge.count()))
    return refuse("max_age is more than a year (" + std::to_string(kMaxAge.count()) + ")");
  return std::chrono::seconds{*seconds};
}

/// sts-policy-ext-value of RFC 8461 §3.2; `text` has no white space at its ends.
bool is_value(std::string_view text) {
  return !text.empty() && std::ranges::none_of(text, text::is_control) && text::is_utf8(text);
}

/// What has been read so far.
struct Reading {
  bool version = false;
  std::optional<Mode> mode;
  std::optional<std::chrono::seconds> max_age;
  std::vector<Pattern> mx;

  Result<void> add(std::string_view name, std::string_view value) {
    if (name == "mx") {
      if (mx.size() == kMaxPatterns) return fail(Errc::too_large, "more than 1000 mx");
      POSTERN_TRY(auto pattern, parse_pattern(value));
      mx.push_back(std::move(pattern));
    } else if (name == "version" && !version) {
      if (value != kVersion) return refuse("version is not STSv1");
      version = true;
    } else if (name == "mode" && !mode) {
      POSTERN_TRY(mode, parse_mode(value));
    } else if (name == "max_age" && !max_age) {
      POSTERN_TRY(max_age, parse_max_age(value));
    } else if (!is_name(name) || !is_value(value)) {
      return refuse("not a field: " + std::string{name.substr(0, kMaxQuoted)});
    }
    return {};
  }
};

}  // namespace

std::string_view to_string(Mode mode) {
  switch (mode) {
    case Mode::none:    return "none";
    case Mode::testing: return "testing";
    case Mode::enforce: return "enforce";
  }
  return "";
}

std::string Pattern::to_string() const {
  return (wildcard ? "*." : "") + name.to_string();
}

bool Policy::covers(const dns::Name& host) const {
  return std::ranges::any_of(mx, [&](const Pattern& pattern) {
    if (!pattern.wildcard) return host == pattern.name;
    return !host.is_root() && host.parent() == pattern.name;
  });
}

Result<Policy> parse_policy(std::string_view text) {
  if (text.size() > kMaxPolicy) return fail(Errc::too_large, "the policy is larger than 64 KiB");
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  Reading read;
  for (auto line : text::split(text, '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    const auto colon = line.find(':');
    if (colon == line.npos)
      return refuse("a line without a colon: " + std::string{line.substr(0, kMaxQuoted)});
    POSTERN_CHECK(read.add(line.substr(0, colon), trim_wsp(line.substr(colon + 1))));
  }
  if (!read.version) return refuse("no version");
  if (!read.mode) return refuse("no mode");
  if (!read.max_age) return refuse("no max_age");
  if (read.mx.empty() && *read.mode != Mode::none) return refuse("no mx");
  return Policy{.mode = *read.mode, .max_age = *read.max_age, .mx = std::move(read.mx)};
}

std::string print(const Policy& policy) {
  std::string out = "version: STSv1\r\nmode: " + std::string{to_string(policy.mode)} + "\r\n";
  for (const auto& pattern : policy.mx) out += "mx: " + pattern.to_string() + "\r\n";
  return out + "max_age: " + std::to_string(policy.max_age.count()) + "\r\n";
}

bool is_policy_type(std::string_view content_type) {
  return text::iequals(text::trim(content_type.substr(0, content_type.find(';'))), "text/plain");
}

Result<dns::Name> policy_host(const dns::Name& domain) {
  return domain.below("mta-sts");
}

std::string policy_url(const dns::Name& policy_host) {
  return "https://" + policy_host.to_string() + "/.well-known/mta-sts.txt";
}

}  // namespace postern::mtasts
