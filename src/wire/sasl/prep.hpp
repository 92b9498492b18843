#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "vocab/result.hpp"

// Before a name or a password is compared, hashed or looked up it is brought into one form, at
// setting and at every login alike. Linear; what is longer than kMaxField,
// before or after (SASLprep: before), is refused. Errors of all: bad_syntax (not UTF-8, empty, or a
// character that may not stand there), too_large.
namespace postern::sasl {

/// Longest user name, authorization identity or password, in bytes of UTF-8 (RFC 4616 §2 asks for
/// 255 at least).
inline constexpr std::size_t kMaxField = 1024;

/// UsernameCaseMapped (RFC 8265 §3.3): full- and half-width forms mapped, lower case, NFC, only the
/// IdentifierClass (no spaces, controls, symbols beyond ASCII), the Bidi rule.
/// RFC-DEVIATION: our login names are addresses, so the Bidi rule holds for the local part and for
/// each label of the domain, not across them: otherwise no right-to-left name could stand before
/// "@example.org".
[[nodiscard]] Result<std::string> prepare_user(std::string_view user);

/// OpaqueString (RFC 8265 §4.2): any space becomes SP, NFC, only the FreeformClass; case stays.
/// What Argon2 hashes and PLAIN and LOGIN compare.
[[nodiscard]] Result<std::string> prepare_password(std::string_view password);

/// SASLprep (RFC 4013, NFKC): what SCRAM's clients apply before deriving their keys (RFC 5802
/// §2.2), so the stored SCRAM keys are derived from this form. Code points newer than its
/// Unicode 3.2 pass. It can refuse a password that prepare_password takes (mixed directions): such
/// an account has no SCRAM keys.
[[nodiscard]] Result<std::string> prepare_scram_password(std::string_view password);

}  // namespace postern::sasl
