#pragma once

#include <optional>
#include <utility>

#include "server/descriptor.hpp"
#include "server/message.hpp"
#include "vocab/result.hpp"

namespace postern::server {

/// A message and the descriptor that goes with its kind.
struct Parcel {
  Message message;
  Descriptor descriptor = {};
};

/// One end of the line between supervisor and server. Neither call blocks.
class Channel {
 public:
  /// Both ends, closed on exec. `io_failed`.
  [[nodiscard]] static Result<std::pair<Channel, Channel>> make();
  /// An end that was inherited. `bad_config`: the descriptor is no such socket.
  [[nodiscard]] static Result<Channel> adopt(int descriptor);

  /// False: the peer has yet to read what it was sent; try again when writable. `peer_closed`,
  /// `io_failed`.
  [[nodiscard]] Result<bool> send(const Parcel& parcel) const;
  /// Nothing: no message at this moment. `peer_closed`: there will be no more. `bad_syntax`,
  /// `too_large`: one message that makes no sense or has not the descriptor that it should (or one
  /// that it should not), and was dropped.
  [[nodiscard]] Result<std::optional<Parcel>> receive() const;
  /// Waits for the next message.
  [[nodiscard]] Result<Parcel> wait() const;

  [[nodiscard]] int descriptor() const { return end_.get(); }

 private:
  explicit Channel(Descriptor end) : end_{std::move(end)} {}
  Descriptor end_;
};

}  // namespace postern::server
