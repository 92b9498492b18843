#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "async/task.hpp"
#include "net/stream.hpp"
#include "vocab/result.hpp"
#include "vocab/time.hpp"

namespace postern::imapd {

/// What a session has to say and has not said yet. Answers are gathered, so that a pipelining
/// client gets many in one record, and go out when there are enough of them or nothing more is to
/// be done. Whoever writes much calls `drain_if_large` between pieces: it waits for the peer.
class Output {
 public:
  /// From this many octets on `drain_if_large` sends. Unsent output stays within this and one
  /// piece.
  static constexpr std::size_t kLarge = 64UL * 1024;

  /// `stream` outlives this. `limit`: for the peer to take something, each time.
  Output(net::Stream& stream, Duration limit) : stream_{stream}, limit_{limit} {}

  /// To append to. Stays valid; its content goes away when it is sent.
  [[nodiscard]] std::string& buffer() { return text_; }

  /// Sends everything when there is much. Failures are those of Stream::write, and for good.
  [[nodiscard]] Task<Result<void>> drain_if_large();
  /// Sends everything.
  [[nodiscard]] Task<Result<void>> flush();
  /// How many octets were said so far, sent or not.
  [[nodiscard]] std::uint64_t position() const { return sent_ + text_.size(); }
  /// Unsays what was said after `position`; false when some of that is sent already.
  [[nodiscard]] bool roll_back(std::uint64_t position);
  /// Gives the memory back; only with nothing unsent.
  void shrink();

 private:
  net::Stream& stream_;
  Duration limit_;
  std::string text_;
  std::uint64_t sent_ = 0;
};

}  // namespace postern::imapd
