#include "smtp/capabilities.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "text/ascii.hpp"

namespace postern::smtp {
namespace {

constexpr std::size_t kMaxMechanisms = 64;

constexpr auto kFlags = std::to_array<std::pair<std::string_view, bool Capabilities::*>>({
    {"PIPELINING", &Capabilities::pipelining},
    {"8BITMIME", &Capabilities::eight_bit_mime},
    {"SMTPUTF8", &Capabilities::smtputf8},
    {"STARTTLS", &Capabilities::starttls},
    {"CHUNKING", &Capabilities::chunking},
    {"BINARYMIME", &Capabilities::binary_mime},
    {"DSN", &Capabilities::dsn},
    {"ENHANCEDSTATUSCODES", &Capabilities::enhanced_status_codes},
    {"REQUIRETLS", &Capabilities::requiretls},
});

constexpr auto kLimits =
    std::to_array<std::pair<std::string_view, std::optional<std::uint32_t> Capabilities::*>>({
        {"RCPTMAX", &Capabilities::rcpt_max},
        {"MAILMAX", &Capabilities::mail_max},
        {"RCPTDOMAINMAX", &Capabilities::rcpt_domain_max},
    });

using Words = std::vector<std::string_view>;

Words words_of(std::string_view line) {
  auto words = text::split(line, ' ');
  std::erase_if(words, [](std::string_view word) { return word.empty(); });
  return words;
}

void read_auth(Capabilities& out, const Words& words) {
  for (std::size_t i = 1; i < words.size() && out.auth.size() < kMaxMechanisms; ++i) {
    if (!out.offers_auth(words[i])) out.auth.push_back(text::upper(words[i]));
  }
}

void read_limits(Capabilities& out, const Words& words) {
  for (std::size_t i = 1; i < words.size(); ++i) {
    const auto equals = std::min(words[i].find('='), words[i].size());
    if (equals == words[i].size()) continue;
    const auto value = text::parse_number<std::uint32_t>(words[i].substr(equals + 1));
    for (const auto& [name, member] : kLimits) {
      if (value && *value > 0 && text::iequals(name, words[i].substr(0, equals)))
        out.*member = value;
    }
  }
}

void read_line(Capabilities& out, std::string_view line) {
  // Before RFC 2554 some wrote "AUTH=LOGIN", and some write both.
  std::string copy{line};
  if (text::istarts_with(copy, "AUTH=")) copy[4] = ' ';
  const auto words = words_of(copy);
  if (words.empty()) return;
  for (const auto& [name, member] : kFlags) {
    if (text::iequals(words[0], name)) out.*member = true;
  }
  if (text::iequals(words[0], "AUTH")) read_auth(out, words);
  if (text::iequals(words[0], "LIMITS")) read_limits(out, words);
  if (!text::iequals(words[0], "SIZE")) return;
  out.size = true;
  const auto limit = words.size() > 1 ? text::parse_number<std::uint64_t>(words[1]) : std::nullopt;
  if (limit && *limit > 0) out.max_size = limit;
}

}  // namespace

bool Capabilities::offers_auth(std::string_view mechanism) const {
  return std::ranges::any_of(auth, [&](const auto& a) { return text::iequals(a, mechanism); });
}

Capabilities parse_capabilities(const Reply& ehlo_reply) {
  Capabilities out;
  const auto lines = text::split(ehlo_reply.text, '\n');
  for (std::size_t i = 1; i < lines.size(); ++i) read_line(out, lines[i]);
  return out;
}

Reply to_reply(const Capabilities& capabilities, std::string_view host, std::string_view greeting) {
  auto text = fmt::format("{}{}{}", host, greeting.empty() ? "" : " ", greeting);
  if (capabilities.size)
    text += capabilities.max_size ? fmt::format("\nSIZE {}", *capabilities.max_size) : "\nSIZE";
  for (const auto& [name, member] : kFlags) {
    if (capabilities.*member) text.append("\n").append(name);
  }
  if (!capabilities.auth.empty()) text += "\nAUTH";
  for (const auto& mechanism : capabilities.auth) text.append(" ").append(mechanism);
  std::string limits;
  for (const auto& [name, member] : kLimits) {
    if (capabilities.*member) limits += fmt::format(" {}={}", name, *(capabilities.*member));
  }
  if (!limits.empty()) text.append("\nLIMITS").append(limits);
  return Reply{250, std::nullopt, std::move(text)};
}

}  // namespace postern::smtp
