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

/// Makes the three fields of the next set, each with its CRLF, to be put before `message` as it
/// will go out: its changes and DKIM-Signatures made, `dkim::kSignedBody` asked of its reader.
/// `found` is what `validate` said of the message as it came in, and becomes cv=; a broken chain is
/// sealed with cv=fail over the new set alone (RFC 8617 §5.1.2). `results` is the value of an
/// Authentication-Results field (`mx.example; spf=pass ...`), folded by the caller if long, without
/// a last line break.
/// Errors: `policy_reject`: the chain has ended (cv=fail) or holds 50 sets, do not seal; others as
/// of dkim::sign; `bad_syntax` also for results with a line break that does not fold.
[[nodiscard]] Result<std::string> seal(const dkim::Message& message, const Validation& found,
                                       std::string_view results, const dkim::Signer& signer,
                                       Timestamp now, const SealSettings& settings = {});

}  // namespace postern::arc
