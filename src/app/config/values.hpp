#pragma once

#include <cstdint>
#include <string_view>

#include "config/config.hpp"
#include "resolver/unbound.hpp"
#include "vocab/result.hpp"

// Texts in the configuration that stand for something else.
namespace postern::config {

/// A name that a machine can have, as greetings and EHLO show it: ASCII, whatever its owner calls
/// it.
[[nodiscard]] bool is_host_name(std::string_view text);

/// "192.0.2.53" or "192.0.2.53@5353". `bad_config`: what is wrong.
[[nodiscard]] Result<resolver::Server> parse_server(std::string_view text);

/// "example.test 127.0.0.1@5353". `bad_config`: what is wrong.
[[nodiscard]] Result<resolver::Stub> parse_stub(std::string_view text);

/// "example.test. IN DS 12345 8 2 AB...": its form; libunbound looks closer.
[[nodiscard]] bool is_trust_anchor(std::string_view text);

/// What the configuration says of the resolver. `bad_config`: a forwarder or stub that is not one.
[[nodiscard]] Result<resolver::Settings> resolver_settings(const Config& config,
                                                           std::uint64_t cache_bytes);

}  // namespace postern::config
