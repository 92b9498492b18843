#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

// The grammar in which envelopes and part trees are kept (encode, decode_envelope, decode_part):
//
//   record   = version *field              ; version: one octet, kCodecVersion
//   field    = tag value                   ; tag: one octet; tags of a record in any order
//   value    = varint                      ; even tags
//            / varint *OCTET               ; odd tags: that many octets
//   varint   = *(%x80-FF) %x00-7F          ; seven bits each, lowest first (LEB128)
//
// Absent fields are not written. A reader passes over tags it does not know. An envelope is one
// record. A part tree is a version octet and then, in pre-order, one `varint *field` (the octets of
// the fields first) for each part, which says how many children follow it.
namespace postern::mime {

inline constexpr char kCodecVersion = 1;

class FieldWriter {
 public:
  void number(std::uint8_t even_tag, std::uint64_t value);
  void octets(std::uint8_t odd_tag, std::string_view value);
  [[nodiscard]] const std::string& str() const { return out_; }
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

struct RawField {
  std::uint8_t tag = 0;
  std::uint64_t number = 0;  ///< Even tags.
  std::string_view octets;   ///< Odd tags; borrowed.
};

/// Takes fields off `bytes`, which it borrows.
class FieldReader {
 public:
  explicit FieldReader(std::string_view bytes) : rest_{bytes} {}
  /// The next field; nothing at the end, or when the rest is no field: then `ok` is false.
  [[nodiscard]] std::optional<RawField> next();
  [[nodiscard]] bool ok() const { return ok_; }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

void append_varint(std::string& out, std::uint64_t value);
/// Takes one off `bytes`; nothing if there is none or it exceeds 64 bits.
[[nodiscard]] std::optional<std::uint64_t> take_varint(std::string_view& bytes);

}  // namespace postern::mime
