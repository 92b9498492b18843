#include "store/mailbox_name.hpp"

#include <algorithm>

#include <unicode/normalizer2.h>
#include <unicode/unistr.h>

#include "text/ascii.hpp"
#include "text/utf8.hpp"

namespace postern::store {
namespace {

/// C0, DEL and C1, and the line separators that some clients print as line ends.
bool has_control(std::string_view name) {
  while (const auto point = text::take_code_point(name)) {
    if (*point < 0x20 || (*point >= 0x7F && *point < 0xA0) || *point == 0x2028 || *point == 0x2029)
      return true;
  }
  return false;
}

Result<std::string> to_nfc(std::string_view name) {
  if (text::is_ascii(name)) return std::string{name};
  UErrorCode error = U_ZERO_ERROR;
  const auto* const nfc = icu::Normalizer2::getNFCInstance(error);
  if (U_FAILURE(error)) return fail(Errc::io_failed, "ICU has no NFC data");
  const auto normal = nfc->normalize(
      icu::UnicodeString::fromUTF8({name.data(), static_cast<std::int32_t>(name.size())}), error);
  if (U_FAILURE(error)) return fail(Errc::bad_syntax, "name cannot be normalised");
  std::string out;
  normal.toUTF8String(out);
  return out;
}

}  // namespace

Result<std::string> normal_mailbox_name(std::string_view name) {
  if (name.size() > kMaxLevels * (kMaxLevelOctets + 1) || !text::is_utf8(name) || has_control(name))
    return fail(Errc::bad_syntax, "mailbox name: not clean UTF-8");
  auto out = to_nfc(name);
  if (!out) return out;
  const auto levels = text::split(*out, kSeparator);
  const bool fits =
      levels.size() <= kMaxLevels && std::ranges::all_of(levels, [](std::string_view level) {
        return !level.empty() && level.size() <= kMaxLevelOctets;
      });
  if (!fits) return fail(Errc::bad_syntax, "mailbox name: empty, long or too many levels");
  if (text::iequals(levels.front(), "INBOX")) out->replace(0, 5, "INBOX");
  return out;
}

bool is_child_of(std::string_view name, std::string_view parent) {
  return name.size() > parent.size() && name.starts_with(parent) &&
         name[parent.size()] == kSeparator;
}

}  // namespace postern::store
