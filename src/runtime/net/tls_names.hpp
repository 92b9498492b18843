#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "net/openssl_ptr.hpp"
#include "text/ip.hpp"

namespace postern::net {

/// The DNS names that `cert` speaks for, in lower case: of its subjectAltName; of its CN when it
/// has no such extension.
[[nodiscard]] std::vector<std::string> dns_names(const X509& cert);
[[nodiscard]] std::vector<text::IpAddress> ip_names(const X509& cert);

/// `name` in lower case without a trailing dot: as certificates and SNI write it.
[[nodiscard]] std::string canonical_host(std::string_view name);

/// Whether `pattern` (`mail.example`, or `*.example` for exactly one label) covers the canonical
/// `host` (RFC 6125 §6.4.3).
[[nodiscard]] bool covers(std::string_view pattern, std::string_view host);

}  // namespace postern::net
