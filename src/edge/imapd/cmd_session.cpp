#include <utility>

#include "imap/print.hpp"
#include "imapd/commands.hpp"

// CAPABILITY, NOOP, LOGOUT, ID, STARTTLS and ENABLE (RFC 9051 §6.1, §6.2.1, §6.3.1; RFC 2971).
namespace postern::imapd {

Answered cmd_capability(Connection& c, imap::Capability /*command*/) {
  imap::append_untagged(c.out.buffer(), capability_code(c));
  co_return ok("That is what I can do");
}

Answered cmd_noop(Connection& /*c*/, imap::Noop /*command*/) {
  co_return ok("Done");
}

Answered cmd_logout(Connection& c, imap::Logout /*command*/) {
  imap::append_status_response(c.out.buffer(), "*", imap::Status::bye, {}, "Goodbye");
  c.logged_out = true;
  co_return ok("Logged out");
}

Answered cmd_id(Connection& c, imap::Id /*command*/) {
  // No version: it would serve nobody but those who look for old ones.
  imap::append_untagged(c.out.buffer(), R"(ID ("name" "Postern"))");
  co_return ok("Pleased to meet you");
}

Answered cmd_starttls(Connection& c, imap::StartTls /*command*/) {
  if (c.stream.tls() != nullptr) co_return bad("TLS is on already");
  if (!c.settings.tls) co_return bad("STARTTLS is not offered");
  // What stands behind STARTTLS in clear was put there by someone in between (RFC 9051 §6.2.1).
  if (c.reader.buffered() > 0) co_return fail(Errc::tls_failed, "input behind STARTTLS");
  c.begin_tls = true;
  co_return ok("Begin TLS");
}

Answered cmd_enable(Connection& c, imap::Enable command) {
  std::string enabled = "ENABLED";
  const auto take = [&](bool& on, std::string_view word) {
    if (std::exchange(on, true)) return;
    enabled += ' ';
    enabled += word;
  };
  for (const auto& word : command.capabilities) {
    if (word == "IMAP4REV2") take(c.rev2, "IMAP4rev2");
    if (word == "UTF8=ACCEPT") take(c.utf8, "UTF8=ACCEPT");
    if (word == "CONDSTORE" && !c.condstore) {
      note_condstore(c);
      enabled += " CONDSTORE";
    }
  }
  imap::append_untagged(c.out.buffer(), enabled);
  co_return ok("Enabled");
}

}  // namespace postern::imapd
