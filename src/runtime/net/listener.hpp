#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "async/core.hpp"
#include "async/sleep.hpp"
#include "log/log.hpp"
#include "net/stream.hpp"

namespace postern::net {

/// The cores that serve connections, and how many each has. Shared by the listeners; outlives them
/// and every connection's coroutine. Thread-safe.
class CoreSet {
 public:
  /// At least one; borrowed. `limit`: connections at a time, 0 for any number.
  explicit CoreSet(std::vector<Core*> cores, std::size_t limit = 0);

  /// The core with the fewest connections counts one more, till `hold` is let go; nothing when all
  /// places are taken.
  struct Place {
    Core* core;
    std::shared_ptr<void> hold;
  };
  [[nodiscard]] std::optional<Place> least_loaded();
  [[nodiscard]] std::size_t connections() const;
  [[nodiscard]] std::uint64_t refused() const { return refused_; }  ///< So far, by the limit.

 private:
  struct Seat {
    Core* core;
    std::atomic<std::size_t> taken{0};
  };
  struct Seats {
    explicit Seats(std::size_t count) : of_core(count) {}
    std::vector<Seat> of_core;
    std::atomic<std::size_t> taken{0};
  };
  std::shared_ptr<Seats> seats_;  ///< Shared with what `least_loaded` gave.
  std::size_t limit_;
  std::atomic<std::size_t> next_{0};  ///< Where the search begins: equals take turns.
  std::atomic<std::uint64_t> refused_{0};
};

/// One listening socket. Accepts on the core it was made with and hands each connection to the
/// least loaded core of the set.
class Listener {
 public:
  /// Called on `core` with a stream that belongs to it. Spawn and return. What it uses must live as
  /// long as that core runs.
  using OnAccept = std::function<void(Core& core, std::unique_ptr<Stream> stream)>;

  /// Binds and listens. Port 0: any free one. `bad_config` with a sentence for operators when the
  /// port is taken, needs privileges, or the address is not ours.
  [[nodiscard]] static Result<std::unique_ptr<Listener>> bind(Core& core, Endpoint at);
  /// Takes over a listening socket (supervisor, socket activation), which it owns from the call on.
  [[nodiscard]] static Result<std::unique_ptr<Listener>> adopt(Core& core, int descriptor);

  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  /// Accepts till `stop`. With all places of `cores` taken a peer is told `refusal`, if its system
  /// takes that at once, and hung up on. Out of descriptors or memory: rests for a moment and goes
  /// on; who waits to be accepted waits longer. Run it in a TaskGroup of the core; the listener and
  /// `cores` outlive it.
  Task<> run(CoreSet& cores, OnAccept on_accept, log::Logger logger, std::string refusal = {});
  /// On the core: no more connections; `run` ends.
  void stop();
  [[nodiscard]] Endpoint local() const { return local_; }

  /// Takes a connection from a listening descriptor: a descriptor, or -1 and errno.
  using Accept = std::function<int(int listening)>;
  /// For tests of a system that refuses: `how` instead of accept4(2).
  void accept_by(Accept how) { accept_ = std::move(how); }

 private:
  using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, Executor>;
  Listener(Core& core, Acceptor acceptor, Endpoint local);
  /// What became of one waiting connection.
  enum class Turn : std::uint8_t { handed_over, refused, none, passing, exhausted };
  Turn hand_over(CoreSet& cores, const OnAccept& on_accept, std::string_view refusal);
  /// The last turn's reason; a flood is told of once a minute, with how often it came to that.
  void warn(const log::Logger& logger, log::Message message, std::string_view why);

  Core& core_;
  Acceptor acceptor_;
  Accept accept_;
  Endpoint local_;
  Sleeper rest_;
  std::uint64_t unsaid_ = 0;  ///< Warnings since the last one that was logged.
  std::optional<Instant> quiet_until_;
  bool stopped_ = false;
};

}  // namespace postern::net
