#pragma once

#include <string_view>

#include "http/response_reader.hpp"

// What the test and the fuzzer of ResponseReader share.
namespace postern::http {

/// What is read of `octets` that come in pieces of `piece`, and the end of the connection behind
/// them.
inline Result<Response> read_in_pieces(std::string_view octets, std::size_t piece,
                                       const ResponseLimits& limits = {}) {
  ResponseReader reader{limits};
  while (!octets.empty()) {
    const auto next = octets.substr(0, piece);
    const auto whole = reader.feed(next);
    if (!whole) return std::unexpected(whole.error());
    if (*whole) return reader.take();
    octets.remove_prefix(next.size());
  }
  const auto ended = reader.end();
  if (!ended) return std::unexpected(ended.error());
  return reader.take();
}

}  // namespace postern::http
