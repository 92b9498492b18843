#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json.hpp>

#include "check/dns_source.hpp"
#include "http/message.hpp"
#include "mailauth/reception.hpp"
#include "text/ip.hpp"
#include "vocab/time.hpp"

// What `postern check` and `postern dns` find out, as data and as sentences. Nothing here prints.
namespace postern::check {

/// What was found: `data` is what --json prints.
struct Report {
  boost::json::value data;
  std::string words;  ///< Lines for people, each with its line feed.
};

/// The answer to one question, with its DNSSEC status and why it is bogus or missing.
[[nodiscard]] Report look_up(DnsSource& source, const dns::Question& question);

struct Sender {
  text::IpAddress ip;
  std::string helo;
  std::string mail_from;  ///< Empty: the null path.
  std::string receiver;   ///< Our name.
  Timestamp now;
};

/// `{"result":…,"explanation":…,…}`: RFC 7208.
[[nodiscard]] Report spf(DnsSource& source, const Sender& sender);

/// All that the server would find out about a message, and what it would do with it:
/// `{"spf":{…},"dkim":[{…}],"arc":{…},"dmarc":{…},…}`. A message whose lines end in LF is read as
/// if they ended in CRLF.
[[nodiscard]] Report message(DnsSource& source, std::string_view content, mailauth::Peer peer,
                             const mailauth::Settings& settings);

/// A result and the domain it is for, as in "pass:example.org" or "pass:example.org:selector"; the
/// root if it names none ("none", "none:").
struct Claim {
  dmarc::Auth result = dmarc::Auth::none;
  dns::Name domain;
};
[[nodiscard]] std::optional<Claim> parse_claim(std::string_view text);

/// Whether mail of `from` would pass DMARC with these results: RFC 9989.
[[nodiscard]] Report dmarc(DnsSource& source, const dns::Name& from,
                           const std::optional<Claim>& spf, const std::vector<Claim>& dkim,
                           const mailauth::Settings& settings);

/// Fetches the file at an `https` URL, as http::Client does.
using Fetch = std::function<Result<http::Response>(const std::string& url)>;

/// Fetches and judges what a domain publishes for its mail: MX, SPF, DKIM (of `selectors`), DMARC,
/// MTA-STS (the policy by `fetch`; if that is empty, it stays unknown), TLS reports, BIMI. Data:
/// `{"domain":…,"records":[{"record":…,"verdict":"good"|"missing"|
/// "weak"|"wrong","text":…,"fix":…}]}`.
[[nodiscard]] Report domain(DnsSource& source, const dns::Name& domain,
                            const std::vector<std::string>& selectors,
                            const mailauth::Settings& settings, const Fetch& fetch);

}  // namespace postern::check
