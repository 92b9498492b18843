#pragma once

#include <string_view>

// The classes of PRECIS (RFC 8264): which code points a name or a password may hold at all, by
// their Unicode properties (ICU's tables). The profiles built on them are in prep.hpp.
namespace postern::sasl {

/// RFC 8264 §8: the result of the derivation, with the two classes folded into one scale.
enum class CodePointClass {
  allowed,       ///< In both classes.
  freeform,      ///< In the FreeformClass only.
  join_control,  ///< CONTEXTJ: allowed where its rule says so (RFC 5892 appendix A).
  contextual,    ///< CONTEXTO: likewise.
  disallowed,    ///< In neither; unassigned code points too.
};
[[nodiscard]] CodePointClass code_point_class(char32_t point);

/// Whether every code point is in the class, and every contextual one where it may stand.
[[nodiscard]] bool in_identifier_class(std::u32string_view text);
[[nodiscard]] bool in_freeform_class(std::u32string_view text);

/// The Bidi rule (RFC 5893 §2), for a text that holds right-to-left code points; true for one that
/// holds none.
[[nodiscard]] bool satisfies_bidi_rule(std::u32string_view text);

}  // namespace postern::sasl
