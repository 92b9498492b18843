#pragma once

#include <span>
#include <string>
#include <string_view>

#include "vocab/result.hpp"

// MTA-STS (RFC 8461): a domain's word, given in DNS and over HTTPS, that its mail is to be sent to
// certain hosts under verified TLS only. Pure: who fetches it is somebody else.
namespace postern::mtasts {

/// The TXT record at `_mta-sts.DOMAIN`: that there is a policy, and which.
struct Record {
  std::string id;  ///< 1 to 32 letters and digits; another id: another policy.
  friend bool operator==(const Record&, const Record&) = default;
};

/// Reads one record, its strings joined. Unknown fields are passed over. Error `bad_syntax` with
/// the place. RFC 8461 §3.1.
[[nodiscard]] Result<Record> parse_record(std::string_view txt);

/// Out of all TXT records at the name: those that do not begin with `v=STSv1;` are discarded, and
/// one must remain. Errors: `not_found` (none remains), `bad_syntax` (several, or broken).
/// RFC 8461 §3.1.
[[nodiscard]] Result<Record> pick_record(std::span<const std::string> txts);

}  // namespace postern::mtasts
