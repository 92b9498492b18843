#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
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
  /// At least one; borrowed.
  explicit CoreSet(std::vector<Core*> cores);

  /// The core with the fewest connections counts one more, till `hold` is let go.
  struct Place {
    Core* core;
    std::shared_ptr<void> hold;
  };
  [[nodiscard]] Place least_loaded();
  [[nodiscard]] std::size_t connections() const;

 private:
  struct Seat {
    Core* core;
    std::atomic<std::size_t> taken{0};
  };
  std::shared_ptr<std::vector<Seat>> seats_;
  std::atomic<std::size_t> next_{0};  ///< Where the search begins: equals take turns.
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

  /// Accepts till `stop`. Out of descriptors or memory: rests for a moment and goes on. Run it in a
  /// TaskGroup of the core; the listener and `cores` outlive it.
  Task<> run(CoreSet& cores, OnAccept on_accept, log::Logger logger);
  /// On the core: no more connections; `run` ends.
  void stop();
  [[nodiscard]] Endpoint local() const { return local_; }

 private:
  using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, Executor>;
  Listener(Core& core, Acceptor acceptor, Endpoint local);
  /// One waiting connection to `on_accept`; false when there is none or it cannot be had.
  bool hand_over(CoreSet& cores, const OnAccept& on_accept, int& error);

  Acceptor acceptor_;
  Endpoint local_;
  Sleeper rest_;
  bool stopped_ = false;
};

}  // namespace postern::net
