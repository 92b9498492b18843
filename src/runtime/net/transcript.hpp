#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "async/manual_core.hpp"
#include "net/memory_stream.hpp"
#include "net/stream.hpp"

// Test support: whole conversations as text. One line, one step; leading blanks, empty lines and
// lines that begin with `#` do not count.
//
//   C: text      the client sends the text and CRLF
//   C~ text      the client sends the text alone, with \r \n \t \\ \xHH understood
//   S: text      the server's next line; * stands for anything
//   S= text      the same, word for word
//   S: ...       any number of server lines, up to the one that the next step expects
//   T: tls       the client turns to TLS (implicit TLS: the first step)
//   T: tls NAME  the same, asking for the server NAME
//   T: quiet     the server has said nothing more
//   T: wait 90s  time passes (us, ms, s, m, h, d)
//   T: eof       the client hangs up
//   T: closed    the server has hung up, and said nothing more
namespace postern::net {

/// What the script calls: a session that serves one connection.
using TranscriptSession = std::function<Task<>(std::unique_ptr<Stream>)>;

/// Plays `script` against `session` in memory, in `machine`'s time. Empty when all went as written;
/// else the conversation up to the first difference, and what was expected there. At its end the
/// client hangs up, and the session must end too, within an hour of the machine's time. Work for a
/// Pool must be done inline.
[[nodiscard]] std::string play_transcript(ManualCore& machine, const TranscriptSession& session,
                                          std::string_view script,
                                          const MemoryOptions& options = {});

}  // namespace postern::net
