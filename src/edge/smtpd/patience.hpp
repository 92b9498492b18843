#pragma once

#include <cstdint>

#include "async/task.hpp"
#include "net/pace.hpp"
#include "vocab/result.hpp"
#include "vocab/time.hpp"

namespace postern::smtpd {

class Incoming;
struct Session;

/// Counts what one message's data costs in octets and time. Who drips would hold memory that others
/// need: in all a message has a grace and so much time as it is long, and little of both while
/// memory is scarce.
class Patience {
 public:
  /// `session` outlives it.
  explicit Patience(Session& session);

  /// More input, if none is left; at most `limit` at a time. `message`: what the input is for; null
  /// when it is thrown away. `too_large`: more than anyone should have to throw away.
  /// `peer_timeout`: nothing came, or too little over time. Else the stream's failures.
  Task<Result<void>> fill(const Incoming* message, Duration limit);

 private:
  [[nodiscard]] bool too_slow(const Incoming* message) const;

  Session& session_;
  Instant deadline_;
  net::Pace pace_;
  std::uint64_t used_ = 0;
};

}  // namespace postern::smtpd
