#include "imap/print_list.hpp"

#include "imap/print.hpp"

namespace postern::imap {
namespace {

void append_delimiter(std::string& out, char delimiter) {
  if (delimiter == '\0') {
    out += "NIL";
  } else {
    append_string(out, {&delimiter, 1});
  }
}

/// ` ("CHILDINFO" ("SUBSCRIBED") "OLDNAME" ("x"))`. Tags quoted: some clients know only that form.
void append_extended(std::string& out, const ListLine& line, NameForm form) {
  out += " (";
  if (!line.child_info.empty()) {
    out += "\"CHILDINFO\" (";
    for (const auto option : line.child_info) {
      if (out.back() != '(') out.push_back(' ');
      append_string(out, option);
    }
    out.push_back(')');
  }
  if (line.old_name) {
    if (out.back() != '(') out.push_back(' ');
    out += "\"OLDNAME\" (";
    append_mailbox(out, *line.old_name, form);
    out.push_back(')');
  }
  out.push_back(')');
}

}  // namespace

void append_list(std::string& out, const ListLine& line, NameForm form) {
  out += "* ";
  out += line.word;
  out += " (";
  for (const auto attribute : line.attributes) {
    if (out.back() != '(') out.push_back(' ');
    out += attribute;
  }
  out += ") ";
  append_delimiter(out, line.delimiter);
  out.push_back(' ');
  append_mailbox(out, line.name, form);
  if (!line.child_info.empty() || line.old_name) append_extended(out, line, form);
  out += "\r\n";
}

void append_status(std::string& out, std::string_view name, std::span<const StatusValue> values,
                   NameForm form) {
  out += "* STATUS ";
  append_mailbox(out, name, form);
  out += " (";
  for (const auto& value : values) {
    if (out.back() != '(') out.push_back(' ');
    out += to_word(value.item);
    out.push_back(' ');
    if (value.item == StatusItem::mailbox_id) {
      out.push_back('(');
      out += value.id;
      out.push_back(')');
    } else if (value.number) {
      append_number(out, *value.number);
    } else {
      out += "NIL";
    }
  }
  out += ")\r\n";
}

void append_namespace(std::string& out, char delimiter) {
  out += "* NAMESPACE ((\"\" ";
  append_delimiter(out, delimiter);
  out += ")) NIL NIL\r\n";
}

}  // namespace postern::imap
