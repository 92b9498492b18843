#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

namespace postern::mime {

/// One header field. Views and offsets into the octets given to `Header`.
struct Field {
  /// Without blanks before the colon. Never empty; may hold any octet but a colon or line feed.
  std::string_view name;
  /// After the colon, with folding and blanks, without the final line break.
  std::string_view value;
  std::uint64_t begin = 0;        ///< Of the name.
  std::uint64_t value_begin = 0;  ///< Of `value`.
  std::uint64_t end = 0;          ///< After the final line break.

  [[nodiscard]] bool is(std::string_view wanted) const;
};

/// The fields of a header, in order, without a copy (RFC 5322 §2.2; a line break is LF with or
/// without CR before it). `raw` may go on after the header: iteration stops at the empty line, or
/// at a line that is no field (no colon, or blanks within the name), where the empty line is
/// missing. A leading mbox line (`From ` or `>From `) is passed over. Borrows `raw`.
class Header {
 public:
  class Iterator {
   public:
    using value_type = Field;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::input_iterator_tag;
    using pointer = const Field*;
    using reference = const Field&;

    Iterator() = default;
    explicit Iterator(std::string_view raw);
    const Field& operator*() const { return field_; }
    const Field* operator->() const { return &field_; }
    Iterator& operator++();
    void operator++(int) { ++*this; }
    friend bool operator==(const Iterator& it, std::default_sentinel_t) { return it.done_; }

   private:
    std::string_view raw_;
    std::size_t next_ = 0;
    Field field_;
    bool done_ = true;
  };

  explicit Header(std::string_view raw) : raw_{raw} {}
  [[nodiscard]] Iterator begin() const { return Iterator{raw_}; }
  [[nodiscard]] static std::default_sentinel_t end() { return {}; }

  /// The first field of that name (any case).
  [[nodiscard]] std::optional<Field> find(std::string_view name) const;
  [[nodiscard]] std::size_t count(std::string_view name) const;

 private:
  std::string_view raw_;
};

/// `value` without its line breaks and NULs, and without blanks at both ends (RFC 5322 §2.2.3).
[[nodiscard]] std::string unfold(std::string_view value);

/// `value` unfolded and trimmed with its comments taken away (RFC 5322 §3.2.2), quoted strings
/// left as they are.
[[nodiscard]] std::string without_comments(std::string_view value);

/// The first `<...>` of a Message-ID, In-Reply-To or References value with its brackets, or its
/// first word if there is none; nothing if it is empty.
[[nodiscard]] std::optional<std::string> first_message_id(std::string_view value);

}  // namespace postern::mime
