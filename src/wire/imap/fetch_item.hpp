#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace postern::imap {

/// Part numbers and what of that part (RFC 9051 §6.4.5 "section-spec").
struct Section {
  enum class Text : std::uint8_t {
    whole,  ///< The part's body; of the message itself (no numbers): all of it.
    header,
    header_fields,
    header_fields_not,
    text,
    mime,
  };
  std::vector<std::uint32_t> part;  ///< `1.2`; empty: the message itself.
  Text text = Text::whole;
  std::vector<std::string> fields;  ///< As written; compare without case.
  friend bool operator==(const Section&, const Section&) = default;
};

/// `<0.1024>`: octets from an offset, at most so many.
struct Partial {
  std::uint64_t offset;
  std::uint64_t count;
  friend bool operator==(const Partial&, const Partial&) = default;
};

struct FetchItem {
  enum class Kind : std::uint8_t {
    uid,
    flags,
    internal_date,
    rfc822_size,
    envelope,
    body,  ///< BODY without a section: structure without extension data.
    body_structure,
    mod_seq,    ///< RFC 7162 §3.1.4.2
    email_id,   ///< RFC 8474 §5.3
    thread_id,  ///< RFC 8474 §5.3
    save_date,  ///< RFC 8514 §4.2
    // Those below read the message.
    rfc822,  ///< RFC 3501 §6.4.5; sets \Seen
    rfc822_header,
    rfc822_text,  ///< sets \Seen
    section,      ///< BODY[...], BODY.PEEK[...]
    binary,       ///< RFC 3516 §4.2: BINARY[...], BINARY.PEEK[...]
    binary_size,
  };
  Kind kind = Kind::flags;
  bool peek = false;
  Section section = {};
  std::optional<Partial> partial = {};

  /// Whether fetching it sets \Seen.
  [[nodiscard]] bool sets_seen() const {
    return kind == Kind::rfc822 || kind == Kind::rfc822_text ||
           ((kind == Kind::section || kind == Kind::binary) && !peek);
  }
  friend bool operator==(const FetchItem&, const FetchItem&) = default;
};

/// Appends the item's name as a FETCH response has it: `BODY[1.HEADER.FIELDS (DATE FROM)]<0>`,
/// without `.PEEK`, of a partial only the offset (RFC 9051 §7.5.2).
void append_item_name(std::string& out, const FetchItem& item);

/// More items than a client asks for, and fewer than make one short command cost much.
inline constexpr std::size_t kMaxFetchItems = 200;
/// Numbers in a part reference: the depth of MIME plus message levels.
inline constexpr std::size_t kMaxSectionDepth = 200;

}  // namespace postern::imap
