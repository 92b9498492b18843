#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "vocab/result.hpp"

// The `tag=value; tag=value` texts of DKIM-Signature, ARC-Message-Signature, ARC-Seal and key
// records (RFC 6376 §3.2).
namespace postern::dkim {

/// More tags than this are no signature's or key's.
inline constexpr std::size_t kMaxTags = 100;

/// One tag. Views and offsets into the text given to `parse`.
struct Tag {
  std::string_view name;
  std::string_view value;  ///< Without blanks and folding at its ends.
  std::size_t begin = 0;   ///< Behind the `=`: what is taken out when b= is emptied.
  std::size_t end = 0;     ///< Of the `;`, or of the text.
};

/// The tags of one text, in order; names are unique. Borrows the text.
class TagList {
 public:
  /// Values may hold UTF-8 (RFC 8616) and other 8-bit octets. Error
  /// `bad_syntax`: a tag without `=` or a name, a duplicate, a control character, nothing at all,
  /// more than kMaxTags.
  [[nodiscard]] static Result<TagList> parse(std::string_view text);

  /// Null if it is not there. Names are case-sensitive.
  [[nodiscard]] const Tag* find(std::string_view name) const;
  [[nodiscard]] const std::vector<Tag>& tags() const { return tags_; }

 private:
  static constexpr std::size_t kSlots = 64;

  static std::size_t slot_of(std::string_view name);
  [[nodiscard]] const Tag* look_through(std::string_view name) const;
  [[nodiscard]] bool add(const Tag& tag);

  std::vector<Tag> tags_;
  /// Which is the first tag of each slot, counted from one; 0: none.
  std::array<std::uint8_t, kSlots> slots_{};
  bool shared_ = false;  ///< Some tags are in the slot of another.
};

/// `value` without any blanks and line breaks, as base64 values are meant.
[[nodiscard]] std::string without_blanks(std::string_view value);

/// The pieces of a colon-separated list without the blanks around them; some may be empty.
[[nodiscard]] std::vector<std::string_view> split_list(std::string_view value);

/// Decodes `=3D` and drops blanks (RFC 6376 §2.11). Error `bad_syntax`: a `=` without two
/// upper-case hexadecimal digits.
[[nodiscard]] Result<std::string> from_quoted_printable(std::string_view value);

}  // namespace postern::dkim
