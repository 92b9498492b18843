#include "sasl/prep.hpp"

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>

#include <unicode/locid.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/usprep.h>

#include "sasl/precis.hpp"
#include "text/ascii.hpp"
#include "text/utf8.hpp"
#include "vocab/try.hpp"

namespace postern::sasl {
namespace {

using Profile = std::function<std::optional<std::string>(std::string_view)>;

bool is_printable_ascii(std::string_view text, char first) {
  return std::ranges::all_of(text, [first](char c) { return c >= first && c <= 0x7e; });
}

std::u32string code_points(std::string_view text) {
  std::u32string points;
  points.reserve(text.size());
  while (const auto point = text::take_code_point(text)) points += *point;
  return points;
}

icu::UnicodeString to_icu(std::string_view text) {
  return icu::UnicodeString::fromUTF8(
      icu::StringPiece{text.data(), static_cast<std::int32_t>(text.size())});
}

std::string from_icu(const icu::UnicodeString& text) {
  std::string out;
  text.toUTF8String(out);
  return out;
}

std::optional<icu::UnicodeString> to_nfc(const icu::UnicodeString& text) {
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* const nfc = icu::Normalizer2::getNFCInstance(error);
  if (U_FAILURE(error)) return std::nullopt;
  icu::UnicodeString out = nfc->normalize(text, error);
  if (U_FAILURE(error)) return std::nullopt;
  return out;
}

// Full- and half-width code points become what they are variants of (RFC 8264 §5.2.1).
std::optional<icu::UnicodeString> map_width(std::u32string_view points) {
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* const nfkc = icu::Normalizer2::getNFKCInstance(error);
  if (U_FAILURE(error)) return std::nullopt;
  icu::UnicodeString out;
  for (const char32_t point : points) {
    const auto c = static_cast<UChar32>(point);
    const auto width = u_getIntPropertyValue(c, UCHAR_EAST_ASIAN_WIDTH);
    icu::UnicodeString plain;
    const bool is_variant = width == U_EA_FULLWIDTH || width == U_EA_HALFWIDTH;
    if (is_variant && nfkc->getRawDecomposition(c, plain) != 0) {
      out.append(plain);
    } else {
      out.append(c);
    }
  }
  return out;
}

bool directions_fit(std::u32string_view user) {
  const std::size_t at = std::min(user.rfind(U'@'), user.size());
  if (!satisfies_bidi_rule(user.substr(0, at))) return false;
  while (!user.empty() && at < user.size()) {
    const std::size_t dot = user.rfind(U'.');
    const std::size_t start = dot == user.npos || dot < at ? at : dot;
    if (!satisfies_bidi_rule(user.substr(start + 1))) return false;
    user = user.substr(0, start);
  }
  return true;
}

std::optional<std::string> user_once(std::string_view user) {
  auto mapped = map_width(code_points(user));
  if (!mapped) return std::nullopt;
  const auto normal = to_nfc(mapped->toLower(icu::Locale::getRoot()));
  if (!normal) return std::nullopt;
  std::string out = from_icu(*normal);
  const std::u32string points = code_points(out);
  if (!in_identifier_class(points) || !directions_fit(points)) return std::nullopt;
  return out;
}

std::optional<std::string> password_once(std::string_view password) {
  std::u32string points = code_points(password);
  for (char32_t& point : points) {
    if (u_charType(static_cast<UChar32>(point)) == U_SPACE_SEPARATOR) point = U' ';
  }
  std::string spaced;
  for (const char32_t point : points) text::append_utf8(spaced, point);
  const auto normal = to_nfc(to_icu(spaced));
  if (!normal) return std::nullopt;
  std::string out = from_icu(*normal);
  if (!in_freeform_class(code_points(out))) return std::nullopt;
  return out;
}

// RFC 8264 §7: the rules are applied until nothing changes, four times at most.
Result<std::string> until_stable(std::string_view input, const Profile& profile) {
  std::string current{input};
  for (int round = 0; round < 4; ++round) {
    auto next = profile(current);
    if (!next || next->empty()) return fail(Errc::bad_syntax, "character not allowed");
    if (next->size() > kMaxField) return fail(Errc::too_large, "name or password");
    if (*next == current) return current;
    current = *std::move(next);
  }
  return fail(Errc::bad_syntax, "no stable form");
}

Result<void> check_input(std::string_view text) {
  if (text.empty()) return fail(Errc::bad_syntax, "empty");
  if (text.size() > kMaxField) return fail(Errc::too_large, "name or password");
  if (!text::is_utf8(text)) return fail(Errc::bad_syntax, "not UTF-8");
  return {};
}

}  // namespace

Result<std::string> prepare_user(std::string_view user) {
  POSTERN_CHECK(check_input(user));
  if (is_printable_ascii(user, '!')) return text::lower(user);
  return until_stable(user, user_once);
}

Result<std::string> prepare_password(std::string_view password) {
  POSTERN_CHECK(check_input(password));
  if (is_printable_ascii(password, ' ')) return std::string{password};
  return until_stable(password, password_once);
}

Result<std::string> prepare_scram_password(std::string_view password) {
  POSTERN_CHECK(check_input(password));
  if (is_printable_ascii(password, ' ')) return std::string{password};
  UErrorCode error = U_ZERO_ERROR;
  const std::unique_ptr<UStringPrepProfile, void (*)(UStringPrepProfile*)> profile{
      usprep_openByType(USPREP_RFC4013_SASLPREP, &error), usprep_close};
  if (U_FAILURE(error)) return fail(Errc::unsupported, "SASLprep tables are missing");
  const icu::UnicodeString in = to_icu(password);
  // NFKC makes at most 18 units of one.
  const std::int32_t room = in.length() * 18 + 1;
  icu::UnicodeString out;
  UParseError where{};
  const std::int32_t size =
      usprep_prepare(profile.get(), in.getBuffer(), in.length(), out.getBuffer(room), room,
                     USPREP_ALLOW_UNASSIGNED, &where, &error);
  out.releaseBuffer(U_FAILURE(error) ? 0 : size);
  if (U_FAILURE(error) || out.isEmpty()) return fail(Errc::bad_syntax, "character not allowed");
  return from_icu(out);
}

}  // namespace postern::sasl
