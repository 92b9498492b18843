#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vocab/result.hpp"

struct ssl_st;

// What TLS is allowed to be, in one place: protocol versions, suites, groups, certificates, tickets
// and trust. A context is a constant snapshot: a reload builds a new one and swaps the pointer;
// connections keep the one they began with.
namespace postern::net {

enum class TlsProfile {
  modern,  ///< TLS 1.2 and up, ECDHE and AEAD only: what we offer and demand.
  relay,  ///< The same first, then ECDHE and DHE of 2048 bits or more with CBC: for peers' servers.
};

struct CertificateFiles {
  std::string chain_file;  ///< PEM: the leaf first, then its issuers.
  std::string key_file;    ///< PEM, not encrypted.
};

/// Gives the whole content of a file by its name; the error's detail says why not.
using ReadFile = std::function<Result<std::string>(const std::string& file)>;

struct TlsServerSettings {
  TlsProfile profile = TlsProfile::modern;
  /// At least one. Chosen by SNI among the names in the certificates (RFC 6125 §6.4.3 wildcards);
  /// the first for all other names. Two of the same names with keys of different kinds are offered
  /// together.
  std::vector<CertificateFiles> certificates;
  /// Session tickets under keys of this context alone. Off for port 25.
  bool tickets = true;
  /// Where the files come from; empty: the disk. For a process that may not open them itself.
  ReadFile read = {};
};

struct TlsClientSettings {
  TlsProfile profile = TlsProfile::relay;
  bool system_trust = true;              ///< The anchors that the system ships.
  std::vector<std::string> trust_files;  ///< PEM bundles of further anchors.
  std::size_t sessions = 1000;           ///< How many to remember for resumption; 0: none.
};

class TlsContext {
 public:
  /// `bad_config` with the file's name and the reason.
  [[nodiscard]] static Result<std::shared_ptr<const TlsContext>> server(
      const TlsServerSettings& settings);
  [[nodiscard]] static Result<std::shared_ptr<const TlsContext>> client(
      const TlsClientSettings& settings);

  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;
  ~TlsContext();

  /// A connection's TLS state, without a transport; null when memory is out. The context must
  /// outlive it. Any thread, as the two below.
  [[nodiscard]] ssl_st* new_ssl() const;
  /// Client: offers a session remembered under `key` to `ssl`, and remembers what the server gives
  /// under it. `key` names all that a session may be shared for, and lives as long as `ssl`.
  void resume_client(ssl_st* ssl, const std::string& key) const;

 private:
  struct State;
  explicit TlsContext(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// The oldest error OpenSSL has for this thread, in its words; empties its queue.
[[nodiscard]] std::string tls_error_text();

}  // namespace postern::net
