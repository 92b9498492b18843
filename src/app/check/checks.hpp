#pragma once

#include <string>
#include <string_view>

#include <boost/json.hpp>

#include "check/dns_source.hpp"
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

}  // namespace postern::check
