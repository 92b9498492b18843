#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "vocab/result.hpp"

// The codec of every stored value:
//
//   record = version:1 field*                      version 1..255
//   field  = varint(tag << 1 | type) content       tag 1..2^28-1
//   type 0 = varint(number)                        content of type 0
//   type 1 = varint(length) length bytes           content of type 1
//
// varint is LEB128 in its shortest form, so a record has one encoding per sequence of fields. Tags
// may repeat (lists) and come in any order. Absent means the default. A reader keeps the fields it
// does not know in an `Unknown` bag and its writer puts them back: a record may pass through an
// older release unharmed. Decoding is linear, copies nothing and never recurses by itself.
//
//   record::Reader in{bytes, kMailboxVersion};
//   while (in.next()) switch (in.tag()) {
//     case 1: box.name = in.text(); break;                       // a view: copied by std::string
//     case 2: box.uid_next = in.number<std::uint32_t>(); break;
//     default: in.keep(box.unknown);
//   }
//   POSTERN_CHECK(in.finish());
namespace postern::record {

inline constexpr std::uint32_t kMaxTag = (1U << 28U) - 1;

/// Fields a decoder did not know, as they stood. Treat as opaque.
struct Unknown {
  std::string fields;
  friend bool operator==(const Unknown&, const Unknown&) = default;
};

/// Appends `value` in its shortest LEB128 form.
void put_varint(std::string& out, std::uint64_t value);

/// Writes one record (or the fields of a nested one) at the end of `out`, which it borrows.
class Writer {
 public:
  /// A record: begins with `version`, which is not 0.
  Writer(std::string& out, std::uint8_t version) : out_{out} {
    out_.push_back(static_cast<char>(version));
  }
  /// The fields of a nested record; it shares its parent's version.
  explicit Writer(std::string& out) : out_{out} {}

  Writer& number(std::uint32_t tag, std::uint64_t value);
  /// Zigzag: small magnitudes are short.
  Writer& signed_number(std::uint32_t tag, std::int64_t value);
  Writer& boolean(std::uint32_t tag, bool value) { return number(tag, value ? 1 : 0); }
  /// Text or any bytes.
  Writer& text(std::uint32_t tag, std::string_view bytes);
  /// As above, but leave out what the reader takes for granted.
  Writer& number_unless_zero(std::uint32_t tag, std::uint64_t value) {
    return value == 0 ? *this : number(tag, value);
  }
  Writer& text_unless_empty(std::uint32_t tag, std::string_view bytes) {
    return bytes.empty() ? *this : text(tag, bytes);
  }
  Writer& unknown(const Unknown& bag) {
    out_ += bag.fields;
    return *this;
  }

 private:
  std::string& out_;
};

/// Walks over one record. The first fault ends the walk; `finish` tells. Values of the wrong type
/// or beyond the asked range are faults. Views point into the input.
class Reader {
 public:
  enum class Type : std::uint8_t { number, bytes };

  /// Versions from 1 to `newest` are taken: 0 is `corrupt`, a later one `unsupported`.
  Reader(std::string_view record, std::uint8_t newest);
  /// The fields of a nested record, as text() of its parent gave them.
  static Reader nested(std::string_view fields, std::uint8_t version) {
    return Reader{Fields{fields, version}};
  }

  [[nodiscard]] std::uint8_t version() const { return version_; }

  /// On to the next field; false at the end and after a fault.
  [[nodiscard]] bool next();
  [[nodiscard]] std::uint32_t tag() const { return tag_; }
  [[nodiscard]] Type type() const { return type_; }

  /// The current field's value; 0 and a fault when it is bytes or does not fit in T.
  template <std::unsigned_integral T = std::uint64_t>
  [[nodiscard]] T number() {
    if (type_ != Type::number || number_ > std::numeric_limits<T>::max()) {
      fault("number out of range");
      return T{};
    }
    return static_cast<T>(number_);
  }
  [[nodiscard]] std::int64_t signed_number();
  [[nodiscard]] bool boolean();
  /// The current field's bytes; empty and a fault when it is a number.
  [[nodiscard]] std::string_view text();

  /// Puts the current field into `bag`.
  void keep(Unknown& bag) const { bag.fields.append(field_); }

  /// Refuses the record: for values whose meaning the caller checks. `why` is a constant.
  void fault(std::string_view why) {
    if (!faulty_) why_ = why;
    faulty_ = true;
  }

  /// After the walk: `corrupt` (or `unsupported`) if any field was at fault.
  [[nodiscard]] Result<void> finish() const;

 private:
  struct Fields {
    std::string_view bytes;
    std::uint8_t version;
  };
  explicit Reader(Fields fields) : rest_{fields.bytes}, version_{fields.version} {}
  [[nodiscard]] bool varint(std::uint64_t& value);
  [[nodiscard]] bool content();

  std::string_view rest_;
  std::string_view field_;
  std::string_view bytes_;
  std::string_view why_;
  std::uint64_t number_ = 0;
  std::uint32_t tag_ = 0;
  Type type_ = Type::number;
  std::uint8_t version_ = 0;
  bool faulty_ = false;
  bool too_new_ = false;
};

}  // namespace postern::record
