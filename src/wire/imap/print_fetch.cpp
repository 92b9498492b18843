#include "imap/print_fetch.hpp"

#include "imap/date.hpp"
#include "imap/print.hpp"
#include "imap/print_body.hpp"
#include "imap/print_envelope.hpp"

namespace postern::imap {
namespace {

using Kind = FetchItem::Kind;
using Text = Section::Text;

constexpr std::string_view to_word(Kind kind) {
  switch (kind) {
    case Kind::uid:            return "UID";
    case Kind::flags:          return "FLAGS";
    case Kind::internal_date:  return "INTERNALDATE";
    case Kind::rfc822_size:    return "RFC822.SIZE";
    case Kind::envelope:       return "ENVELOPE";
    case Kind::body:           return "BODY";
    case Kind::body_structure: return "BODYSTRUCTURE";
    case Kind::mod_seq:        return "MODSEQ";
    case Kind::email_id:       return "EMAILID";
    case Kind::thread_id:      return "THREADID";
    case Kind::save_date:      return "SAVEDATE";
    case Kind::rfc822:         return "RFC822";
    case Kind::rfc822_header:  return "RFC822.HEADER";
    case Kind::rfc822_text:    return "RFC822.TEXT";
    case Kind::section:        return "BODY";
    case Kind::binary:         return "BINARY";
    case Kind::binary_size:    return "BINARY.SIZE";
  }
  return "";
}

constexpr std::string_view to_word(Text text) {
  switch (text) {
    case Text::whole:             return "";
    case Text::header:            return "HEADER";
    case Text::header_fields:     return "HEADER.FIELDS";
    case Text::header_fields_not: return "HEADER.FIELDS.NOT";
    case Text::text:              return "TEXT";
    case Text::mime:              return "MIME";
  }
  return "";
}

void append_section(std::string& out, const Section& section) {
  out.push_back('[');
  bool first = true;
  for (const auto number : section.part) {
    if (!first) out.push_back('.');
    first = false;
    append_number(out, number);
  }
  if (!first && section.text != Text::whole) out.push_back('.');
  out += to_word(section.text);
  if (!section.fields.empty()) {
    out += " (";
    for (const auto& field : section.fields) {
      if (out.back() != '(') out.push_back(' ');
      append_astring(out, field);
    }
    out.push_back(')');
  }
  out.push_back(']');
}

}  // namespace

void append_item_name(std::string& out, const FetchItem& item) {
  out += to_word(item.kind);
  if (item.kind < Kind::section) return;
  append_section(out, item.section);
  if (!item.partial) return;
  out.push_back('<');
  append_number(out, item.partial->offset);
  out.push_back('>');
}

FetchResponse::FetchResponse(std::string& out, std::uint32_t number) : out_{out} {
  out_ += "* ";
  append_number(out_, number);
  out_ += " FETCH (";
}

void FetchResponse::begin_item(std::string_view word) {
  if (!first_) out_.push_back(' ');
  first_ = false;
  out_ += word;
}

void FetchResponse::uid(Uid uid) {
  begin_item("UID ");
  append_number(out_, uid.value());
}

void FetchResponse::flags(std::span<const std::string> flags) {
  begin_item("FLAGS ");
  append_flag_list(out_, flags);
}

void FetchResponse::internal_date(const mime::DateTime& date) {
  begin_item("INTERNALDATE ");
  append_date_time(out_, date);
}

void FetchResponse::size(std::uint64_t octets) {
  begin_item("RFC822.SIZE ");
  append_number(out_, octets);
}

void FetchResponse::mod_seq(ModSeq value) {
  begin_item("MODSEQ (");
  append_number(out_, value.value());
  out_.push_back(')');
}

void FetchResponse::email_id(std::string_view id) {
  begin_item("EMAILID (");
  out_ += id;
  out_.push_back(')');
}

void FetchResponse::thread_id(std::optional<std::string_view> id) {
  begin_item("THREADID ");
  if (!id) {
    out_ += "NIL";
    return;
  }
  out_.push_back('(');
  out_ += *id;
  out_.push_back(')');
}

void FetchResponse::save_date(const std::optional<mime::DateTime>& date) {
  begin_item("SAVEDATE ");
  if (date) {
    append_date_time(out_, *date);
  } else {
    out_ += "NIL";
  }
}

void FetchResponse::envelope(const mime::Envelope& envelope, NameForm form) {
  begin_item("ENVELOPE ");
  append_envelope(out_, envelope, form);
}

void FetchResponse::body(const mime::Part& root, bool extended, NameForm form) {
  begin_item(extended ? "BODYSTRUCTURE " : "BODY ");
  append_body(out_, root, extended, form);
}

void FetchResponse::binary_size(const FetchItem& item, std::uint64_t octets) {
  begin_item("");
  append_item_name(out_, item);
  out_.push_back(' ');
  append_number(out_, octets);
}

void FetchResponse::begin_literal(const FetchItem& item, std::uint64_t octets, bool literal8) {
  begin_item("");
  append_item_name(out_, item);
  out_.push_back(' ');
  if (literal8) {
    append_literal8_mark(out_, octets);
  } else {
    append_literal_mark(out_, octets);
  }
}

void FetchResponse::nil(const FetchItem& item) {
  begin_item("");
  append_item_name(out_, item);
  out_ += " NIL";
}

void FetchResponse::end() {
  out_ += ")\r\n";
}

}  // namespace postern::imap
