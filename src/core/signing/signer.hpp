#pragma once

#include <string>
#include <string_view>

#include "arc/validate.hpp"
#include "async/task.hpp"
#include "dkim/message.hpp"
#include "vocab/result.hpp"

namespace postern::signing {

/// What was put before a message.
struct Signed {
  std::string fields;  ///< DKIM-Signature fields, each with its CRLF; empty: not signed.
  std::string by;      ///< For the trace: "example.org 20261121e 20261121r"; empty: nobody.
};

/// Signs what leaves in our domains' names. Any core; it signs on a pool.
class Signer {
 public:
  virtual ~Signer() = default;

  /// Fields to be put before `message`, whose reader was asked for dkim::kSignedBody: one by each
  /// active key of the domain of who is answerable for it, or if that has none of the next domain
  /// above that has. That is who sent it again, if it has Resent- fields (the uppermost
  /// Resent-From; RFC 5322 §3.6.6), else its author: the ones whose names submission binds to the
  /// login. Errors: `too_large`: a header that is not read; those of dkim::sign; `limit_reached`:
  /// too much is being signed. `message` lives till the task ends.
  [[nodiscard]] virtual Task<Result<Signed>> sign(const dkim::Message& message) = 0;

  /// An ARC set (RFC 8617 §5.1) by `domain` (A-label), or the next one above it that has keys, over
  /// a message that is passed on as it came; empty if none has, or no set may be added. `found` and
  /// `results` as of arc::Statement. Arguments live till the task ends; errors as above.
  [[nodiscard]] virtual Task<Result<std::string>> seal(const dkim::Message& message,
                                                       const arc::Validation& found,
                                                       std::string_view results,
                                                       std::string_view domain) = 0;
};

}  // namespace postern::signing
