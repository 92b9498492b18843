#include "mime/codec.hpp"

#include <algorithm>
#include <array>

#include "mime/envelope.hpp"
#include "mime/structure.hpp"
#include "vocab/try.hpp"

namespace postern::mime {
namespace {

// Tags of all records here. Never reuse a number.
enum Tag : std::uint8_t {
  tag_name = 1,
  tag_route = 3,
  tag_local = 5,
  tag_domain = 7,
  tag_member = 9,  // of a group: its presence, or tag_group, makes an address one
  tag_group = 2,
  tag_date = 11,
  tag_subject = 13,
  tag_from = 15,  // one field per address
  tag_sender = 17,
  tag_reply_to = 19,
  tag_to = 21,
  tag_cc = 23,
  tag_bcc = 25,
  tag_in_reply_to = 27,
  tag_message_id = 29,
  tag_kind = 4,
  tag_header_begin = 6,
  tag_header_size = 8,
  tag_body_size = 10,
  tag_lines = 12,
  tag_children = 14,
  tag_type = 31,
  tag_subtype = 33,
  tag_param_name = 35,
  tag_param_value = 37,  // of the name before it
  tag_id = 39,
  tag_description = 41,
  tag_encoding = 43,
  tag_md5 = 45,
  tag_disposition = 47,
  tag_disposition_param_name = 49,
  tag_disposition_param_value = 51,
  tag_language = 53,
  tag_location = 55,
  tag_envelope = 57,
};

std::unexpected<Error> corrupt(std::string_view what) {
  return fail(Errc::corrupt, "mime record: " + std::string{what});
}

void write_text(FieldWriter& out, std::uint8_t tag, std::string_view text) {
  if (!text.empty()) out.octets(tag, text);
}

std::string encode_mailbox(const Mailbox& mailbox) {
  FieldWriter out;
  write_text(out, tag_name, mailbox.name);
  write_text(out, tag_route, mailbox.route);
  write_text(out, tag_local, mailbox.local);
  write_text(out, tag_domain, mailbox.domain);
  return out.take();
}

std::string encode_address(const Address& address) {
  if (const auto* mailbox = std::get_if<Mailbox>(&address)) return encode_mailbox(*mailbox);
  const auto& group = std::get<Group>(address);
  FieldWriter out;
  out.number(tag_group, 1);
  write_text(out, tag_name, group.name);
  for (const Mailbox& member : group.members) out.octets(tag_member, encode_mailbox(member));
  return out.take();
}

// Reads a mailbox, or with `group` not null a group if it is one.
Result<Mailbox> decode_mailbox(std::string_view bytes, std::optional<Group>* group) {
  Mailbox mailbox;
  std::vector<Mailbox> members;
  bool is_group = false;
  FieldReader in{bytes};
  while (const auto field = in.next()) {
    switch (field->tag) {
      case tag_name:   mailbox.name = field->octets; break;
      case tag_route:  mailbox.route = field->octets; break;
      case tag_local:  mailbox.local = field->octets; break;
      case tag_domain: mailbox.domain = field->octets; break;
      case tag_group:  is_group = true; break;
      case tag_member: {
        if (group == nullptr || members.size() == kMaxAddresses) return corrupt("group");
        POSTERN_TRY(Mailbox member, decode_mailbox(field->octets, nullptr));
        members.push_back(std::move(member));
        is_group = true;
        break;
      }
      default: break;
    }
  }
  if (!in.ok()) return corrupt("address");
  if (is_group && group != nullptr)
    *group = Group{.name = std::move(mailbox.name), .members = std::move(members)};
  return mailbox;
}

Result<Address> decode_address(std::string_view bytes) {
  std::optional<Group> group;
  POSTERN_TRY(Mailbox mailbox, decode_mailbox(bytes, &group));
  if (group) return *std::move(group);
  return mailbox;
}

struct TextTag {
  Tag tag;
  std::optional<std::string> Envelope::* member;
};
struct ListTag {
  Tag tag;
  AddressList Envelope::* member;
};
constexpr std::array kTexts = {TextTag{tag_date, &Envelope::date},
                               TextTag{tag_subject, &Envelope::subject},
                               TextTag{tag_in_reply_to, &Envelope::in_reply_to},
                               TextTag{tag_message_id, &Envelope::message_id}};
constexpr std::array kLists = {ListTag{tag_from, &Envelope::from},
                               ListTag{tag_sender, &Envelope::sender},
                               ListTag{tag_reply_to, &Envelope::reply_to},
                               ListTag{tag_to, &Envelope::to},
                               ListTag{tag_cc, &Envelope::cc},
                               ListTag{tag_bcc, &Envelope::bcc}};

struct PartText {
  Tag tag;
  std::string Part::* member;
};
constexpr std::array kPartTexts = {PartText{tag_type, &Part::type},
                                   PartText{tag_subtype, &Part::subtype},
                                   PartText{tag_id, &Part::id},
                                   PartText{tag_description, &Part::description},
                                   PartText{tag_encoding, &Part::encoding},
                                   PartText{tag_md5, &Part::md5},
                                   PartText{tag_disposition, &Part::disposition},
                                   PartText{tag_location, &Part::location}};

struct PartNumber {
  Tag tag;
  std::uint64_t value;
};

void write_params(FieldWriter& out, const std::vector<Param>& params, Tag name, Tag value) {
  for (const Param& param : params) {
    out.octets(name, param.name);
    write_text(out, value, param.value);
  }
}

std::string encode_one(const Part& part) {
  FieldWriter out;
  const std::array numbers = {
      PartNumber{tag_kind, static_cast<std::uint64_t>(part.kind)},
      PartNumber{tag_header_begin, part.header_begin},
      PartNumber{tag_header_size, part.body_begin - part.header_begin},
      PartNumber{tag_body_size, part.body_end - part.body_begin},
      PartNumber{tag_lines, part.lines},
      PartNumber{tag_children, part.children.size()},
  };
  for (const PartNumber& number : numbers)
    if (number.value != 0) out.number(number.tag, number.value);
  for (const PartText& text : kPartTexts) write_text(out, text.tag, part.*text.member);
  write_params(out, part.params, tag_param_name, tag_param_value);
  write_params(out, part.disposition_params, tag_disposition_param_name,
               tag_disposition_param_value);
  for (const std::string& language : part.languages) out.octets(tag_language, language);
  if (part.envelope) out.octets(tag_envelope, encode(*part.envelope));
  return out.take();
}

void append_tree(std::string& out, const Part& part) {
  const std::string fields = encode_one(part);
  append_varint(out, fields.size());
  out += fields;
  for (const Part& child : part.children) append_tree(out, child);
}

struct Sizes {
  std::uint64_t header = 0;
  std::uint64_t body = 0;
  std::uint64_t children = 0;
};

Result<void> take_number(Part& part, Sizes& sizes, const RawField& field) {
  switch (field.tag) {
    case tag_kind:
      if (field.number > static_cast<std::uint64_t>(Part::Kind::message)) return corrupt("kind");
      part.kind = static_cast<Part::Kind>(field.number);
      break;
    case tag_header_begin: part.header_begin = field.number; break;
    case tag_header_size:  sizes.header = field.number; break;
    case tag_body_size:    sizes.body = field.number; break;
    case tag_lines:        part.lines = field.number; break;
    case tag_children:     sizes.children = field.number; break;
    default:               break;
  }
  return {};
}

Result<void> take_octets(Part& part, const RawField& field) {
  for (const PartText& text : kPartTexts)
    if (text.tag == field.tag) part.*text.member = field.octets;
  switch (field.tag) {
    case tag_param_name:
      part.params.push_back({.name = std::string{field.octets}, .value = {}});
      break;
    case tag_param_value:
      if (part.params.empty()) return corrupt("parameter");
      part.params.back().value = field.octets;
      break;
    case tag_disposition_param_name:
      part.disposition_params.push_back({.name = std::string{field.octets}, .value = {}});
      break;
    case tag_disposition_param_value:
      if (part.disposition_params.empty()) return corrupt("parameter");
      part.disposition_params.back().value = field.octets;
      break;
    case tag_language: part.languages.emplace_back(field.octets); break;
    case tag_envelope: {
      POSTERN_TRY(part.envelope, decode_envelope(field.octets));
      break;
    }
    default: break;
  }
  return {};
}

// Offsets beyond this are no message's; sums of three stay far from wrapping.
constexpr std::uint64_t kMaxOffset = std::uint64_t{1} << 60U;

Result<void> check(const Part& part, std::uint64_t children) {
  const bool message = part.kind == Part::Kind::message;
  if (message && (children != 1 || !part.envelope)) return corrupt("message without its parts");
  if (part.kind == Part::Kind::multipart && children == 0)
    return corrupt("multipart without parts");
  if (part.kind == Part::Kind::leaf && children != 0) return corrupt("leaf with children");
  return {};
}

Result<std::uint64_t> decode_one(std::string_view bytes, Part& part) {
  part.type.clear();
  part.subtype.clear();
  Sizes sizes;
  FieldReader in{bytes};
  while (const auto field = in.next()) {
    POSTERN_CHECK(take_number(part, sizes, *field));
    POSTERN_CHECK(take_octets(part, *field));
  }
  if (!in.ok()) return corrupt("part");
  if (std::max({part.header_begin, sizes.header, sizes.body}) > kMaxOffset)
    return corrupt("offsets");
  part.body_begin = part.header_begin + sizes.header;
  part.body_end = part.body_begin + sizes.body;
  POSTERN_CHECK(check(part, sizes.children));
  return sizes.children;
}

class TreeReader {
 public:
  explicit TreeReader(std::string_view bytes) : rest_{bytes} {}

  // One part with all below it. `depth` bounds the recursion.
  Result<void> read(Part& part, int depth) {
    const auto size = take_varint(rest_);
    if (!size || *size > rest_.size()) return corrupt("length");
    if (depth > kMaxDepth || ++parts_ > kMaxParts) return corrupt("too many parts");
    const std::string_view fields = rest_.substr(0, *size);
    rest_.remove_prefix(*size);
    POSTERN_TRY(const std::uint64_t children, decode_one(fields, part));
    for (std::uint64_t i = 0; i < children; ++i) {
      POSTERN_CHECK(read(part.children.emplace_back(), depth + 1));
      const Part& child = part.children.back();
      if (child.header_begin < part.body_begin || child.body_end > part.body_end)
        return corrupt("child outside its parent");
    }
    return {};
  }
  [[nodiscard]] bool done() const { return rest_.empty(); }

 private:
  std::string_view rest_;
  std::size_t parts_ = 0;
};

}  // namespace

void append_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7U) out += static_cast<char>(0x80U | (value & 0x7fU));
  out += static_cast<char>(value);
}

std::optional<std::uint64_t> take_varint(std::string_view& bytes) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
    const auto octet = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    if (shift == 63 && octet > 1) return std::nullopt;
    value |= std::uint64_t{octet & 0x7fU} << shift;
    if (octet < 0x80) return value;
  }
  return std::nullopt;
}

void FieldWriter::number(std::uint8_t even_tag, std::uint64_t value) {
  out_ += static_cast<char>(even_tag);
  append_varint(out_, value);
}

void FieldWriter::octets(std::uint8_t odd_tag, std::string_view value) {
  number(odd_tag, value.size());
  out_ += value;
}

std::optional<RawField> FieldReader::next() {
  if (rest_.empty() || !ok_) return std::nullopt;
  RawField field{.tag = static_cast<std::uint8_t>(rest_.front()), .number = 0, .octets = {}};
  rest_.remove_prefix(1);
  const auto value = take_varint(rest_);
  ok_ = value && ((field.tag & 1U) == 0 || *value <= rest_.size());
  if (!ok_) return std::nullopt;
  if ((field.tag & 1U) == 0) {
    field.number = *value;
  } else {
    field.octets = rest_.substr(0, *value);
    rest_.remove_prefix(*value);
  }
  return field;
}

std::string encode(const Envelope& envelope) {
  FieldWriter out;
  for (const TextTag& text : kTexts)
    if (envelope.*text.member) out.octets(text.tag, *(envelope.*text.member));
  for (const ListTag& list : kLists)
    for (const Address& address : envelope.*list.member)
      out.octets(list.tag, encode_address(address));
  return kCodecVersion + out.take();
}

Result<Envelope> decode_envelope(std::string_view bytes) {
  if (!bytes.starts_with(kCodecVersion)) return corrupt("version");
  Envelope envelope;
  FieldReader in{bytes.substr(1)};
  while (const auto field = in.next()) {
    for (const TextTag& text : kTexts)
      if (text.tag == field->tag) envelope.*text.member = std::string{field->octets};
    for (const ListTag& list : kLists) {
      if (list.tag != field->tag) continue;
      AddressList& addresses = envelope.*list.member;
      if (addresses.size() == kMaxAddresses) return corrupt("too many addresses");
      POSTERN_TRY(Address address, decode_address(field->octets));
      addresses.push_back(std::move(address));
    }
  }
  if (!in.ok()) return corrupt("envelope");
  return envelope;
}

std::string encode(const Part& root) {
  std::string out{kCodecVersion};
  append_tree(out, root);
  return out;
}

Result<Part> decode_part(std::string_view bytes) {
  if (!bytes.starts_with(kCodecVersion)) return corrupt("version");
  Part root;
  TreeReader reader{bytes.substr(1)};
  POSTERN_CHECK(reader.read(root, 1));
  if (!reader.done()) return corrupt("more than one tree");
  return root;
}

}  // namespace postern::mime
