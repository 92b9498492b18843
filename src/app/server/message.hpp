#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "vocab/result.hpp"

// What supervisor and server say to each other. A message is one datagram of a SOCK_SEQPACKET
// pair: an octet for the kind, then text up to the end; some kinds carry one descriptor beside it
// (SCM_RIGHTS, unix(7)).
namespace postern::server {

struct Message {
  enum class Kind : std::uint8_t {
    // To the server. A bundle is one config, files and sockets in any order, then `end`.
    config = 'c',  ///< +descriptor: the configuration; the text is its file's name.
    file = 'f',  ///< +descriptor: a certificate or key; the text is the name in the configuration.
    socket = 's',  ///< +descriptor: a listening socket; the text is its service.
    log = 'l',     ///< +descriptor: the log file, in use from now on; the text is its name.
    end = 'e',     ///< The bundle is complete: begin with it, or change to it.
    stop = 'q',    ///< Say goodbye and end.
    hurry = 'h',   ///< End without waiting for anybody's goodbye.
    // To the supervisor.
    ready = 'r',
    reloaded = 'd',
    refused = 'x',  ///< The bundle cannot be used; the text says why.
    stopping = 'g',
  };
  Kind kind = Kind::end;
  std::string text = {};
};

/// Octets of a datagram.
inline constexpr std::size_t kMaxMessage = std::size_t{16} << 10U;

[[nodiscard]] bool carries_descriptor(Message::Kind kind);
/// A text that is too long is cut.
[[nodiscard]] std::string encode(const Message& message);
/// `bad_syntax`: empty, an unknown kind. `too_large`.
[[nodiscard]] Result<Message> decode(std::string_view datagram);

}  // namespace postern::server
