#include "report/explain.hpp"

#include <array>
#include <string>

#include "text/ascii.hpp"

namespace postern::report {
namespace {

/// A rule fits when its status (class ignored: many are sent as 4.x and as 5.x) or, if there is
/// none, its phrase is met; with both, both must be.
struct Rule {
  std::string_view status;  ///< "x.7.26", or empty.
  std::string_view phrase;  ///< Lower case, or empty.
  char severity;            ///< '4', '5', or '*'.
  Explanation explanation;
};

constexpr Explanation kPtr{
    "ptr",
    "The receiving server wants the sending server's IP address to have a host name (a PTR "
    "record) that leads back to the same address.",
    "The operator of this mail server sets the PTR record at the provider of the IP address, to "
    "the server's own host name. It usually works a few hours later.",
    ""};
constexpr Explanation kUnauthenticated{
    "unauthenticated",
    "The receiving server could not verify that this server may send for the sender's domain "
    "(SPF, DKIM or DMARC did not pass).",
    "The operator of the sender's domain publishes SPF and DKIM records for this server; mail "
    "forwarded from elsewhere must keep its DKIM signature.",
    "https://support.google.com/mail/answer/81126"};
constexpr Explanation kSpf{
    "spf", "The sender's domain says in its SPF record that this server may not send for it.",
    "The operator of the sender's domain adds this server to the domain's SPF record.", ""};
constexpr Explanation kDkim{
    "dkim", "The message's DKIM signature is missing or does not verify.",
    "The operator checks that the DKIM record in DNS is the one this server signs with.", ""};
constexpr Explanation kMicrosoftBlock{
    "microsoft-ip-block",
    "Microsoft (Outlook.com, Hotmail, Live) blocks this server's IP address or its whole network. "
    "It says nothing about the message itself.",
    "The operator asks Microsoft to lift the block with the form below; an answer takes about a "
    "day. New servers are often met by this.",
    "https://olcsupport.office.com/"};
constexpr Explanation kMicrosoftBanned{
    "microsoft-banned-sender", "Microsoft 365 blocks this server's IP address.",
    "The operator removes the address from the block list with the form below.",
    "https://sender.office.com/"};
constexpr Explanation kPbl{
    "spamhaus-pbl",
    "The server's IP address is listed as one that should not send mail directly (Spamhaus PBL: "
    "home and dynamic connections).",
    "The operator sends through a smarthost, or, if the address is fixed and is meant for a mail "
    "server, removes it from the PBL with the form below.",
    "https://check.spamhaus.org/"};
constexpr Explanation kSpamhaus{
    "spamhaus", "The receiving server uses Spamhaus, which lists this server's address or domain.",
    "The operator looks up the reason, stops what caused it, and asks for removal.",
    "https://check.spamhaus.org/"};
constexpr Explanation kBarracuda{
    "barracuda", "The receiving server uses the Barracuda list, which names this server's address.",
    "The operator asks for removal with the form below.",
    "https://www.barracudacentral.org/rbl/removal-request"};
constexpr Explanation kSpamcop{
    "spamcop", "The receiving server uses SpamCop, which lists this server's address.",
    "Listings end by themselves about a day after the last report; the operator looks for what "
    "was reported.",
    "https://www.spamcop.net/bl.shtml"};
constexpr Explanation kBlocklist{
    "blocklist", "The receiving server found this server's address or domain on a block list.",
    "The operator looks up which list the refusal names, stops what caused the listing, and asks "
    "for removal there.",
    ""};
constexpr Explanation kTOnline{
    "t-online",
    "Telekom (t-online.de) takes mail only from servers it knows, whose host name leads to a web "
    "page that names the operator.",
    "The operator writes to the address in the refusal and asks for the server to be admitted.",
    "https://postmaster.t-online.de/"};
constexpr Explanation kYahooDeferred{
    "yahoo-deferred",
    "Yahoo or AOL puts off mail from this server because of volume or complaints.",
    "The message is tried again by itself. If it lasts, the operator checks DKIM and complaints "
    "and writes to Yahoo with the form below.",
    "https://senders.yahooinc.com/contact/"};
constexpr Explanation kMailboxFull{
    "mailbox-full", "The recipient's mailbox is full.",
    "Tell the recipient in another way; they must make room before mail can arrive.", ""};
constexpr Explanation kUnknownUser{
    "unknown-user", "There is no such mailbox at the recipient's domain.",
    "Check the spelling of the address, or ask the recipient for the present one.", ""};
constexpr Explanation kDisabled{
    "disabled-mailbox", "The recipient's mailbox exists but does not take mail.",
    "Reach the recipient in another way; only their mail provider can change this.", ""};
constexpr Explanation kNullMx{"null-mx",
                              "The recipient's domain declares that it takes no mail at all.",
                              "Check the part behind the @ of the address.", ""};
constexpr Explanation kBadDomain{"bad-domain",
                                 "The domain of the address does not exist or has no mail server.",
                                 "Check the part behind the @ of the address.", ""};
constexpr Explanation kBadSenderDomain{
    "bad-sender-domain",
    "The receiving server finds no way to answer the sender's domain: it does not exist in DNS or "
    "takes no mail.",
    "The operator of the sender's domain gives it an MX record.", ""};
constexpr Explanation kGreylisted{
    "greylisting",
    "The receiving server puts off mail from senders it does not know yet, for some minutes.",
    "Nothing: the message is tried again by itself.", ""};
constexpr Explanation kTooLarge{"too-large",
                                "The message is larger than the receiving server allows.",
                                "Send smaller or fewer attachments, or a link to them.", ""};
constexpr Explanation kRateLimited{
    "rate-limited", "The receiving server takes only so much mail from this server in a time.",
    "Nothing: the message is tried again by itself, more slowly.", ""};
constexpr Explanation kVirus{"malware",
                             "The receiving server takes the message or an attachment for harmful.",
                             "Check the attachments; send files of that kind as a link.", ""};
constexpr Explanation kSpam{
    "content-spam", "The receiving server takes the message for junk.",
    "Write to the recipient in other words, with fewer links, or ask them to add the sender to "
    "their contacts.",
    ""};
constexpr Explanation kRelay{
    "relay-denied", "The receiving server does not see itself as responsible for the address.",
    "The operator of the recipient's domain checks its MX records; the sender checks the address.",
    ""};
constexpr Explanation kLoop{
    "mail-loop", "The message was passed on in a circle: a forward leads back to itself.",
    "The operator of the recipient's domain looks at the forwards of the address.", ""};
constexpr Explanation kHelo{
    "helo-name",
    "The receiving server does not accept the name this server introduces itself with.",
    "The operator sets the server's host name to one that exists in DNS and leads to its address.",
    ""};
constexpr Explanation kTlsRequired{
    "tls-required", "The receiving server takes mail from this server only over TLS.",
    "The operator checks why TLS to this destination failed.", ""};
constexpr Explanation kUtf8{
    "no-smtputf8", "The address or message needs SMTPUTF8, which the receiving server lacks.",
    "Use an address of ASCII letters for this recipient, if there is one.", ""};
constexpr Explanation kDmarcPolicy{
    "dmarc-policy", "The sender's domain asks receivers to refuse what does not pass DMARC.",
    "The operator of the sender's domain sets up DKIM and SPF so that one of them is aligned with "
    "the From address. Mailing lists must rewrite From.",
    ""};
constexpr Explanation kPolicy{
    "policy", "The receiving server refuses the message by a rule of its own.",
    "The refusal's own words may say more; otherwise ask the postmaster of the recipient's domain.",
    ""};

constexpr auto kRules = std::to_array<Rule>({
    {"", "s3140", '*', kMicrosoftBlock},
    {"", "s3150", '*', kMicrosoftBlock},
    {"x.7.511", "", '*', kMicrosoftBanned},
    {"x.7.606", "", '*', kMicrosoftBanned},
    {"", "sender.office.com", '*', kMicrosoftBanned},
    {"x.7.515", "", '*', kUnauthenticated},
    {"x.7.25", "", '*', kPtr},
    {"", "ptr record", '*', kPtr},
    {"", "ptr resource record", '*', kPtr},
    {"", "reverse dns", '*', kPtr},
    {"", "reverse hostname", '*', kPtr},
    {"x.7.26", "", '*', kUnauthenticated},
    {"x.7.27", "spf", '*', kSpf},
    {"x.7.27", "", '*', kBadSenderDomain},
    {"x.7.29", "tls", '*', kTlsRequired},
    {"x.7.30", "dkim", '*', kDkim},
    {"x.7.23", "", '*', kSpf},
    {"x.7.20", "", '*', kDkim},
    {"x.7.28", "", '*', kRateLimited},
    {"", "spamhaus.org/pbl", '*', kPbl},
    {"", "pbl.spamhaus", '*', kPbl},
    {"", "spamhaus pbl", '*', kPbl},
    {"", "(pbl)", '*', kPbl},
    {"", "127.0.0.10", '*', kPbl},
    {"", "127.0.0.11", '*', kPbl},
    {"", "spamhaus", '*', kSpamhaus},
    {"", "barracuda", '*', kBarracuda},
    {"", "spamcop", '*', kSpamcop},
    {"", "rx.t-online.de", '*', kTOnline},
    {"", "[tss", '4', kYahooDeferred},
    {"", "dmarc", '*', kDmarcPolicy},
    {"", "greylist", '4', kGreylisted},
    {"", "graylist", '4', kGreylisted},
    {"", "grey-list", '4', kGreylisted},
    {"", "grey list", '4', kGreylisted},
    {"", "postgrey", '4', kGreylisted},
    {"x.2.2", "", '*', kMailboxFull},
    {"", "mailbox full", '*', kMailboxFull},
    {"", "mailbox is full", '*', kMailboxFull},
    {"", "over quota", '*', kMailboxFull},
    {"", "overquota", '*', kMailboxFull},
    {"", "quota exceeded", '*', kMailboxFull},
    {"", "exceeded storage", '*', kMailboxFull},
    {"x.1.10", "recipientnotfound", '*', kUnknownUser},
    {"x.1.10", "not found", '*', kUnknownUser},
    {"x.1.10", "", '*', kNullMx},
    {"x.1.1", "", '5', kUnknownUser},
    {"", "user unknown", '5', kUnknownUser},
    {"", "unknown user", '5', kUnknownUser},
    {"", "no such user", '5', kUnknownUser},
    {"", "does not exist", '5', kUnknownUser},
    {"x.2.1", "rate", '4', kRateLimited},
    {"x.2.1", "", '5', kDisabled},
    {"", "mailbox disabled", '5', kDisabled},
    {"", "account disabled", '5', kDisabled},
    {"x.1.2", "", '*', kBadDomain},
    {"x.1.8", "", '*', kBadSenderDomain},
    {"x.3.4", "", '5', kTooLarge},
    {"x.2.3", "", '5', kTooLarge},
    {"", "message too large", '5', kTooLarge},
    {"", "size limit", '5', kTooLarge},
    {"", "exceeds fixed maximum message size", '5', kTooLarge},
    {"x.4.6", "", '*', kLoop},
    {"", "too many hops", '*', kLoop},
    {"", "hop count", '*', kLoop},
    {"", "relay access denied", '*', kRelay},
    {"", "relaying denied", '*', kRelay},
    {"", "relay not permitted", '*', kRelay},
    {"", "unable to relay", '*', kRelay},
    {"x.6.7", "", '*', kUtf8},
    {"", "rate limit", '*', kRateLimited},
    {"", "too many connections", '4', kRateLimited},
    {"", "too many messages", '4', kRateLimited},
    {"", "virus", '*', kVirus},
    {"", "malware", '*', kVirus},
    {"", "blacklist", '*', kBlocklist},
    {"", "blocklist", '*', kBlocklist},
    {"", "block list", '*', kBlocklist},
    {"", "dnsbl", '*', kBlocklist},
    {"", "rbl", '*', kBlocklist},
    {"", "helo", '*', kHelo},
    {"", "ehlo", '*', kHelo},
    {"", "spam", '5', kSpam},
    {"", "spf", '5', kSpf},
    {"", "dkim", '5', kDkim},
    {"", "must issue a starttls", '*', kTlsRequired},
    {"x.7.1", "", '5', kPolicy},
    {"x.7.0", "", '5', kPolicy},
    {"x.7.9", "", '5', kPolicy},
});

bool fits(const Rule& rule, char severity, std::string_view status, std::string_view text) {
  if (rule.severity != '*' && rule.severity != severity) return false;
  if (!rule.status.empty() && rule.status.substr(1) != status) return false;
  return text.find(rule.phrase) != text.npos;
}

}  // namespace

std::optional<Explanation> explain(const smtp::Reply& reply) {
  if (!reply.temporary() && !reply.permanent()) return std::nullopt;
  constexpr std::size_t kLooked = 4096;
  const auto text = text::lower(std::string_view{reply.text}.substr(0, kLooked));
  const auto status = reply.status ? to_string(*reply.status).substr(1) : std::string{};
  for (const auto& rule : kRules) {
    if (fits(rule, reply.temporary() ? '4' : '5', status, text)) return rule.explanation;
  }
  return std::nullopt;
}

}  // namespace postern::report
