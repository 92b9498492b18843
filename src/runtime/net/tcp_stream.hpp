#pragma once

#include <memory>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "async/core.hpp"
#include "net/stream.hpp"

namespace postern::net {

using TcpSocket = asio::basic_stream_socket<asio::ip::tcp, Executor>;

/// Takes over a connected socket of `core`: clear text now, TLS in place when asked. Idle it holds
/// no buffer. `hold` is let go with the stream (counters, permits). Call it, and use the stream, on
/// `core`. `peer_closed` when the peer has gone already.
[[nodiscard]] Result<std::unique_ptr<Stream>> make_tcp_stream(Core& core, TcpSocket socket,
                                                              std::shared_ptr<void> hold = {});

/// The same for a descriptor (TCP over IPv4 or IPv6), which it owns from the call on.
[[nodiscard]] Result<std::unique_ptr<Stream>> adopt_tcp_stream(Core& core, int descriptor,
                                                               std::shared_ptr<void> hold = {});

[[nodiscard]] text::IpAddress to_ip(const asio::ip::address& address);
[[nodiscard]] asio::ip::address to_asio(const text::IpAddress& ip);
[[nodiscard]] Endpoint to_endpoint(const asio::ip::tcp::endpoint& endpoint);
[[nodiscard]] asio::ip::tcp::endpoint to_asio(const Endpoint& endpoint);
/// `192.0.2.1:25`, `[2001:db8::1]:25`.
[[nodiscard]] std::string to_string(const Endpoint& endpoint);

}  // namespace postern::net
