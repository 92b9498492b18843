#include "imap/print_body.hpp"

#include "imap/print.hpp"
#include "imap/print_envelope.hpp"

namespace postern::imap {
namespace {

void append_or_nil(std::string& out, const std::string& text, NameForm form) {
  out.push_back(' ');
  if (text.empty()) {
    out += "NIL";
  } else {
    append_string(out, text, form);
  }
}

void append_params(std::string& out, const std::vector<mime::Param>& params, NameForm form) {
  out.push_back(' ');
  if (params.empty()) {
    out += "NIL";
    return;
  }
  out.push_back('(');
  bool first = true;
  for (const auto& param : params) {
    if (!first) out.push_back(' ');
    first = false;
    append_string(out, param.name, form);
    out.push_back(' ');
    append_string(out, param.value, form);
  }
  out.push_back(')');
}

/// body-fld-dsp, body-fld-lang, body-fld-loc.
void append_common_extension(std::string& out, const mime::Part& part, NameForm form) {
  if (part.disposition.empty()) {
    out += " NIL";
  } else {
    out += " (";
    append_string(out, part.disposition, form);
    append_params(out, part.disposition_params, form);
    out.push_back(')');
  }
  if (part.languages.empty()) {
    out += " NIL";
  } else {
    out += " (";
    bool first = true;
    for (const auto& language : part.languages) {
      if (!first) out.push_back(' ');
      first = false;
      append_string(out, language, form);
    }
    out.push_back(')');
  }
  append_or_nil(out, part.location, form);
}

/// What stands for a part that is not there, with the default of RFC 2045 §5.2.
mime::Part empty_text() {
  mime::Part part;
  part.params = {{"charset", "us-ascii"}};
  return part;
}

void append_multipart(std::string& out, const mime::Part& part, bool extended, NameForm form) {
  for (const auto& child : part.children) append_body(out, child, extended, form);
  if (part.children.empty()) append_body(out, empty_text(), extended, form);
  out.push_back(' ');
  append_string(out, part.subtype, form);
  if (!extended) return;
  append_params(out, part.params, form);
  append_common_extension(out, part, form);
}

void append_single(std::string& out, const mime::Part& part, bool extended, NameForm form) {
  append_string(out, part.type, form);
  out.push_back(' ');
  append_string(out, part.subtype, form);
  append_params(out, part.params, form);
  append_or_nil(out, part.id, form);
  append_or_nil(out, part.description, form);
  out.push_back(' ');
  append_string(out, part.encoding.empty() ? "7bit" : part.encoding, form);
  out.push_back(' ');
  append_number(out, part.size());
  const bool message = part.kind == mime::Part::Kind::message;
  if (message) {
    out.push_back(' ');
    append_envelope(out, part.envelope.value_or(mime::Envelope{}), form);
    out.push_back(' ');
    if (part.children.empty()) {
      append_body(out, empty_text(), extended, form);
    } else {
      append_body(out, part.children.front(), extended, form);
    }
  }
  if (message || part.type == "text") {
    out.push_back(' ');
    append_number(out, part.lines);
  }
  if (!extended) return;
  append_or_nil(out, part.md5, form);
  append_common_extension(out, part, form);
}

}  // namespace

void append_body(std::string& out, const mime::Part& part, bool extended, NameForm form) {
  out.push_back('(');
  if (part.kind == mime::Part::Kind::multipart) {
    append_multipart(out, part, extended, form);
  } else {
    append_single(out, part, extended, form);
  }
  out.push_back(')');
}

}  // namespace postern::imap
