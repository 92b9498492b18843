#include "smtpc/outcome.hpp"

#include <fmt/format.h>

#include "text/ascii.hpp"

namespace postern::smtpc {

using queue::RecipientOutcome;
using Kind = RecipientOutcome::Kind;

RecipientOutcome from_reply(const smtp::Reply& reply, std::string_view host) {
  RecipientOutcome out;
  out.code = reply.code;
  out.text = reply.text;
  out.host = host;
  out.kind = reply.positive() ? Kind::sent : reply.permanent() ? Kind::failed : Kind::deferred;
  if (reply.status) {
    out.status = smtp::to_string(*reply.status);
  } else {
    out.status = out.kind == Kind::sent ? "2.0.0" : out.kind == Kind::failed ? "5.0.0" : "4.0.0";
  }
  return out;
}

RecipientOutcome ours(int code, std::string_view status, std::string text) {
  RecipientOutcome out;
  out.kind = code >= 500 ? Kind::failed : Kind::deferred;
  out.status = status;
  out.text = std::move(text);
  return out;
}

RecipientOutcome stopping() {
  return ours(451, "4.3.2", "the server is stopping");
}

RecipientOutcome from_failure(const route::Failure& failure) {
  return ours(failure.reply, failure.enhanced, failure.text);
}

RecipientOutcome from_error(const Error& error, std::string_view doing) {
  switch (error.code) {
    case Errc::peer_timeout: return ours(451, "4.4.1", fmt::format("timed out while {}", doing));
    case Errc::peer_closed:
      return ours(451, "4.4.2", fmt::format("connection lost while {}", doing));
    case Errc::tls_failed: return ours(451, "4.7.5", fmt::format("TLS failed while {}", doing));
    case Errc::bad_syntax:
    case Errc::line_too_long:
    case Errc::too_large:
      return ours(451, "4.5.0", fmt::format("the host does not speak SMTP ({})", doing));
    case Errc::shutting_down: return stopping();
    default:                  break;
  }
  return ours(451, "4.4.0", fmt::format("{} while {}", to_string(error.code), doing));
}

bool blames_ptr(const RecipientOutcome& outcome) {
  if (outcome.kind == Kind::sent || outcome.code == 0) return false;
  if (outcome.status.ends_with(".7.25")) return true;
  const auto words = text::lower(outcome.text);
  for (const std::string_view word : {"ptr record", "reverse dns", "rdns", "(ptr)", "no ptr"}) {
    if (words.contains(word)) return true;
  }
  return false;
}

}  // namespace postern::smtpc
