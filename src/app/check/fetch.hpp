#pragma once

#include <memory>
#include <string>

#include "check/dns_source.hpp"
#include "http/client.hpp"
#include "net/tls_context.hpp"

namespace postern::check {

/// Fetches `url` with the source's resolver, on its thread, within 20 seconds and 64 KiB. As
/// http::Client::send.
[[nodiscard]] Result<http::Response> fetch(DnsSource& source,
                                           std::shared_ptr<const net::TlsContext> tls,
                                           http::Settings settings, std::string url);

}  // namespace postern::check
