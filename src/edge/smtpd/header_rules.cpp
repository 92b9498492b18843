#include "smtpd/header_rules.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "mime/address.hpp"
#include "mime/params.hpp"
#include "smtp/domain.hpp"
#include "text/ascii.hpp"

namespace postern::smtpd {
namespace {

using namespace std::string_view_literals;

/// RFC 5322 §3.6; without Bcc, which goes however often it is there.
constexpr std::array kOnceOnly{"Date"sv,       "From"sv,   "Sender"sv,     "Reply-To"sv,
                               "To"sv,         "Cc"sv,     "Message-ID"sv, "In-Reply-To"sv,
                               "References"sv, "Subject"sv};

smtp::Reply malformed(std::string text) {
  return {554, {{5, 6, 0}}, std::move(text)};
}

smtp::Reply not_yours(std::string_view field) {
  return {550, {{5, 7, 1}}, std::string{field} + " is not an address of yours"};
}

/// What a first look at the header finds.
struct Survey {
  std::array<std::size_t, kOnceOnly.size()> count{};
  std::optional<mime::Field> from;
  std::optional<mime::Field> resent_from;  ///< The uppermost.
  bool resent = false;
  bool automatic = false;  ///< A report or an automatic reply.
  bool date = false;
  bool message_id = false;
  std::size_t begin = 0;  ///< Of the first field: an mbox line before it goes.
  std::size_t end = 0;    ///< After the last field.
};

bool is_report(const mime::Field& field) {
  return field.is("Content-Type") &&
         text::iequals(mime::parse_params(field.value).value, "multipart/report");
}
bool is_automatic(const mime::Field& field) {
  return field.is("Auto-Submitted") && !text::iequals(mime::parse_params(field.value).value, "no");
}

Survey survey(std::string_view raw) {
  Survey out;
  bool first = true;
  for (const mime::Field& field : mime::Header{raw}) {
    if (std::exchange(first, false)) out.begin = static_cast<std::size_t>(field.begin);
    out.end = static_cast<std::size_t>(field.end);
    for (std::size_t i = 0; i < kOnceOnly.size(); ++i) {
      if (field.is(kOnceOnly[i])) ++out.count[i];
    }
    if (field.is("From")) out.from = field;
    if (field.is("Date")) out.date = true;
    if (field.is("Message-ID")) out.message_id = true;
    if (text::istarts_with(field.name, "Resent-")) out.resent = true;
    if (field.is("Resent-From") && !out.resent_from) out.resent_from = field;
    out.automatic = out.automatic || is_report(field) || is_automatic(field);
  }
  return out;
}

/// Every address of the field is one that the submitter may use.
bool is_bound(const mime::Field& field, const SubmissionRules& rules) {
  const mime::AddressList list = mime::parse_addresses(field.value);
  const auto found = mime::mailboxes(list);
  return !found.empty() && std::ranges::all_of(found, [&](const mime::Mailbox* mailbox) {
    auto domain = smtp::parse_domain(mailbox->domain, true);
    return domain && !mailbox->local.empty() &&
           rules.may_send_as(smtp::Address{mailbox->local, *std::move(domain)});
  });
}

std::optional<smtp::Reply> judge(std::string_view raw, const Survey& found,
                                 const SubmissionRules& rules) {
  const std::string_view rest = raw.substr(found.end);
  if (!rest.empty() && rest != "\r\n") return malformed("A line of the header is no field");
  if (!found.from) return malformed("A From field is needed");
  for (std::size_t i = 0; i < kOnceOnly.size(); ++i) {
    if (found.count[i] > 1)
      return malformed("More than one " + std::string{kOnceOnly[i]} + " field");
  }
  if (rules.relay) return std::nullopt;
  if (found.resent && (!found.resent_from || !is_bound(*found.resent_from, rules)))
    return not_yours("Resent-From");
  if (!found.resent && !is_bound(*found.from, rules)) return not_yours("From");
  if (rules.null_sender && !found.automatic)
    return smtp::Reply{550, {{5, 7, 1}}, "The null sender is for reports and automatic mail only"};
  return std::nullopt;
}

/// Verdicts are ours to give; whoever relays others' mail leaves what shows how it came.
bool is_removed(const mime::Field& field, const Survey& found, bool relay) {
  if (field.is("Received")) return !relay && !found.resent;
  if (field.is("Authentication-Results")) return !relay;
  return field.is("Bcc") || field.is("Resent-Bcc") || field.is("Return-Path") ||
         field.is("Postern-Reason");
}

}  // namespace

std::optional<smtp::Reply> judge_from_count(const mime::Header& header) {
  const auto count = header.count("From");
  if (count == 1) return std::nullopt;
  return malformed(count == 0 ? "A From field is needed" : "More than one From field");
}

std::expected<std::string, smtp::Reply> complete_header(std::string_view raw,
                                                        const SubmissionRules& rules) {
  const Survey found = survey(raw);
  if (auto refusal = judge(raw, found, rules)) return std::unexpected(*std::move(refusal));
  std::string out;
  out.reserve(raw.size() + 128);
  for (const mime::Field& field : mime::Header{raw}) {
    if (is_removed(field, found, rules.relay)) continue;
    out += raw.substr(static_cast<std::size_t>(field.begin),
                      static_cast<std::size_t>(field.end - field.begin));
    if (!out.ends_with("\r\n")) out += "\r\n";  // the message's last line, without its end
  }
  if (!found.date) out.append("Date: ").append(rules.date).append("\r\n");
  if (!found.message_id) out.append("Message-ID: ").append(rules.message_id).append("\r\n");
  return out + "\r\n";
}

}  // namespace postern::smtpd
