#include "sasl/precis.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/uscript.h>

namespace postern::sasl {
namespace {

UChar32 icu_point(char32_t point) {
  return static_cast<UChar32>(point);
}

bool is_between(char32_t point, char32_t first, char32_t last) {
  return point >= first && point <= last;
}
bool is_arabic_digit(char32_t point) {
  return is_between(point, 0x0660, 0x0669);
}
bool is_extended_arabic_digit(char32_t point) {
  return is_between(point, 0x06f0, 0x06f9);
}

// RFC 5892 §2.6.
std::optional<CodePointClass> exception_class(char32_t point) {
  switch (point) {
    case 0x00df:
    case 0x03c2:
    case 0x06fd:
    case 0x06fe:
    case 0x0f0b:
    case 0x3007: return CodePointClass::allowed;
    case 0x00b7:
    case 0x0375:
    case 0x05f3:
    case 0x05f4:
    case 0x30fb: return CodePointClass::contextual;
    case 0x0640:
    case 0x07fa:
    case 0x302e:
    case 0x302f:
    case 0x3031:
    case 0x3032:
    case 0x3033:
    case 0x3034:
    case 0x3035:
    case 0x303b: return CodePointClass::disallowed;
    default:     break;
  }
  if (is_arabic_digit(point) || is_extended_arabic_digit(point)) return CodePointClass::contextual;
  return std::nullopt;
}

bool is_old_hangul_jamo(UChar32 point) {
  const auto type = u_getIntPropertyValue(point, UCHAR_HANGUL_SYLLABLE_TYPE);
  return type == U_HST_LEADING_JAMO || type == U_HST_VOWEL_JAMO || type == U_HST_TRAILING_JAMO;
}

bool has_compatibility_form(UChar32 point) {
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* const nfkc = icu::Normalizer2::getNFKCInstance(error);
  return U_FAILURE(error) || !nfkc->isNormalized(icu::UnicodeString{point}, error) ||
         U_FAILURE(error);
}

CodePointClass class_by_category(UChar32 point) {
  constexpr std::uint32_t kLetterDigits = U_GC_LL_MASK | U_GC_LU_MASK | U_GC_LO_MASK |
                                          U_GC_ND_MASK | U_GC_LM_MASK | U_GC_MN_MASK | U_GC_MC_MASK;
  constexpr std::uint32_t kFreeform = U_GC_LT_MASK | U_GC_NL_MASK | U_GC_NO_MASK | U_GC_ME_MASK |
                                      U_GC_ZS_MASK | U_GC_S_MASK | U_GC_P_MASK;
  const std::uint32_t category = U_GET_GC_MASK(point);
  if ((category & kLetterDigits) != 0) return CodePointClass::allowed;
  if ((category & kFreeform) != 0) return CodePointClass::freeform;
  return CodePointClass::disallowed;
}

// What the contextual rules ask of the text as a whole, gathered once so that they stay linear.
struct Whole {
  std::u32string_view text;
  bool kana_or_han = false;
  bool arabic_digits = false;
  bool extended_digits = false;
};

UScriptCode script_of(char32_t point) {
  UErrorCode error = U_ZERO_ERROR;
  const UScriptCode script = uscript_getScript(icu_point(point), &error);
  return U_FAILURE(error) ? USCRIPT_INVALID_CODE : script;
}

Whole survey(std::u32string_view text) {
  Whole whole{.text = text};
  for (const char32_t point : text) {
    const UScriptCode script = script_of(point);
    whole.kana_or_han |=
        script == USCRIPT_HIRAGANA || script == USCRIPT_KATAKANA || script == USCRIPT_HAN;
    whole.arabic_digits |= is_arabic_digit(point);
    whole.extended_digits |= is_extended_arabic_digit(point);
  }
  return whole;
}

int joining_type(char32_t point) {
  return u_getIntPropertyValue(icu_point(point), UCHAR_JOINING_TYPE);
}

bool follows_virama(std::u32string_view text, std::size_t at) {
  constexpr int kVirama = 9;
  return at > 0 && u_getCombiningClass(icu_point(text[at - 1])) == kVirama;
}

// RFC 5892 appendix A.1: (L or D) T* ZWNJ T* (R or D). A run of T ends at every ZWNJ, so all calls
// together look at each code point at most twice.
bool joins_on_both_sides(std::u32string_view text, std::size_t at) {
  std::size_t before = at;
  while (before > 0 && joining_type(text[before - 1]) == U_JT_TRANSPARENT) --before;
  std::size_t after = at + 1;
  while (after < text.size() && joining_type(text[after]) == U_JT_TRANSPARENT) ++after;
  if (before == 0 || after == text.size()) return false;
  const int left = joining_type(text[before - 1]);
  const int right = joining_type(text[after]);
  return (left == U_JT_LEFT_JOINING || left == U_JT_DUAL_JOINING) &&
         (right == U_JT_RIGHT_JOINING || right == U_JT_DUAL_JOINING);
}

// RFC 5892 appendix A.
bool context_allows(const Whole& whole, std::size_t at) {
  const std::u32string_view text = whole.text;
  const char32_t point = text[at];
  const char32_t left = at > 0 ? text[at - 1] : U'\0';
  const char32_t right = at + 1 < text.size() ? text[at + 1] : U'\0';
  switch (point) {
    case 0x200c: return follows_virama(text, at) || joins_on_both_sides(text, at);
    case 0x200d: return follows_virama(text, at);
    case 0x00b7: return left == U'l' && right == U'l';
    case 0x0375: return script_of(right) == USCRIPT_GREEK;
    case 0x05f3:
    case 0x05f4: return script_of(left) == USCRIPT_HEBREW;
    case 0x30fb: return whole.kana_or_han;
    default:     return is_arabic_digit(point) ? !whole.extended_digits : !whole.arabic_digits;
  }
}

bool in_class(std::u32string_view text, bool freeform) {
  const Whole whole = survey(text);
  for (std::size_t at = 0; at < text.size(); ++at) {
    switch (code_point_class(text[at])) {
      case CodePointClass::allowed: break;
      case CodePointClass::freeform:
        if (!freeform) return false;
        break;
      case CodePointClass::join_control:
      case CodePointClass::contextual:
        if (!context_allows(whole, at)) return false;
        break;
      case CodePointClass::disallowed: return false;
    }
  }
  return true;
}

std::uint32_t direction_bit(char32_t point) {
  return 1U << static_cast<unsigned>(u_charDirection(icu_point(point)));
}
constexpr std::uint32_t bit(UCharDirection direction) {
  return 1U << static_cast<unsigned>(direction);
}

}  // namespace

CodePointClass code_point_class(char32_t point) {
  if (is_between(point, 0x21, 0x7e)) return CodePointClass::allowed;
  if (const auto exception = exception_class(point)) return *exception;
  const UChar32 c = icu_point(point);
  if (point == 0x200c || point == 0x200d) return CodePointClass::join_control;
  if (u_charType(c) == U_UNASSIGNED || u_charType(c) == U_CONTROL_CHAR || is_old_hangul_jamo(c) ||
      u_hasBinaryProperty(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT) ||
      u_hasBinaryProperty(c, UCHAR_NONCHARACTER_CODE_POINT)) {
    return CodePointClass::disallowed;
  }
  if (has_compatibility_form(c)) return CodePointClass::freeform;
  return class_by_category(c);
}

bool in_identifier_class(std::u32string_view text) {
  return in_class(text, false);
}

bool in_freeform_class(std::u32string_view text) {
  return in_class(text, true);
}

bool satisfies_bidi_rule(std::u32string_view text) {
  constexpr std::uint32_t kEn = bit(U_EUROPEAN_NUMBER);
  constexpr std::uint32_t kAn = bit(U_ARABIC_NUMBER);
  constexpr std::uint32_t kNsm = bit(U_DIR_NON_SPACING_MARK);
  constexpr std::uint32_t kRtl = bit(U_RIGHT_TO_LEFT) | bit(U_RIGHT_TO_LEFT_ARABIC);
  constexpr std::uint32_t kNeutral =
      kEn | bit(U_EUROPEAN_NUMBER_SEPARATOR) | bit(U_COMMON_NUMBER_SEPARATOR) |
      bit(U_EUROPEAN_NUMBER_TERMINATOR) | bit(U_OTHER_NEUTRAL) | bit(U_BOUNDARY_NEUTRAL) | kNsm;
  std::uint32_t seen = 0;
  for (const char32_t point : text) seen |= direction_bit(point);
  if ((seen & (kRtl | kAn)) == 0) return true;
  // A text that starts from the left may hold no right-to-left code point, and here there is one.
  if ((direction_bit(text.front()) & kRtl) == 0) return false;
  const auto last = std::find_if(text.rbegin(), text.rend(),
                                 [&](char32_t point) { return direction_bit(point) != kNsm; });
  if (last == text.rend()) return false;
  const std::uint32_t end = direction_bit(*last);
  const bool both_numbers = (seen & kEn) != 0 && (seen & kAn) != 0;
  return (seen & ~(kRtl | kAn | kNeutral)) == 0 && (end & (kRtl | kEn | kAn)) != 0 && !both_numbers;
}

}  // namespace postern::sasl
