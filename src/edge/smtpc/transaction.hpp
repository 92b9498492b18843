#pragma once

#include <optional>
#include <string>
#include <vector>

#include "queue/transport.hpp"
#include "smtpc/client.hpp"
#include "smtpc/connection.hpp"
#include "smtpc/content.hpp"

namespace postern::smtpc {

/// How one transaction ended.
struct Transacted {
  /// Recipients (indexes into the job's) about whom nothing was said: for another transaction, or
  /// another host.
  std::vector<std::size_t> undecided;
  bool usable = false;          ///< The connection can take the next message.
  queue::RecipientOutcome why;  ///< What ended it, when there are undecided ones.
  std::string last_words;       ///< For the trace: "250 2.0.0 queued".
  bool progress = false;        ///< At least one recipient was decided.
};

/// One MAIL/RCPT/DATA with the recipients `who` of `job`, pipelined where the host does that
/// (RFC 2920), with BDAT for small messages where it does that too (RFC 3030: one journey instead
/// of two). Writes the outcome of everybody decided into `outcomes`. A connection that breaks after
/// the final dot defers: the message may then come twice, but is never lost (RFC 1047).
Task<Transacted> transact(Connection& connection, const queue::Job& job,
                          std::vector<std::size_t> who, const Settings& settings,
                          std::vector<queue::RecipientOutcome>& outcomes);

/// Whether MAIL has to ask for SMTPUTF8 (RFC 6531 §3.4).
[[nodiscard]] bool needs_smtputf8(const queue::Job& job);

}  // namespace postern::smtpc
