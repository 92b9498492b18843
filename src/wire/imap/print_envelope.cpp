#include "imap/print_envelope.hpp"

#include "imap/print.hpp"

namespace postern::imap {
namespace {

void append_or_nil(std::string& out, const std::string& text, NameForm form) {
  if (text.empty()) {
    out += "NIL";
  } else {
    append_string(out, text, form);
  }
}

void append_mailbox_address(std::string& out, const mime::Mailbox& box, NameForm form) {
  out.push_back('(');
  append_or_nil(out, box.name, form);
  out.push_back(' ');
  append_or_nil(out, box.route, form);
  out.push_back(' ');
  append_string(out, box.local.empty() ? "MISSING_MAILBOX" : box.local, form);
  out.push_back(' ');
  append_string(out, box.domain.empty() ? "MISSING_DOMAIN" : box.domain, form);
  out.push_back(')');
}

/// A group: its name as a mailbox without host, its members, an address all NIL.
void append_group(std::string& out, const mime::Group& group, NameForm form) {
  out += "(NIL NIL ";
  append_string(out, group.name, form);
  out += " NIL)";
  for (const auto& member : group.members) append_mailbox_address(out, member, form);
  out += "(NIL NIL NIL NIL)";
}

void append_addresses(std::string& out, const mime::AddressList& list, NameForm form) {
  out.push_back(' ');
  if (list.empty()) {
    out += "NIL";
    return;
  }
  out.push_back('(');
  for (const auto& address : list) {
    if (const auto* box = std::get_if<mime::Mailbox>(&address)) {
      append_mailbox_address(out, *box, form);
    } else if (const auto* group = std::get_if<mime::Group>(&address)) {
      append_group(out, *group, form);
    }
  }
  out.push_back(')');
}

}  // namespace

void append_envelope(std::string& out, const mime::Envelope& envelope, NameForm form) {
  out.push_back('(');
  append_nstring(out, envelope.date, form);
  out.push_back(' ');
  append_nstring(out, envelope.subject, form);
  append_addresses(out, envelope.from, form);
  append_addresses(out, envelope.sender_or_from(), form);
  append_addresses(out, envelope.reply_to_or_from(), form);
  append_addresses(out, envelope.to, form);
  append_addresses(out, envelope.cc, form);
  append_addresses(out, envelope.bcc, form);
  out.push_back(' ');
  append_nstring(out, envelope.in_reply_to, form);
  out.push_back(' ');
  append_nstring(out, envelope.message_id, form);
  out.push_back(')');
}

}  // namespace postern::imap
