#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "arc/validate.hpp"
#include "dkim/message.hpp"
#include "dkim/sign.hpp"
#include "vocab/result.hpp"
#include "vocab/time.hpp"

// Adding a set to a chain (RFC 8617 §5.1).
namespace postern::arc {

struct SealSettings {
  /// What the ARC-Message-Signature signs, each as often as it is there, but From once more.
  /// Authentication-Results and ARC's own fields are not signed (RFC 8617 §4.1.2).
  std::vector<std::string> fields = {"from",
                                     "to",
                                     "cc",
                                     "subject",
                                     "date",
                                     "message-id",
                                     "reply-to",
                                     "in-reply-to",
                                     "references",
                                     "mime-version",
                                     "content-type",
                                     "content-transfer-encoding",
                                     "sender",
                                     "list-id",
                                     "list-unsubscribe",
                                     "list-unsubscribe-post",
                                     "dkim-signature"};
};

/// What a new set says of the message. Both are borrowed.
struct Statement {
  /// What `validate` said of the message as it came in; becomes cv=.
  const Validation& found;
  /// The value of an Authentication-Results field (`mx.example; spf=pass ...`), folded by the
  /// caller if it is long, without a last line break.
  std::string_view results;
};

/// Makes the three fields of the next set, each with its CRLF, to be put before `message` as it
/// will go out: its changes and DKIM-Signatures made, `dkim::kSignedBody` asked of its reader. A
/// broken chain is sealed with cv=fail over the new set alone (RFC 8617 §5.1.2).
/// Errors: `policy_reject`: the chain has ended (cv=fail) or holds 50 sets, do not seal;
/// `bad_sequence`: `message` does not hold the chain that was found, or its body was not hashed;
/// `bad_syntax`: no From, too large a header, or results that are no field's value; `bad_config`
/// and `io_failed` as of dkim::sign.
[[nodiscard]] Result<std::string> seal(const dkim::Message& message, const Statement& statement,
                                       const dkim::Signer& signer, Timestamp now,
                                       const SealSettings& settings = {});

}  // namespace postern::arc
