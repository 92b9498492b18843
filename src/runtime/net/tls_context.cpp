#include "net/tls_context.hpp"

#include <algorithm>
#include <array>
#include <list>
#include <mutex>
#include <system_error>
#include <unordered_map>
#include <utility>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "net/openssl_ptr.hpp"
#include "net/tls_names.hpp"
#include "vocab/try.hpp"

namespace postern::net {
namespace {

/// A profile is data; the functions below only carry it out.
struct ProfileData {
  const char* suites12;
  const char* suites13;
  const char* groups;           ///< Tried first; a library that does not know one of them refuses.
  const char* fallback_groups;  ///< What every supported library knows.
};

#define POSTERN_TLS_AEAD                                       \
  "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:" \
  "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:" \
  "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
// Security level 2: 112 bits, that is RSA and DH of 2048 bits and more, no SHA-1 signatures.
constexpr const char* kModernSuites = POSTERN_TLS_AEAD ":@SECLEVEL=2";
constexpr const char* kRelaySuites = POSTERN_TLS_AEAD
    ":DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384:DHE-RSA-CHACHA20-POLY1305"
    ":ECDHE-ECDSA-AES128-SHA256:ECDHE-RSA-AES128-SHA256"
    ":ECDHE-ECDSA-AES256-SHA384:ECDHE-RSA-AES256-SHA384"
    ":ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA:ECDHE-RSA-AES256-SHA"
    ":DHE-RSA-AES128-SHA256:DHE-RSA-AES256-SHA256:DHE-RSA-AES128-SHA:DHE-RSA-AES256-SHA"
    ":@SECLEVEL=2";
#undef POSTERN_TLS_AEAD
constexpr const char* kSuites13 =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";

constexpr ProfileData kModern{kModernSuites, kSuites13, "X25519MLKEM768:X25519:P-256:P-384",
                              "X25519:P-256:P-384"};
constexpr ProfileData kRelay{kRelaySuites, kSuites13, "X25519MLKEM768:X25519:P-256:P-384:P-521",
                             "X25519:P-256:P-384:P-521"};

const ProfileData& data_of(TlsProfile profile) {
  switch (profile) {
    case TlsProfile::modern: return kModern;
    case TlsProfile::relay:  return kRelay;
  }
  return kModern;
}

std::unexpected<Error> bad(const std::string& what) {
  const std::string why = tls_error_text();
  return fail(Errc::bad_config, why.empty() ? what : what + ": " + why);
}
std::unexpected<Error> bad(const std::string& what, const std::string& why) {
  return fail(Errc::bad_config, what + ": " + why);
}

Result<SslCtxPtr> make_ctx(const SSL_METHOD* method, TlsProfile profile) {
  const ProfileData& data = data_of(profile);
  ERR_clear_error();
  SslCtxPtr ctx{SSL_CTX_new(method)};
  if (!ctx) return bad("TLS");
  SSL_CTX* const raw = ctx.get();
  const bool fine = SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION) == 1 &&
                    SSL_CTX_set_cipher_list(raw, data.suites12) == 1 &&
                    SSL_CTX_set_ciphersuites(raw, data.suites13) == 1 &&
                    (SSL_CTX_set1_groups_list(raw, data.groups) == 1 ||
                     SSL_CTX_set1_groups_list(raw, data.fallback_groups) == 1);
  if (!fine) return bad("TLS profile");
  ERR_clear_error();  // of groups the library does not know
  SSL_CTX_set_options(raw, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                               SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_mode(raw, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                            SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(raw, 1);  // one system call for a record's header and body
  SSL_CTX_set_max_early_data(raw, 0);
  // An encrypted key must fail, not ask on a terminal.
  SSL_CTX_set_default_passwd_cb(raw, [](char*, int, int, void*) { return 0; });
  return ctx;
}

/// One SSL_CTX with the certificates of one set of names.
struct Identity {
  std::vector<std::string> names;
  std::vector<int> key_kinds;
  SslCtxPtr ctx;
};

/// What a file holds, for OpenSSL; a key does not stay in memory behind it.
class Pem {
 public:
  static Result<Pem> read(const ReadFile& from, const std::string& file) {
    if (from) {
      POSTERN_TRY(auto text, from(file));
      return Pem{std::move(text)};
    }
    const std::unique_ptr<BIO, decltype(&BIO_free)> in{BIO_new_file(file.c_str(), "rb"), BIO_free};
    if (!in) return fail(Errc::bad_config, tls_error_text());
    std::string text;
    std::array<char, 4096> piece{};
    for (int got = 1; got > 0 && text.size() < kMost;) {
      got = BIO_read(in.get(), piece.data(), static_cast<int>(piece.size()));
      if (got > 0) text.append(piece.data(), static_cast<std::size_t>(got));
    }
    OPENSSL_cleanse(piece.data(), piece.size());
    return Pem{std::move(text)};
  }
  Pem(Pem&&) = default;
  Pem(const Pem&) = delete;
  Pem& operator=(const Pem&) = delete;
  Pem& operator=(Pem&&) = delete;
  ~Pem() { OPENSSL_cleanse(text_.data(), text_.size()); }

  /// Reads what this object holds, which outlives it.
  [[nodiscard]] std::unique_ptr<BIO, decltype(&BIO_free)> bio() const {
    return {BIO_new_mem_buf(text_.data(), static_cast<int>(text_.size())), BIO_free};
  }

 private:
  static constexpr std::size_t kMost = std::size_t{1} << 20U;
  explicit Pem(std::string text) : text_{std::move(text)} {}
  std::string text_;
};

/// The leaf, then all its issuers (as SSL_CTX_use_certificate_chain_file).
bool use_chain(SSL_CTX* ctx, BIO* in) {
  const std::unique_ptr<X509, decltype(&X509_free)> leaf{
      PEM_read_bio_X509_AUX(in, nullptr, nullptr, nullptr), X509_free};
  if (!leaf || SSL_CTX_use_certificate(ctx, leaf.get()) != 1) return false;
  SSL_CTX_clear_chain_certs(ctx);
  for (;;) {
    X509* const issuer = PEM_read_bio_X509(in, nullptr, nullptr, nullptr);
    if (issuer == nullptr) break;
    if (SSL_CTX_add0_chain_cert(ctx, issuer) != 1) {
      X509_free(issuer);
      return false;
    }
  }
  const bool whole = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  if (whole) ERR_clear_error();
  return whole;
}

bool use_key(SSL_CTX* ctx, BIO* in) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key{
      PEM_read_bio_PrivateKey(in, nullptr, SSL_CTX_get_default_passwd_cb(ctx), nullptr),
      EVP_PKEY_free};
  return key && SSL_CTX_use_PrivateKey(ctx, key.get()) == 1;
}

Result<void> load(SSL_CTX* ctx, const CertificateFiles& files, const ReadFile& read) {
  ERR_clear_error();
  const auto chain = Pem::read(read, files.chain_file);
  if (!chain) return bad("certificate " + files.chain_file, chain.error().detail);
  if (!use_chain(ctx, chain->bio().get())) return bad("certificate " + files.chain_file);
  const auto key = Pem::read(read, files.key_file);
  const auto what = "key " + files.key_file + " for certificate " + files.chain_file;
  if (!key) return bad(what, key.error().detail);
  if (!use_key(ctx, key->bio().get())) return bad(what);
  if (SSL_CTX_check_private_key(ctx) != 1)
    return bad("key " + files.key_file + " does not belong to certificate " + files.chain_file);
  return {};
}

Result<SslCtxPtr> make_server_ctx(const TlsServerSettings& settings) {
  POSTERN_TRY(auto ctx, make_ctx(TLS_server_method(), settings.profile));
  SSL_CTX* const raw = ctx.get();
  SSL_CTX_set_dh_auto(raw, 1);
  // Nothing is kept on the server's side: a ticket holds its session, under this context's key.
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
  if (!settings.tickets) SSL_CTX_set_options(raw, SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(raw, settings.tickets ? 1 : 0);
  constexpr std::string_view kSessionContext = "postern";
  SSL_CTX_set_session_id_context(raw,
                                 reinterpret_cast<const unsigned char*>(kSessionContext.data()),
                                 static_cast<unsigned>(kSessionContext.size()));
  return ctx;
}

int ex_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

/// The sessions a client remembers, the oldest forgotten first. Each is used once (RFC 8446 §C.4).
class SessionCache {
 public:
  explicit SessionCache(std::size_t limit) : limit_{limit} {}

  void put(const std::string& key, SessionPtr session) {
    const std::lock_guard lock{mutex_};
    if (const auto old = by_key_.find(key); old != by_key_.end()) erase(old);
    order_.emplace_back(key, std::move(session));
    by_key_[key] = std::prev(order_.end());
    if (order_.size() > limit_) erase(by_key_.find(order_.front().first));
  }
  SessionPtr take(const std::string& key) {
    const std::lock_guard lock{mutex_};
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return nullptr;
    SessionPtr session = std::move(found->second->second);
    erase(found);
    return session;
  }

 private:
  using Order = std::list<std::pair<std::string, SessionPtr>>;
  using Index = std::unordered_map<std::string, Order::iterator>;
  void erase(Index::iterator entry) {
    order_.erase(entry->second);
    by_key_.erase(entry);
  }

  const std::size_t limit_;
  std::mutex mutex_;
  Order order_;
  Index by_key_;
};

int remember(SSL* ssl, SSL_SESSION* session) {
  const auto* const key = static_cast<const std::string*>(SSL_get_ex_data(ssl, ex_index()));
  auto* const cache = static_cast<SessionCache*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
  if (key == nullptr || cache == nullptr) return 0;
  cache->put(*key, SessionPtr{session});
  return 1;  // the session is ours now
}

}  // namespace

struct TlsContext::State {
  std::vector<Identity> identities;  ///< Server: the first is the default.
  SslCtxPtr client;
  std::unique_ptr<SessionCache> sessions;

  [[nodiscard]] Result<void> add(const CertificateFiles& files, const TlsServerSettings& settings);
  [[nodiscard]] const Identity* find(const std::string& host) const;
  static int on_server_name(SSL* ssl, int* alert, void* state);
};

/// A second certificate of the same names joins the first when its key is of another kind.
Result<void> TlsContext::State::add(const CertificateFiles& files,
                                    const TlsServerSettings& settings) {
  POSTERN_TRY(auto ctx, make_server_ctx(settings));
  POSTERN_CHECK(load(ctx.get(), files, settings.read));
  auto names = dns_names(*SSL_CTX_get0_certificate(ctx.get()));
  std::ranges::sort(names);
  const int kind = EVP_PKEY_get_base_id(SSL_CTX_get0_privatekey(ctx.get()));
  for (auto& known : identities) {
    if (known.names != names || std::ranges::count(known.key_kinds, kind) > 0) continue;
    POSTERN_CHECK(load(known.ctx.get(), files, settings.read));
    known.key_kinds.push_back(kind);
    return {};
  }
  identities.push_back({std::move(names), {kind}, std::move(ctx)});
  return {};
}

const Identity* TlsContext::State::find(const std::string& host) const {
  const auto with = [this](auto&& test) -> const Identity* {
    const auto it = std::ranges::find_if(
        identities, [&](const Identity& one) { return std::ranges::any_of(one.names, test); });
    return it == identities.end() ? nullptr : &*it;
  };
  if (const auto* exact = with([&](const std::string& name) { return name == host; })) return exact;
  return with([&](const std::string& name) { return covers(name, host); });
}

int TlsContext::State::on_server_name(SSL* ssl, int*, void* state) {
  const char* const asked = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (asked == nullptr) return SSL_TLSEXT_ERR_NOACK;
  const auto* const self = static_cast<const State*>(state);
  if (const Identity* const found = self->find(canonical_host(asked)))
    SSL_set_SSL_CTX(ssl, found->ctx.get());
  return SSL_TLSEXT_ERR_OK;
}

TlsContext::TlsContext(std::unique_ptr<State> state) : state_{std::move(state)} {}
TlsContext::~TlsContext() = default;

Result<std::shared_ptr<const TlsContext>> TlsContext::server(const TlsServerSettings& settings) {
  if (settings.certificates.empty())
    return fail(Errc::bad_config, "TLS is wanted and no certificate is given");
  auto state = std::make_unique<State>();
  for (const auto& files : settings.certificates) POSTERN_CHECK(state->add(files, settings));
  SSL_CTX* const front = state->identities.front().ctx.get();
  SSL_CTX_set_tlsext_servername_callback(front, &State::on_server_name);
  SSL_CTX_set_tlsext_servername_arg(front, state.get());
  return std::shared_ptr<const TlsContext>{new TlsContext{std::move(state)}};
}

Result<std::shared_ptr<const TlsContext>> TlsContext::client(const TlsClientSettings& settings) {
  auto state = std::make_unique<State>();
  POSTERN_TRY(state->client, make_ctx(TLS_client_method(), settings.profile));
  SSL_CTX* const ctx = state->client.get();
  if (settings.system_trust && SSL_CTX_set_default_verify_paths(ctx) != 1)
    return bad("the system's trust anchors");
  for (const auto& file : settings.trust_files) {
    ERR_clear_error();
    if (SSL_CTX_load_verify_file(ctx, file.c_str()) != 1) return bad("trust anchors " + file);
  }
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
  if (settings.sessions > 0) {
    state->sessions = std::make_unique<SessionCache>(settings.sessions);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_set_app_data(ctx, state->sessions.get());
    SSL_CTX_sess_set_new_cb(ctx, &remember);
  }
  return std::shared_ptr<const TlsContext>{new TlsContext{std::move(state)}};
}

ssl_st* TlsContext::new_ssl() const {
  return SSL_new(state_->client ? state_->client.get() : state_->identities.front().ctx.get());
}

void TlsContext::resume_client(ssl_st* ssl, const std::string& key) const {
  if (!state_->sessions) return;
  SSL_set_ex_data(ssl, ex_index(), const_cast<std::string*>(&key));  // read only, by `remember`
  if (const SessionPtr session = state_->sessions->take(key)) SSL_set_session(ssl, session.get());
}

std::string tls_error_text() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return {};
  // Of a file that cannot be opened the system's reason says more than OpenSSL's.
  const char* const reason = ERR_SYSTEM_ERROR(code) ? nullptr : ERR_reason_error_string(code);
  if (reason != nullptr) return reason;
  return ERR_SYSTEM_ERROR(code) ? std::generic_category().message(ERR_GET_REASON(code))
                                : "error " + std::to_string(code);
}

}  // namespace postern::net
