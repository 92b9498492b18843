#include "net/tls_session.hpp"

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include <openssl/err.h>
#include <sys/socket.h>

#include "net/tls_context.hpp"
#include "net/tls_names.hpp"
#include "text/ascii.hpp"

namespace postern::net {
namespace {

IoStep system_step(IoStep::Is again) {
  const int error = errno;
  if (error == EAGAIN || error == EWOULDBLOCK || error == EINTR) return {.is = again};
  return {.is = IoStep::Is::ended, .detail = std::generic_category().message(error)};
}

}  // namespace

IoStep receive_clear(int descriptor, std::span<char> into) {
  const ssize_t got = ::recv(descriptor, into.data(), into.size(), 0);
  if (got > 0) return {.is = IoStep::Is::done, .octets = static_cast<std::size_t>(got)};
  if (got == 0) return {.is = IoStep::Is::ended, .detail = "end of stream"};
  return system_step(IoStep::Is::want_read);
}

IoStep send_clear(int descriptor, std::string_view octets) {
  const ssize_t put = ::send(descriptor, octets.data(), octets.size(), MSG_NOSIGNAL);
  if (put >= 0) return {.is = IoStep::Is::done, .octets = static_cast<std::size_t>(put)};
  return system_step(IoStep::Is::want_write);
}

/// OpenSSL's socket BIO raises SIGPIPE when a peer resets; this one does not.
struct TransportBio {
  using Transport = TlsSession::Transport;

  static Transport& of(BIO* bio) { return *static_cast<Transport*>(BIO_get_data(bio)); }

  static int finish(BIO* bio, IoStep step, std::size_t* octets) {
    BIO_clear_retry_flags(bio);
    *octets = step.octets;
    if (step.is == IoStep::Is::done) return 1;
    if (step.is == IoStep::Is::want_read) BIO_set_retry_read(bio);
    if (step.is == IoStep::Is::want_write) BIO_set_retry_write(bio);
    if (step.is == IoStep::Is::ended) {
      of(bio).ended = true;
      of(bio).trouble = std::move(step.detail);
    }
    return 0;
  }
  static int read(BIO* bio, char* into, std::size_t size, std::size_t* octets) {
    return finish(bio, receive_clear(of(bio).descriptor, {into, size}), octets);
  }
  static int write(BIO* bio, const char* from, std::size_t size, std::size_t* octets) {
    return finish(bio, send_clear(of(bio).descriptor, {from, size}), octets);
  }
  static long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }
  static int create(BIO* bio) {
    BIO_set_init(bio, 1);
    return 1;
  }

  static BIO* make(Transport& transport) {
    static BIO_METHOD* const method = [] {
      BIO_METHOD* const made =
          BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "postern transport");
      BIO_meth_set_read_ex(made, &read);
      BIO_meth_set_write_ex(made, &write);
      BIO_meth_set_ctrl(made, &control);
      BIO_meth_set_create(made, &create);
      return made;
    }();
    BIO* const bio = BIO_new(method);
    if (bio != nullptr) BIO_set_data(bio, &transport);
    return bio;
  }
};

TlsSession::TlsSession(std::shared_ptr<const TlsContext> context, int descriptor)
    : context_{std::move(context)}, transport_{descriptor, {}}, ssl_{context_->new_ssl()} {
  BIO* const bio = ssl_ ? TransportBio::make(transport_) : nullptr;
  if (bio == nullptr) throw std::bad_alloc{};
  SSL_set_bio(ssl_.get(), bio, bio);
}

TlsSession::~TlsSession() {
  // An abrupt end is no reason to forget the session: OpenSSL would mark it as not to be resumed.
  if (!broken_) SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

std::unique_ptr<TlsSession> TlsSession::server(std::shared_ptr<const TlsContext> context,
                                               int descriptor) {
  std::unique_ptr<TlsSession> made{new TlsSession{std::move(context), descriptor}};
  SSL_set_accept_state(made->ssl_.get());
  return made;
}

std::unique_ptr<TlsSession> TlsSession::client(std::shared_ptr<const TlsContext> context,
                                               int descriptor, const TlsClientOptions& options,
                                               const std::string& peer) {
  std::unique_ptr<TlsSession> made{new TlsSession{std::move(context), descriptor}};
  SSL* const ssl = made->ssl_.get();
  SSL_set_connect_state(ssl);
  const std::string name = canonical_host(options.server_name);
  if (const auto ip = text::IpAddress::parse(name)) {  // RFC 6066 §3: no addresses in SNI
    X509_VERIFY_PARAM_set1_ip(SSL_get0_param(ssl), ip->octets().data(), ip->octets().size());
  } else if (!name.empty()) {
    SSL_set_tlsext_host_name(ssl, name.c_str());
    // Who demands a valid certificate demands the names of today (RFC 9525 §2), not the common one.
    SSL_set_hostflags(ssl,
                      X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
                          (options.require_verified ? X509_CHECK_FLAG_NEVER_CHECK_SUBJECT : 0));
    SSL_set1_host(ssl, name.c_str());
  }
  made->named_ = !name.empty();
  made->info_.server_name = name;
  SSL_set_verify(ssl, options.require_verified ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  made->resume_key_ = name + (options.require_verified ? "!" : "?") + peer;
  made->context_->resume_client(ssl, made->resume_key_);
  return made;
}

IoStep TlsSession::outcome(int returned, std::size_t octets) {
  using Is = IoStep::Is;
  if (returned == 1) return {.is = Is::done, .octets = octets};
  switch (SSL_get_error(ssl_.get(), returned)) {
    case SSL_ERROR_WANT_READ:   return {.is = Is::want_read};
    case SSL_ERROR_WANT_WRITE:  return {.is = Is::want_write};
    case SSL_ERROR_WANT_ASYNC:  return {.is = Is::want_async};
    case SSL_ERROR_ZERO_RETURN: return {.is = Is::ended, .detail = std::string{kCloseNotify}};
    default:                    break;
  }
  broken_ = true;
  if (transport_.ended) return {.is = Is::ended, .detail = transport_.trouble};
  std::string why = tls_error_text();
  const long verdict = SSL_get_verify_result(ssl_.get());
  if (!SSL_is_server(ssl_.get()) && verdict != X509_V_OK)
    why += std::string{": "} + X509_verify_cert_error_string(verdict);
  return {.is = Is::failed, .detail = std::move(why)};
}

IoStep TlsSession::handshake() {
  ERR_clear_error();
  IoStep step = outcome(SSL_do_handshake(ssl_.get()), 0);
  if (step.is == IoStep::Is::done) take_info();
  return step;
}

IoStep TlsSession::read(std::span<char> into) {
  ERR_clear_error();
  std::size_t octets = 0;
  const int returned = SSL_read_ex(ssl_.get(), into.data(), into.size(), &octets);
  return outcome(returned, octets);
}

IoStep TlsSession::write(std::string_view octets) {
  ERR_clear_error();
  std::size_t written = 0;
  const int returned = SSL_write_ex(ssl_.get(), octets.data(), octets.size(), &written);
  return outcome(returned, written);
}

void TlsSession::say_goodbye() {
  if (broken_ || !SSL_is_init_finished(ssl_.get())) return;
  ERR_clear_error();
  (void)SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

void TlsSession::take_info() {
  SSL* const ssl = ssl_.get();
  info_.version = SSL_get_version(ssl);
  info_.cipher = SSL_get_cipher_name(ssl);
  if (const int group = static_cast<int>(SSL_get_negotiated_group(ssl)); group != 0) {
    const char* const name = SSL_group_to_name(ssl, group);
    info_.group = text::lower(name == nullptr ? "" : name);
  }
  info_.resumed = SSL_session_reused(ssl) == 1;
  if (SSL_is_server(ssl) == 1) {
    const char* const asked = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    if (asked != nullptr) info_.server_name = asked;
    return;
  }
  const long verdict = SSL_get_verify_result(ssl);
  info_.peer_verified = verdict == X509_V_OK && named_;
  if (verdict != X509_V_OK) info_.verify_error = X509_verify_cert_error_string(verdict);
}

std::optional<std::string> TlsSession::exporter(std::string_view label, std::size_t octets) const {
  if (SSL_version(ssl_.get()) < TLS1_3_VERSION) return std::nullopt;
  std::string out(octets, '\0');
  // RFC 9266 §4.2: the context is empty; in TLS 1.3 that is the same as none.
  const int fine =
      SSL_export_keying_material(ssl_.get(), reinterpret_cast<unsigned char*>(out.data()),
                                 out.size(), label.data(), label.size(), nullptr, 0, 0);
  if (fine != 1) return std::nullopt;
  return out;
}

int TlsSession::async_descriptor() const {
  std::size_t count = 0;
  if (SSL_get_all_async_fds(ssl_.get(), nullptr, &count) != 1 || count != 1) return -1;
  OSSL_ASYNC_FD descriptor = -1;
  return SSL_get_all_async_fds(ssl_.get(), &descriptor, &count) == 1 ? descriptor : -1;
}

}  // namespace postern::net
