#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "dmarc/tree_walk.hpp"
#include "dns/name.hpp"
#include "mailauth/inquiry.hpp"
#include "reports/topic.hpp"
#include "smtp/address.hpp"

namespace postern::reports {

struct Destination {
  smtp::Address address;
  std::uint64_t max_size = 0;  ///< Octets of an attachment; 0: nothing is said.
};

/// Who is to be told about a domain, by what DNS says now.
struct Destinations {
  std::vector<Destination> to;     ///< Each address once; at most kMaxReportUris.
  std::vector<std::string> posts;  ///< https URLs, of TLS reports alone; at most kMaxPosts.
  bool ask_again = false;          ///< DNS failed for some of it.
  std::vector<std::string> notes;  ///< Who is not told, and why.
};

/// What `_dmarc` of `domain` (where a record was found when mail came) says, as far as those it
/// names outside want it. RFC 9989 §4.10, RFC 9990 §4. Arguments outlive the task.
[[nodiscard]] Task<Destinations> dmarc_destinations(mailauth::Inquiry& inquiry, dns::Name domain,
                                                    const dmarc::PublicSuffix& suffix);

inline constexpr std::size_t kMaxPosts = 2;

/// What `_smtp._tls` of `domain` says. RFC 8460 §3.
[[nodiscard]] Task<Destinations> tls_destinations(mailauth::Inquiry& inquiry, dns::Name domain);

}  // namespace postern::reports
