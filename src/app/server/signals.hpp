#pragma once

#include "server/descriptor.hpp"
#include "vocab/result.hpp"

// Signals as something to read (signalfd(2)). They stay blocked from the first moment of the
// process to its last, in every thread and across exec: no moment is left in which the system's own
// answer, ending the process, would be given.
namespace postern::server {

/// SIGTERM, SIGINT, SIGHUP and SIGCHLD wait to be read; SIGPIPE is ignored. Before any thread.
void hold_signals();
/// Readable when a held signal waits; does not block. `io_failed`.
[[nodiscard]] Result<Descriptor> open_signals();
/// All that wait, taken together: the system gives them by number, not by weight.
struct Waiting {
  bool end = false;     ///< SIGTERM or SIGINT.
  bool reload = false;  ///< SIGHUP.
  bool child = false;   ///< SIGCHLD.
};
[[nodiscard]] Waiting all_signals(const Descriptor& signals);

}  // namespace postern::server
