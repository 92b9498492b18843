#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "crypto/signature.hpp"
#include "dkim/signature.hpp"
#include "vocab/result.hpp"

// The key a domain publishes as TXT (RFC 6376 §3.6.1, RFC 8463 §4.2).
namespace postern::dkim {

struct KeyRecord {
  std::string kind = "rsa";  ///< k=, lower case.
  std::string octets;        ///< p=, decoded; empty: revoked.
  bool sha256 = true;        ///< Whether h= allows it.
  bool email = true;         ///< Whether s= allows e-mail.
  bool tls_reports = true;   ///< Whether s= allows TLS reports (RFC 8460 §3).
  bool testing = false;      ///< t=y: the domain tries DKIM out.
  bool strict = false;       ///< t=s: the domain of i= must be that of d=.
  std::string notes;         ///< n=, for people; decoded, or as it stands if that fails.

  [[nodiscard]] bool revoked() const { return octets.empty(); }
  /// How `octets` are to be read.
  [[nodiscard]] crypto::KeyKind key_kind() const {
    return kind == "ed25519" ? crypto::KeyKind::ed25519 : crypto::KeyKind::rsa;
  }
};

/// What is said of a key whose s= leaves e-mail out.
inline constexpr std::string_view kNotForEmail = "the key is not for e-mail";
/// Longer than this is no key record: an RSA key of 16,384 bits has room.
inline constexpr std::size_t kMaxKeyRecord = 8192;

/// Reads a record. Missing padding in p= is forgiven. Error `bad_syntax`: no tag list, v= elsewhere
/// than first or not DKIM1, no p=, p= not base64, too long.
[[nodiscard]] Result<KeyRecord> parse_key_record(std::string_view text);

/// Why a key may not be used for such a signature: revoked, for another algorithm or hash, for
/// neither e-mail nor TLS reports, or t=s with an i= in a subdomain. RFC 6376 §6.1.2.
[[nodiscard]] std::optional<Flaw> check_key(const KeyRecord& record, const Signature& signature);

/// The key itself. Error `bad_syntax`: p= is not such a key.
[[nodiscard]] Result<crypto::PublicKey> public_key(const KeyRecord& record);

/// What to publish for `key`: `v=DKIM1; k=...; p=...`, as one text to be cut into strings of 255.
[[nodiscard]] std::string to_key_record(const crypto::PrivateKey& key);

}  // namespace postern::dkim
