#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "dmarc/report_uri.hpp"
#include "dmarc/tree_walk.hpp"
#include "dns/answer.hpp"
#include "vocab/result.hpp"

// Whether a report may go where a record wants it: RFC 9990 §4, so that nobody can have reports
// sent to a victim.
namespace postern::dmarc {

/// `<policy domain>._report._dmarc.<destination>`, the name whose TXT record allows it.
/// Error `bad_syntax`: too long to exist, so nothing can be allowed.
[[nodiscard]] Result<dns::Name> external_report_name(const dns::Name& policy_domain,
                                                     const dns::Name& destination);

struct Permission {
  enum class Kind : std::uint8_t {
    internal,   ///< Same organisation: needs no permission.
    allowed,    ///< The destination says so.
    denied,     ///< It does not, or names another host instead.
    temporary,  ///< DNS fails: may be asked again later.
  };
  Kind kind = Kind::denied;
  /// Where to send to: the mailbox asked about, or those the destination named in its place. Empty
  /// unless internal or allowed.
  std::vector<ReportMailbox> mailboxes = {};
  std::string reason = {};  ///< One line for people.
};

/// Judges one mailbox of `rua`, found in a record at `policy_domain`. It asks at most twice: for
/// the walks from both domains, then, unless they are one organisation, for the permission.
/// `destination` is what `ReportUri::mailbox` holds. RFC 9990 §4, RFC 9989 §4.10.2.
[[nodiscard]] std::variant<Permission, dns::Need> may_report_to(const dns::Name& policy_domain,
                                                                const ReportMailbox& destination,
                                                                const dns::Answers& answers,
                                                                const PublicSuffix& suffix = {});

}  // namespace postern::dmarc
