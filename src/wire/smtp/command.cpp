#include "smtp/command.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "text/ascii.hpp"
#include "text/utf8.hpp"

namespace postern::smtp {
namespace {

using namespace std::string_view_literals;

constexpr EnhancedStatus kBadArguments{5, 5, 4};
constexpr EnhancedStatus kBadSyntax{5, 5, 2};

RefusedCommand refuse(std::string text) {
  return {Reply{501, kBadArguments, std::move(text)}};
}

Command hello(HelloKind kind, std::string_view args) {
  if (args.empty()) return refuse("Domain or address literal needed");
  if (args.size() > kMaxDomain) return refuse("Name too long");
  if (std::ranges::any_of(args, text::is_control)) return refuse("Control in name");
  Hello out{.kind = kind, .name = std::string{args}};
  if (auto domain = parse_domain(args)) out.domain = *std::move(domain);
  return out;
}
Command ehlo(std::string_view args, const CommandRules&) {
  return hello(HelloKind::ehlo, args);
}
Command helo(std::string_view args, const CommandRules&) {
  return hello(HelloKind::helo, args);
}
Command lhlo(std::string_view args, const CommandRules&) {
  return hello(HelloKind::lhlo, args);
}

template <class T>
Command from_parsed(std::expected<T, Reply> parsed) {
  if (parsed) return *std::move(parsed);
  return RefusedCommand{std::move(parsed).error()};
}
Command mail(std::string_view args, const CommandRules& rules) {
  return from_parsed(parse_mail(args, rules));
}
Command rcpt(std::string_view args, const CommandRules& rules) {
  return from_parsed(parse_rcpt(args, rules));
}

/// A command that takes no argument.
template <class T>
Command alone(std::string_view args, const CommandRules&) {
  if (!args.empty()) return refuse("No arguments allowed");
  return T{};
}

Command bdat(std::string_view args, const CommandRules&) {
  const auto space = std::min(args.find(' '), args.size());
  const auto size = text::parse_number<std::uint64_t>(args.substr(0, space));
  const auto rest = text::trim(args.substr(space));
  if (!size || !(rest.empty() || text::iequals(rest, "LAST")))
    return RefusedCommand{Reply{521, kBadArguments, "Syntax: BDAT size [LAST]"}};
  return Bdat{*size, !rest.empty()};
}

Command noop(std::string_view, const CommandRules&) {
  return Noop{};
}

/// String [SP "SMTPUTF8"] of RFC 6531 §3.7.4.2.
template <class T>
Command about_user(std::string_view args, const CommandRules& rules) {
  constexpr auto kFlag = " SMTPUTF8"sv;
  T out;
  if (rules.smtputf8 && args.size() > kFlag.size() &&
      text::iequals(args.substr(args.size() - kFlag.size()), kFlag)) {
    args.remove_suffix(kFlag.size());
    out.smtputf8 = true;
  }
  args = text::trim(args);
  if (args.empty()) return refuse("Address needed");
  if (!text::is_ascii(args) && !(rules.smtputf8 && text::is_utf8(args)))
    return refuse("Bad address");
  out.what = args;
  return out;
}

Command help(std::string_view args, const CommandRules&) {
  return Help{std::string{args}};
}

Command auth(std::string_view args, const CommandRules&) {
  const auto space = std::min(args.find(' '), args.size());
  const auto mechanism = args.substr(0, space);
  const auto initial = text::trim(args.substr(space));
  const bool good =
      !mechanism.empty() && mechanism.size() <= 20 && std::ranges::all_of(mechanism, [](char c) {
        return text::is_alnum(c) || c == '-' || c == '_';
      });
  if (!good || initial.find(' ') != initial.npos)
    return refuse("Syntax: AUTH mechanism [response]");
  Auth out{.mechanism = text::upper(mechanism)};
  if (!initial.empty()) out.initial.emplace(initial == "=" ? std::string{} : std::string{initial});
  return out;
}

Command etrn(std::string_view args, const CommandRules&) {
  if (args.empty()) return refuse("Node name needed");
  return Etrn{std::string{args}};
}

using Reader = Command (*)(std::string_view args, const CommandRules& rules);
constexpr auto kCommands = std::to_array<std::pair<std::string_view, Reader>>({
    {"MAIL", mail},
    {"RCPT", rcpt},
    {"DATA", alone<Data>},
    {"BDAT", bdat},
    {"EHLO", ehlo},
    {"HELO", helo},
    {"LHLO", lhlo},
    {"RSET", alone<Rset>},
    {"NOOP", noop},
    {"QUIT", alone<Quit>},
    {"STARTTLS", alone<StartTls>},
    {"AUTH", auth},
    {"VRFY", about_user<Vrfy>},
    {"EXPN", about_user<Expn>},
    {"HELP", help},
    {"ETRN", etrn},
});

/// What browsers, proxies and scanners open with, and anything that does not begin with a letter
/// (a TLS ClientHello, binary).
bool is_foreign(std::string_view line) {
  constexpr std::array kForeign{"GET "sv,   "POST "sv,    "HEAD "sv,   "PUT "sv, "OPTIONS "sv,
                                "PRI * "sv, "CONNECT "sv, "DELETE "sv, "SSH-"sv, "CONTENT-"sv};
  if (!line.empty() && !text::is_alpha(line.front())) return true;
  return std::ranges::any_of(kForeign,
                             [&](std::string_view word) { return text::istarts_with(line, word); });
}

UnknownCommand unknown(std::string_view line) {
  UnknownCommand out{.foreign = is_foreign(line)};
  for (const char c : line.substr(0, std::min<std::size_t>(line.find(' '), 32)))
    out.verb += text::is_control(c) || text::is_8bit(c) ? '?' : c;
  return out;
}

}  // namespace

Command parse_command(std::string_view line, const CommandRules& rules) {
  while (!line.empty() && text::is_wsp(line.back())) line.remove_suffix(1);
  if (line.find_first_of("\r\n\0"sv) != line.npos) {
    if (is_foreign(line)) return unknown(line);
    return RefusedCommand{Reply{500, kBadSyntax, "Bare CR, LF or NUL in command"}};
  }
  const auto space = std::min(line.find(' '), line.size());
  const auto verb = line.substr(0, space);
  auto args = line.substr(space);
  while (args.starts_with(' ')) args.remove_prefix(1);
  for (const auto& [name, read] : kCommands) {
    if (text::iequals(verb, name)) return read(args, rules);
  }
  return unknown(line);
}

}  // namespace postern::smtp
