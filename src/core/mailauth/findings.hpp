#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "arc/validate.hpp"
#include "dkim/verify.hpp"
#include "dmarc/author.hpp"
#include "dmarc/disposition.hpp"
#include "dmarc/evaluate.hpp"
#include "iprev/hello.hpp"
#include "iprev/iprev.hpp"
#include "spf/check.hpp"
#include "text/ip.hpp"

namespace postern::mailauth {

/// Who hands a message in, as SMTP tells.
struct Peer {
  std::optional<text::IpAddress> ip;  ///< Nothing: not known, so SPF and iprev say nothing.
  std::string helo;
  std::string mail_from;  ///< Without angle brackets; empty: the null path.
};

/// All that is found out about where a message comes from (RFC 8601 §1.1).
struct Findings {
  Peer peer;
  iprev::Verdict iprev;
  iprev::Hello hello;
  spf::Verdict spf;       ///< Of MAIL FROM; of EHLO for the null path.
  spf::Verdict spf_helo;  ///< Of EHLO.
  dkim::Report dkim;
  arc::Validation arc;
  std::variant<dmarc::Author, dmarc::NoAuthor> author;
  std::optional<dmarc::Verdict> dmarc;  ///< Nothing: there is no author.
  dmarc::Grounds grounds;
  dmarc::Disposition disposition;
  std::size_t questions = 0;  ///< Asked of DNS.

  /// MAIL FROM passed SPF, or a passing signature is of its domain: notices may go there (row
  /// A11).
  [[nodiscard]] bool sender_proven() const;
  /// Why the message is refused for its From field, whoever sent it; null: it is not. Bounces and
  /// odd programs write From fields without a domain; nobody is shown two authors.
  [[nodiscard]] const dmarc::NoAuthor* refused_author() const;
  bool header_too_large = false;
  bool too_many_forged = false;  ///< More fields in our name than can be hidden.
  /// What the whole message is refused for before anybody's wishes count; nothing: it is not.
  [[nodiscard]] std::optional<dmarc::Disposition> refusal() const;
};

/// The words of `findings` for one line each of a trace: ("spf", "pass ..."), ...
[[nodiscard]] std::vector<std::pair<std::string, std::string>> facts_of(const Findings& findings);

/// What stands in the served prefix of every copy: Authentication-Results and Received-SPF by
/// `authserv_id` (RFC 8601 §4, RFC 7208 §9.1). `utf8`: the message is an internationalised one.
[[nodiscard]] std::string fields_of(const Findings& findings, const std::string& authserv_id,
                                    bool utf8);

/// Postern-Reason, below them, with its CRLF: why a copy is where it is. Empty: there is nothing to
/// say.
[[nodiscard]] std::string reason_of(const dmarc::Disposition& disposition);

/// The value of Authentication-Results alone, folded, for a seal.
[[nodiscard]] std::string results_of(const Findings& findings, const std::string& authserv_id,
                                     bool utf8);

}  // namespace postern::mailauth
