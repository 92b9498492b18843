#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "async/core.hpp"
#include "async/task.hpp"
#include "metrics/metrics.hpp"
#include "net/stream.hpp"

// What Prometheus reads: the registry over HTTP/1.1, one request a connection.
namespace postern::metricsd {

/// The whole answer to a request's head (all up to its empty line): GET or HEAD of /metrics is the
/// registry in Prometheus' text format 0.0.4, of / a hint; anything else is 400, 404, 405 or 505.
[[nodiscard]] std::string respond(std::string_view head, const metrics::Registry& registry);

/// One connection to its end: reads one request (at most 8 KiB within 10 s), answers, closes.
/// `core` and `registry` outlive it.
Task<> serve(Core& core, std::unique_ptr<net::Stream> stream, const metrics::Registry& registry);

}  // namespace postern::metricsd
