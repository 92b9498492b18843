#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/signature.hpp"
#include "dkim/message.hpp"
#include "vocab/result.hpp"
#include "vocab/time.hpp"

// Making DKIM-Signature fields (RFC 6376 §5), relaxed/relaxed. For RSA and Ed25519 side by side
// (RFC 8463 §5) call `sign` with each key; the order in which the fields are prepended does not
// matter, since they do not sign each other.
namespace postern::dkim {

/// The body hash a signer needs: give it to `MessageReader::Settings::bodies`.
inline constexpr BodyWanted kSignedBody{.canon = Canon::relaxed};

/// Which fields are signed. Lower case.
struct SignedFields {
  /// Once more often than they are there, so that none can be added (RFC 6376 §8.15): what readers
  /// see, and what decides how the body is read. Nobody adds these on the way but to deceive.
  std::vector<std::string> oversigned = {
      "from",       "to",           "cc",           "subject",
      "date",       "message-id",   "reply-to",     "in-reply-to",
      "references", "mime-version", "content-type", "content-transfer-encoding"};
  /// As often as they are there: lists and forwarders add some of these to what has none.
  std::vector<std::string> signed_if_there = {"sender",
                                              "resent-date",
                                              "resent-from",
                                              "resent-to",
                                              "resent-cc",
                                              "resent-message-id",
                                              "list-id",
                                              "list-help",
                                              "list-unsubscribe",
                                              "list-subscribe",
                                              "list-post",
                                              "list-owner",
                                              "list-archive",
                                              "list-unsubscribe-post",
                                              "content-id",
                                              "content-disposition",
                                              "content-description",
                                              "auto-submitted"};
};

/// Who signs. The key is borrowed.
struct Signer {
  std::string domain;    ///< d=: in A-labels.
  std::string selector;  ///< s=
  const crypto::PrivateKey& key;
};

struct SignSettings {
  SignedFields fields = {};
  /// x= so long after t=, if set.
  std::optional<Duration> lifetime = {};
};

/// A DKIM-Signature field with its CRLF, folded to lines of 78 octets where words allow it, to be
/// put before the message. From is always signed. Errors: `bad_config`: domain or selector are no
/// such names; `bad_syntax`: the message has no From, or its header is too large; `bad_sequence`:
/// kSignedBody was not asked of the reader; `io_failed`: the key is broken.
[[nodiscard]] Result<std::string> sign(const Message& message, const Signer& signer, Timestamp now,
                                       const SignSettings& settings = {});

/// Error `bad_config`: the domain or selector are no such names in A-labels.
[[nodiscard]] Result<void> check_signer(const Signer& signer);

/// The names for h=, in order; a name stands there as often as it is signed.
[[nodiscard]] std::vector<std::string> names_to_sign(const Message& message,
                                                     const SignedFields& fields);

/// Writes `name: tag=value; ...` in lines of at most 78 octets, as far as single pieces fit.
class FieldWriter {
 public:
  explicit FieldWriter(std::string_view name);
  /// A whole tag, not broken.
  FieldWriter& tag(std::string_view name, std::string_view value);
  /// A tag whose value is a list, broken behind colons.
  FieldWriter& list(std::string_view name, const std::vector<std::string>& words);
  /// A base64 tag, broken anywhere.
  FieldWriter& base64(std::string_view name, std::string_view octets);
  /// The last tag, `b=`, without its value: this text is hashed, then `base64_value` called.
  FieldWriter& open_signature();
  FieldWriter& base64_value(std::string_view octets);
  /// Without a line break at its end.
  [[nodiscard]] const std::string& text() const { return out_; }

 private:
  void separate();
  void put(std::string_view piece);

  std::string out_;
  std::size_t column_;
  bool first_ = true;
};

/// Signs `hashed` (canonical octets without the last CRLF), closes `field` with the signature and a
/// CRLF, and gives it back. Error `io_failed`.
[[nodiscard]] Result<std::string> close_signature(FieldWriter field, std::string_view hashed,
                                                  const crypto::PrivateKey& key);

/// a= for a key.
[[nodiscard]] Algorithm algorithm_of(const crypto::PrivateKey& key);

}  // namespace postern::dkim
