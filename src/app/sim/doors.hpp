#pragma once

#include <functional>
#include <memory>

#include "net/stream.hpp"
#include "sim/front.hpp"

namespace postern::sim {

/// Opens a connection to the node with that number over whatever network there is.
using Knock = std::function<std::unique_ptr<net::Stream>(std::size_t node, Door door)>;

}  // namespace postern::sim
