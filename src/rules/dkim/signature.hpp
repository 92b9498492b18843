#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "crypto/bytes.hpp"
#include "dkim/canon.hpp"
#include "dkim/field_names.hpp"
#include "dkim/tag_list.hpp"
#include "dkim/verdict.hpp"
#include "dns/name.hpp"

// A DKIM-Signature field (RFC 6376 §3.5), or an ARC-Message-Signature, which differs in v= and i=
// (RFC 8617 §4.1.2).
namespace postern::dkim {

enum class Algorithm : std::uint8_t {
  rsa_sha256,
  ed25519_sha256,  ///< RFC 8463.
  rsa_sha1,        ///< Known so that it can be named; never verified (RFC 8301 §3.1).
};

[[nodiscard]] std::string_view to_string(Algorithm algorithm);

/// Reads the value of a=, ignoring case as RFC 5234 strings do. Nothing for another one.
[[nodiscard]] std::optional<Algorithm> parse_algorithm(std::string_view word);

/// Reads 1*12DIGIT seconds of t= and x=; more digits are infinite (RFC 6376 §3.5). Nothing if it is
/// no number.
[[nodiscard]] std::optional<std::uint64_t> parse_seconds(std::string_view value);

/// Reads a base64string; blanks in it are ignored. Nothing if it is empty or not base64.
[[nodiscard]] std::optional<std::string> parse_base64(std::string_view value);

/// Whether `domain` may stand in d=: two labels or more of letters, digits, hyphens, underscores
/// and UTF-8.
[[nodiscard]] bool is_signing_domain(std::string_view domain);

/// Where the key for a domain and selector is: SELECTOR._domainkey.DOMAIN (RFC 6376 §3.6.2.1).
/// Error `bad_syntax`: one of them is none.
[[nodiscard]] Result<dns::Name> key_name(std::string_view selector, std::string_view domain);
[[nodiscard]] Result<dns::Name> key_name(std::string_view selector, const dns::Name& domain);

/// Why a signature is not looked at further.
struct Flaw {
  Verdict verdict = Verdict::permerror;
  std::string reason;
};

/// What a signature field says. With a flaw, the rest is what could be read nevertheless.
struct Signature {
  std::optional<Flaw> flaw;
  std::string algorithm_word;  ///< a= as written.
  Algorithm algorithm = Algorithm::rsa_sha256;
  std::string domain;     ///< d= in lower case, A-labels.
  std::string selector;   ///< s=
  std::string identity;   ///< i= decoded, or "@" and the domain; that always for ARC.
  dns::Name key;          ///< Where its key is.
  std::string signature;  ///< b=, decoded.
  std::string start;      ///< The first characters of b= (RFC 8601 §2.7.1 header.b), at most 12.
  std::string body_hash;  ///< bh=, decoded.
  BodyWanted body;        ///< Of c= and l=.
  Canon header = Canon::simple;            ///< Of c=.
  FieldNames fields;                       ///< h=
  std::optional<std::uint64_t> signed_at;  ///< t=, Unix seconds.
  std::optional<std::uint64_t> expires;    ///< x=, Unix seconds.
  std::size_t b_begin = 0;  ///< The octets of the field's value that b= holds, blanks included.
  std::size_t b_end = 0;
};

/// Which field it is.
enum class SignatureKind : std::uint8_t { dkim, arc };

/// Reads the value of a signature field (behind the colon). Flaws are `permerror`.
/// An ARC one knows neither v= nor i=; read its instance from the tags.
[[nodiscard]] Signature parse_signature(std::string_view value, SignatureKind kind);

/// The same from the tags.
[[nodiscard]] Signature read_signature(const TagList& tags, SignatureKind kind);

/// Times in the signature against the clock, both ways with an allowance for clocks that differ.
[[nodiscard]] std::optional<Flaw> check_times(const Signature& signature, std::int64_t now_seconds,
                                              std::int64_t skew_seconds);

}  // namespace postern::dkim
