#include "report/dsn.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "report/explain.hpp"
#include "report/lines.hpp"
#include "smtp/data_encoder.hpp"
#include "smtp/received.hpp"
#include "smtp/xtext.hpp"
#include "text/ascii.hpp"
#include "text/utf8.hpp"

namespace postern::report {
namespace {

std::string_view word_of(Action action) {
  switch (action) {
    case Action::failed:    return "failed";
    case Action::delayed:   return "delayed";
    case Action::delivered: return "delivered";
    case Action::relayed:   return "relayed";
  }
  return "failed";
}

bool any(const DsnRequest& request, Action action) {
  return std::ranges::find(request.recipients, action, &DsnRecipient::action) !=
         request.recipients.end();
}

/// The header section of `message`, each line ended by CRLF, without the empty line.
std::string_view header_of(std::string_view message) {
  if (message.starts_with("\r\n")) return {};
  const auto end = message.find("\r\n\r\n");
  return end == message.npos ? message : message.substr(0, end + 2);
}

/// `header` cut between two fields so that at most `limit` octets remain.
std::string_view cut_header(std::string_view header, std::size_t limit) {
  if (header.size() <= limit) return header;
  auto end = header.rfind("\r\n", limit - 2);
  while (end != header.npos && end > 0 && end + 2 < header.size() && text::is_wsp(header[end + 2]))
    end = header.rfind("\r\n", end - 1);
  return end == header.npos ? std::string_view{} : header.substr(0, end + 2);
}

/// The unfolded value of the first field `name` in `header`; empty if there is none.
std::string field_of(std::string_view header, std::string_view name) {
  std::string value;
  bool found = false;
  while (!header.empty()) {
    const auto end = std::min(header.find("\r\n"), header.size());
    const auto line = header.substr(0, end);
    header.remove_prefix(std::min(end + 2, header.size()));
    const bool continued = !line.empty() && text::is_wsp(line.front());
    if (found && !continued) break;
    if (found) {
      value += line;
    } else if (!continued && text::istarts_with(line, name) && line.size() > name.size() &&
               line[name.size()] == ':') {
      value = line.substr(name.size() + 1);
      found = true;
    }
  }
  return std::string{text::trim(value)};
}

/// `type; address` of RFC 3464 §2.3.1, in the 7-bit form unless `utf8` (RFC 6533 §4.1).
std::string typed_address(std::string_view type, std::string_view address, bool utf8) {
  if (text::is_ascii(address)) return fmt::format("{}; {}", type, one_line(address, false, 500));
  if (utf8) return "utf-8; " + one_line(address, true, 500);
  return "utf-8; " + smtp::to_utf8_addr_xtext(address).substr(0, 900);
}

class Builder {
 public:
  explicit Builder(const DsnRequest& request)
      : request_{request},
        utf8_{request.smtputf8 || request.to.needs_smtputf8() || request.from.needs_smtputf8()} {
    // What is in the queue is clean; nobody's bare CR shall depend on that.
    smtp::LineNormaliser normaliser;
    normaliser.add(request.original.substr(0, 2 * kMaxReturned), original_);
    normaliser.finish(original_);
    header_ = header_of(original_);
  }

  Dsn build() {
    add_header();
    add_text();
    add_status();
    add_original();
    out_ += fmt::format("\r\n--{}--\r\n", request_.boundary);
    const bool eight_bit = !text::is_ascii(out_);
    return {std::move(out_), eight_bit, global_};
  }

 private:
  std::string date(Timestamp time) const { return smtp::to_date(time, request_.utc_offset); }
  std::string shown(const smtp::Address& address) const {
    return utf8_ ? smtp::to_string(address) : smtp::to_wire(address, false);
  }

  void add_header() {
    const auto address = [&](const smtp::Address& a) { return one_line(to_path(a, utf8_), utf8_); };
    auto subject = std::string{any(request_, Action::failed)    ? "Not delivered"
                               : any(request_, Action::delayed) ? "Delayed"
                                                                : "Delivered"};
    const auto original = field_of(header_, "Subject");
    if (!original.empty() && text::is_ascii(original))
      subject += ": " + one_line(original, false, 200);
    out_ += folded("Date", date(request_.now));
    out_ += folded("From", "Mail Delivery System " + address(request_.from));
    out_ += folded("To", address(request_.to));
    out_ += folded("Subject", subject);
    out_ += folded("Message-ID", '<' + request_.message_id + '>');
    const auto id = field_of(header_, "Message-ID");
    if (id.size() > 2 && id.size() < 250 && id.front() == '<' && id.back() == '>' &&
        std::ranges::all_of(id, [](char c) { return c > ' ' && c < 0x7f; }))
      out_ += folded("In-Reply-To", id) + folded("References", id);
    out_ += "Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n";
    out_ += fmt::format(
        "Content-Type: multipart/report; report-type=delivery-status;\r\n boundary=\"{}\"\r\n\r\n"
        "This is a delivery status notification in MIME format.\r\n",
        request_.boundary);
    global_ = global_ || !text::is_ascii(out_);
  }

  void open_part(std::string_view type, std::string_view encoding) {
    out_ += fmt::format("\r\n--{}\r\nContent-Type: {}\r\n", request_.boundary, type);
    if (encoding != "7bit") out_ += fmt::format("Content-Transfer-Encoding: {}\r\n", encoding);
    out_ += "\r\n";
  }

  static std::string_view opening(Action action) {
    switch (action) {
      case Action::failed: return "Your message could not be delivered to:";
      case Action::delayed:
        return "Your message has not been delivered yet to the following. You need not send it "
               "again: it is tried again by itself.";
      case Action::delivered: return "Your message was delivered to:";
      case Action::relayed:
        return "Your message was passed on to a mail system that sends no confirmations, for:";
    }
    return "";
  }

  std::string about(const DsnRecipient& recipient) const {
    constexpr std::string_view kIndent = "    ";
    std::string out = "\r\n  <" + one_line(shown(recipient.address), true, 500) + ">\r\n";
    if (recipient.reply) {
      const auto who = recipient.remote_mta.empty() ? "The mail system" : recipient.remote_mta;
      out += wrapped(one_line(who + " said: " + to_line(*recipient.reply), true), kIndent);
    } else if (!recipient.reason.empty()) {
      out += wrapped(one_line(recipient.reason, true), kIndent);
    }
    const auto why = recipient.reply ? explain(*recipient.reply) : std::nullopt;
    if (why) {
      out += wrapped(fmt::format("What it means: {}", why->cause), kIndent);
      out += wrapped(fmt::format("What to do: {}", why->advice), kIndent);
      if (!why->link.empty()) out += wrapped(why->link, kIndent);
    }
    if (recipient.action == Action::delayed && recipient.retry_until)
      out += wrapped("It is tried until " + date(*recipient.retry_until) + ".", kIndent);
    return out;
  }

  void add_text() {
    std::string text;
    for (const auto action :
         {Action::failed, Action::delayed, Action::delivered, Action::relayed}) {
      if (!any(request_, action)) continue;
      text += wrapped(opening(action), "");
      for (const auto& recipient : request_.recipients) {
        if (recipient.action == action) text += about(recipient);
      }
      text += "\r\n";
    }
    text += wrapped(fmt::format("The message was accepted on {}.", date(request_.arrival)), "");
    text += wrapped(one_line(fmt::format("This report was made by the mail system at {}; "
                                         "reference {}.",
                                         request_.reporting_mta, request_.trace_id),
                             true),
                    "");
    if (text::is_ascii(text)) {
      open_part("text/plain; charset=us-ascii", "7bit");
      out_ += text;
    } else {
      open_part("text/plain; charset=utf-8", "quoted-printable");
      out_ += quoted_printable(text);
    }
  }

  std::string recipient_fields(const DsnRecipient& r) const {
    std::string out = "\r\n";
    if (r.original) {
      out += folded("Original-Recipient", typed_address(one_line(r.original->type, false, 60),
                                                        r.original->address, utf8_));
    }
    out += folded("Final-Recipient", typed_address("rfc822", to_string(r.address), utf8_));
    out += folded("Action", word_of(r.action));
    out += folded("Status", to_string(r.status));
    if (!r.remote_mta.empty())
      out += folded("Remote-MTA", "dns; " + one_line(r.remote_mta, false, 255));
    if (r.reply) out += folded("Diagnostic-Code", "smtp; " + one_line(to_line(*r.reply), false));
    if (r.last_attempt) out += folded("Last-Attempt-Date", date(*r.last_attempt));
    if (r.action == Action::delayed && r.retry_until)
      out += folded("Will-Retry-Until", date(*r.retry_until));
    return out;
  }

  void add_status() {
    std::string fields;
    if (request_.envid)
      fields += folded("Original-Envelope-Id", one_line(*request_.envid, false, 200));
    fields += folded("Reporting-MTA", "dns; " + one_line(request_.reporting_mta, false, 255));
    fields += folded("Arrival-Date", date(request_.arrival));
    for (const auto& recipient : request_.recipients) fields += recipient_fields(recipient);
    const bool ascii = text::is_ascii(fields);
    open_part(ascii ? "message/delivery-status" : "message/global-delivery-status",
              ascii ? "7bit" : "8bit");
    global_ = global_ || !ascii;
    out_ += fields;
  }

  /// Whether the whole message goes back.
  bool returns_whole() const {
    return request_.ret == smtp::Ret::full && any(request_, Action::failed) &&
           request_.original_is_whole && request_.original.size() <= kMaxReturned &&
           original_.size() <= kMaxReturned && !has_long_line(original_);
  }

  void add_original() {
    const bool utf8_header = !text::is_ascii(header_) && utf8_ && text::is_utf8(header_);
    if (returns_whole()) {
      // The encodings that would hide 8-bit are forbidden here (RFC 2046 §5.2.1).
      open_part(utf8_header ? "message/global" : "message/rfc822",
                text::is_ascii(original_) ? "7bit" : "8bit");
      global_ = global_ || utf8_header;
      out_ += original_;
      return;
    }
    const auto header = cut_header(header_, kMaxReturned);
    if (text::is_ascii(header) && !has_long_line(header)) {
      open_part("text/rfc822-headers", "7bit");
      out_ += header;
    } else if (utf8_header && !has_long_line(header)) {
      open_part("message/global-headers", "8bit");
      global_ = true;
      out_ += header;
    } else {
      open_part("text/rfc822-headers", "quoted-printable");
      out_ += quoted_printable(header);
    }
  }

  const DsnRequest& request_;
  bool utf8_;            ///< UTF-8 header fields may be used.
  bool global_ = false;  ///< They were.
  std::string original_;
  std::string_view header_;  ///< In `original_`.
  std::string out_;
};

}  // namespace

Dsn build_dsn(const DsnRequest& request) {
  return Builder{request}.build();
}

}  // namespace postern::report
