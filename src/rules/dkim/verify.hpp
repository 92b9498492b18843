#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "crypto/bytes.hpp"
#include "crypto/key_source.hpp"
#include "dkim/key_record.hpp"
#include "dkim/message.hpp"
#include "dkim/verdict.hpp"
#include "dns/answer.hpp"
#include "vocab/time.hpp"

// Verification of a message's DKIM signatures (RFC 6376 §6, RFC 8301, RFC 8463), as a pure function
// of the message, DNS answers and the time. ADSP is historic and not looked at.
namespace postern::dkim {

/// What became of one signature.
struct SignatureResult {
  Verdict verdict = Verdict::neutral;
  std::string reason;     ///< In plain words, ASCII, without anything the sender wrote.
  std::string domain;     ///< d=; empty if it cannot be read. As all that follows.
  std::string selector;   ///< s=
  std::string identity;   ///< i=
  std::string algorithm;  ///< a= as written.
  std::string start;      ///< The first 12 or fewer characters of b= (RFC 8601 §2.7.1 header.b).
  unsigned key_bits = 0;  ///< 0: no key was read.
  bool testing = false;   ///< The key says t=y: treat the mail as unsigned (RFC 6376 §3.6.1).
  bool secure = false;    ///< DNSSEC proves the key.
  bool aligned = false;   ///< d= belongs to a domain of From.
  /// It would pass, were its key not for TLS reports alone (s=tlsrpt, RFC 8460 §3): in such a
  /// report it counts.
  bool for_tls_reports = false;
  std::optional<std::uint64_t> body_length;  ///< l=

  friend bool operator==(const SignatureResult&, const SignatureResult&) = default;
};

struct Report {
  /// In order of importance: well-formed and aligned ones first. Empty: the message is not signed.
  std::vector<SignatureResult> signatures;
  /// Signatures that are not even listed, since there are too many.
  std::size_t unlisted = 0;
};

struct VerifySettings {
  /// How far clocks may differ (t=, x=).
  Duration skew = std::chrono::minutes{10};
  /// Keys made ready before, of any message and domain; borrowed. Null: each is made anew.
  crypto::KeySource* keys = nullptr;
};

/// Evaluates the signatures that the reader chose. Call it with no answers, then again with those
/// it asked for: it asks once, at most 8 TXT. Signatures that are malformed, out of date, or leave
/// out From or Subject ask nothing. `now` is when the message arrived.
///
/// Verdicts that RFC 8601 §2.7.1 leaves open are told at `Verdict`. A key name with several records
/// is tried with each key record among them, at most 4 (RFC 6376 §6.1.2).
[[nodiscard]] std::variant<Report, dns::Need> verify(const Message& message,
                                                     const dns::Answers& answers, Timestamp now,
                                                     const VerifySettings& settings = {});

/// How trying a signature with a key's records ended.
struct KeyCheck {
  Verdict verdict = Verdict::permerror;
  std::string reason;
  unsigned key_bits = 0;
  bool testing = false;
  bool secure = false;
  bool for_tls_reports = false;  ///< As SignatureResult's.
};

/// The hash of the header that `signature`, which is field number `field`, signs (RFC 6376 §3.7).
[[nodiscard]] crypto::Digest header_hash(const Message& message, std::size_t field,
                                         const Signature& signature);

/// Tries `signature` over `digest` with the keys in `answer`. Without a digest only the key is
/// judged, and `pass` means that it could be used. `known` as `VerifySettings::keys`.
[[nodiscard]] KeyCheck check_with_key(const dns::Answer& answer, const Signature& signature,
                                      const crypto::Digest* digest,
                                      crypto::KeySource* known = nullptr);

/// Why the body is not the one that was signed, if so.
[[nodiscard]] std::optional<Flaw> check_body(const Message& message, const Signature& signature);

/// Appends the canonical fields that `names` (lower case) choose from the bottom up (RFC 6376
/// §5.4.2); what is not there adds nothing.
void append_selected(std::string& out, const Message& message,
                     const std::vector<std::string>& names, Canon canon);
void append_selected(std::string& out, const Message& message, const FieldNames& names,
                     Canon canon);

/// Appends `signature`'s own field, number `field`, as it signs itself: in its canonical form with
/// an empty b= and without CRLF (RFC 6376 §3.7).
void append_unsigned(std::string& out, const Message& message, std::size_t field,
                     const Signature& signature);

}  // namespace postern::dkim
