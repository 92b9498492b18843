#include "check/fetch.hpp"

#include <utility>

#include "net/tcp_dialer.hpp"

namespace postern::check {
namespace {

// Senders may wait a minute (RFC 8461 §3.3); who is nearly as slow as that is found out here.
constexpr http::Limits kLimits{.connect = std::chrono::seconds{10},
                               .whole = std::chrono::seconds{20}};

Task<Result<http::Response>> run(DnsSource& source, std::shared_ptr<const net::TlsContext> tls,
                                 http::Settings settings, std::string url) {
  net::TcpDialer dialer{source.core()};
  http::Client client{source.resolver(), dialer, std::move(tls), source.core(),
                      std::move(settings)};
  http::Request request{.url = std::move(url)};
  co_return co_await client.send(std::move(request), kLimits);
}

}  // namespace

Result<http::Response> fetch(DnsSource& source, std::shared_ptr<const net::TlsContext> tls,
                             http::Settings settings, std::string url) {
  return source.run(run(source, std::move(tls), std::move(settings), std::move(url)));
}

}  // namespace postern::check
