#include "smtp/envelope.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "smtp/xtext.hpp"
#include "text/ascii.hpp"
#include "text/utf8.hpp"
#include "vocab/try.hpp"

namespace postern::smtp {
namespace {

constexpr std::size_t kMaxParams = 24;
constexpr std::size_t kMaxEnvid = 100;  // RFC 3461 §5.4
constexpr std::size_t kMaxOrcpt = 500;  // RFC 3461 §5.4
constexpr EnhancedStatus kBadArguments{5, 5, 4};

template <class T>
using OrReply = std::expected<T, Reply>;

std::unexpected<Reply> refuse(int code, EnhancedStatus status, std::string text) {
  return std::unexpected(Reply{code, status, std::move(text)});
}
std::unexpected<Reply> bad_value(std::string_view keyword) {
  return refuse(501, kBadArguments, fmt::format("Bad value of {}", keyword));
}

/// keyword[=value] of RFC 5321 §4.1.2.
OrReply<RawParam> parse_param(std::string_view word, bool utf8) {
  const auto equals = word.find('=');
  const auto keyword = word.substr(0, equals);
  const auto value = equals == word.npos ? std::string_view{} : word.substr(equals + 1);
  const bool good_keyword =
      !keyword.empty() && keyword.size() <= 32 && keyword.front() != '-' &&
      std::ranges::all_of(keyword, [](char c) { return text::is_alnum(c) || c == '-'; });
  const bool good_value = std::ranges::all_of(
      value, [&](char c) { return text::is_8bit(c) ? utf8 : c > ' ' && c != '=' && c != 0x7f; });
  if (!good_keyword || !good_value || (equals != word.npos && value.empty()) ||
      !text::is_utf8(value))
    return refuse(501, kBadArguments, "Malformed parameter");
  return RawParam{text::upper(keyword), std::string{value}};
}

/// All parameters of `text`, which follows the path; each keyword once.
OrReply<std::vector<RawParam>> parse_params(std::string_view text, bool utf8) {
  std::vector<RawParam> params;
  if (!text.empty() && text.front() != ' ')
    return refuse(501, kBadArguments, "Space missing behind the address");
  for (const auto word : text::split(text, ' ')) {
    if (word.empty()) continue;
    POSTERN_TRY(auto param, parse_param(word, utf8));
    if (std::ranges::find(params, param.keyword, &RawParam::keyword) != params.end())
      return refuse(501, kBadArguments, fmt::format("{} given twice", param.keyword));
    if (params.size() == kMaxParams) return refuse(501, kBadArguments, "Too many parameters");
    params.push_back(std::move(param));
  }
  return params;
}

std::unexpected<Reply> unknown_param(const RawParam& param) {
  return refuse(555, kBadArguments, fmt::format("{} is not supported", param.keyword));
}

/// RFC 3461 §4.2 and §4.4 admit printable ASCII with spaces only.
bool is_printable_ascii(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return c == '\t' || (c >= ' ' && c < 0x7f && !text::is_8bit(c)); });
}

using MailSetter = OrReply<void> (*)(Mail&, const RawParam&, const CommandRules&);

OrReply<void> set_size(Mail& mail, const RawParam& param, const CommandRules&) {
  // size-value = 1*20DIGIT (RFC 1870 §5): more than 64 bits is as good as the most they hold.
  if (param.value.empty() || param.value.size() > 20 ||
      !std::ranges::all_of(param.value, text::is_digit))
    return bad_value(param.keyword);
  mail.size = text::parse_number<std::uint64_t>(param.value)
                  .value_or(std::numeric_limits<std::uint64_t>::max());
  return {};
}

OrReply<void> set_body(Mail& mail, const RawParam& param, const CommandRules& rules) {
  if (text::iequals(param.value, "7BIT")) {
    mail.body = Body::seven_bit;
  } else if (text::iequals(param.value, "8BITMIME")) {
    mail.body = Body::eight_bit_mime;
  } else if (rules.binary_mime && text::iequals(param.value, "BINARYMIME")) {
    mail.body = Body::binary_mime;
  } else {
    return bad_value(param.keyword);
  }
  return {};
}

OrReply<void> set_smtputf8(Mail& mail, const RawParam& param, const CommandRules&) {
  if (!param.value.empty()) return bad_value(param.keyword);
  mail.smtputf8 = true;
  return {};
}

OrReply<void> set_requiretls(Mail& mail, const RawParam& param, const CommandRules&) {
  if (!param.value.empty()) return bad_value(param.keyword);
  mail.requiretls = true;
  return {};
}

OrReply<void> set_ret(Mail& mail, const RawParam& param, const CommandRules&) {
  if (text::iequals(param.value, "FULL")) {
    mail.ret = Ret::full;
  } else if (text::iequals(param.value, "HDRS")) {
    mail.ret = Ret::headers;
  } else {
    return bad_value(param.keyword);
  }
  return {};
}

OrReply<void> set_envid(Mail& mail, const RawParam& param, const CommandRules&) {
  auto decoded = from_xtext(param.value);
  if (param.value.empty() || param.value.size() > kMaxEnvid || !decoded ||
      !is_printable_ascii(*decoded))
    return bad_value(param.keyword);
  mail.envid = std::move(decoded);
  return {};
}

OrReply<void> set_auth(Mail& mail, const RawParam& param, const CommandRules& rules) {
  auto decoded = from_xtext(param.value);
  if (!decoded || decoded->empty()) return bad_value(param.keyword);
  if (*decoded == "<>") {
    decoded->clear();
  } else if (!parse_address(*decoded, {.utf8 = rules.smtputf8, .long_local = true})) {
    return bad_value(param.keyword);
  }
  mail.auth = std::move(decoded);
  return {};
}

OrReply<void> keep_raw(Mail& mail, const RawParam& param, const CommandRules&) {
  if (param.value.empty()) return bad_value(param.keyword);
  mail.others.push_back(param);
  return {};
}

struct MailParam {
  std::string_view keyword;
  bool CommandRules::* offered;
  MailSetter set;
};
constexpr auto kMailParams = std::to_array<MailParam>({
    {"SIZE", &CommandRules::size, set_size},
    {"BODY", &CommandRules::eight_bit_mime, set_body},
    {"SMTPUTF8", &CommandRules::smtputf8, set_smtputf8},
    {"RET", &CommandRules::dsn, set_ret},
    {"ENVID", &CommandRules::dsn, set_envid},
    {"AUTH", &CommandRules::auth, set_auth},
    {"REQUIRETLS", &CommandRules::requiretls, set_requiretls},
    {"HOLDFOR", &CommandRules::future_release, keep_raw},
    {"HOLDUNTIL", &CommandRules::future_release, keep_raw},
    {"BY", &CommandRules::deliver_by, keep_raw},
    {"MT-PRIORITY", &CommandRules::mt_priority, keep_raw},
});

OrReply<void> set_mail_param(Mail& mail, const RawParam& param, const CommandRules& rules) {
  for (const auto& known : kMailParams) {
    if (known.keyword == param.keyword && rules.*known.offered)
      return known.set(mail, param, rules);
  }
  return unknown_param(param);
}

OrReply<Notify> parse_notify(const RawParam& param) {
  Notify notify;
  if (text::iequals(param.value, "NEVER")) return notify;
  for (const auto word : text::split(param.value, ',')) {
    if (text::iequals(word, "SUCCESS")) {
      notify.success = true;
    } else if (text::iequals(word, "FAILURE")) {
      notify.failure = true;
    } else if (text::iequals(word, "DELAY")) {
      notify.delay = true;
    } else {
      return bad_value(param.keyword);
    }
  }
  return notify;
}

OrReply<OriginalRecipient> parse_orcpt(const RawParam& param) {
  const auto semicolon = param.value.find(';');
  if (param.value.size() > kMaxOrcpt || semicolon == param.value.npos || semicolon == 0)
    return bad_value(param.keyword);
  const auto type = text::lower(param.value.substr(0, semicolon));
  if (!std::ranges::all_of(type, [](char c) { return text::is_alnum(c) || c == '-'; }))
    return bad_value(param.keyword);
  const auto coded = std::string_view{param.value}.substr(semicolon + 1);
  auto address = type == "utf-8" ? from_utf8_addr_xtext(coded) : from_xtext(coded);
  if (!address || address->empty() || (type != "utf-8" && !is_printable_ascii(*address)))
    return bad_value(param.keyword);
  return OriginalRecipient{type, std::move(*address)};
}

bool is_ascii_as_written(const Address& address) {
  return text::is_ascii(address.local) && text::is_ascii(address.domain.text);
}

/// Takes "FROM:" or "TO:" and the spaces some clients put behind it.
bool take_word(std::string_view& args, std::string_view word) {
  while (args.starts_with(' ')) args.remove_prefix(1);
  if (!text::istarts_with(args, word)) return false;
  args.remove_prefix(word.size());
  while (args.starts_with(' ')) args.remove_prefix(1);
  return true;
}

}  // namespace

std::expected<Mail, Reply> parse_mail(std::string_view args, const CommandRules& rules) {
  if (!take_word(args, "FROM:")) return refuse(501, kBadArguments, "Syntax: MAIL FROM:<address>");
  auto from = take_reverse_path(args, {.utf8 = rules.smtputf8,
                                       .loose_dots = rules.loose_dots,
                                       .long_local = true,
                                       .bare_brackets = rules.bare_brackets});
  if (!from) return refuse(501, {5, 1, 7}, "Bad sender address syntax");
  Mail mail{.from = *std::move(from)};
  POSTERN_TRY(const auto params, parse_params(args, rules.smtputf8));
  for (const auto& param : params) {
    POSTERN_CHECK(set_mail_param(mail, param, rules));
  }
  if (mail.from && !mail.smtputf8 && !is_ascii_as_written(*mail.from))
    return refuse(550, {5, 6, 7}, "UTF-8 address needs SMTPUTF8");
  return mail;
}

std::expected<Rcpt, Reply> parse_rcpt(std::string_view args, const CommandRules& rules) {
  if (!take_word(args, "TO:")) return refuse(501, kBadArguments, "Syntax: RCPT TO:<address>");
  auto to = take_forward_path(args, {.utf8 = rules.smtputf8,
                                     .loose_dots = rules.loose_dots,
                                     .bare_brackets = rules.bare_brackets});
  if (!to) return refuse(501, {5, 1, 3}, "Bad recipient address syntax");
  if (!rules.utf8_transaction && !is_ascii_as_written(*to))
    return refuse(553, {5, 6, 7}, "UTF-8 address needs SMTPUTF8");
  Rcpt rcpt{.to = *std::move(to)};
  POSTERN_TRY(const auto params, parse_params(args, rules.utf8_transaction));
  for (const auto& param : params) {
    if (rules.dsn && param.keyword == "NOTIFY") {
      POSTERN_TRY(rcpt.notify, parse_notify(param));
    } else if (rules.dsn && param.keyword == "ORCPT") {
      POSTERN_TRY(rcpt.original, parse_orcpt(param));
    } else {
      return unknown_param(param);
    }
  }
  return rcpt;
}

std::string to_wire(const OriginalRecipient& original) {
  return original.type + ';' +
         (original.type == "utf-8" ? to_utf8_addr_xtext(original.address)
                                   : to_xtext(original.address));
}

std::optional<OriginalRecipient> split_original(std::string_view text) {
  const auto semicolon = text.find(';');
  if (semicolon == text.npos) return std::nullopt;
  return OriginalRecipient{std::string{text.substr(0, semicolon)},
                           std::string{text.substr(semicolon + 1)}};
}

std::string mail_command(const Mail& mail) {
  std::string out = "MAIL FROM:" + to_path(mail.from, mail.smtputf8);
  if (mail.size) out += fmt::format(" SIZE={}", *mail.size);
  if (mail.body == Body::seven_bit) out += " BODY=7BIT";
  if (mail.body == Body::eight_bit_mime) out += " BODY=8BITMIME";
  if (mail.body == Body::binary_mime) out += " BODY=BINARYMIME";
  if (mail.smtputf8) out += " SMTPUTF8";
  if (mail.ret) out += *mail.ret == Ret::full ? " RET=FULL" : " RET=HDRS";
  if (mail.envid) out += " ENVID=" + to_xtext(*mail.envid);
  if (mail.auth) out += " AUTH=" + (mail.auth->empty() ? "<>" : to_xtext(*mail.auth));
  if (mail.requiretls) out += " REQUIRETLS";
  for (const auto& param : mail.others)
    out.append(" ").append(param.keyword).append("=").append(param.value);
  return out;
}

std::string rcpt_command(const Rcpt& rcpt, bool smtputf8) {
  std::string out = "RCPT TO:" + to_path(rcpt.to, smtputf8);
  if (rcpt.notify) {
    std::string words;
    if (rcpt.notify->success) words += ",SUCCESS";
    if (rcpt.notify->failure) words += ",FAILURE";
    if (rcpt.notify->delay) words += ",DELAY";
    out += " NOTIFY=" + (words.empty() ? "NEVER" : words.substr(1));
  }
  if (rcpt.original) out += " ORCPT=" + to_wire(*rcpt.original);
  return out;
}

}  // namespace postern::smtp
