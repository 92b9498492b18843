#include "imapd/response_for.hpp"

namespace postern::imapd {

std::optional<Answer> response_for(Errc code) {
  switch (code) {
    case Errc::bad_syntax:      return no("Not a name that can be used here", "CANNOT");
    case Errc::bad_sequence:    return bad("Not now");
    case Errc::line_too_long:   return bad("Line too long");
    case Errc::too_large:       return no("Too large", "TOOBIG");
    case Errc::limit_reached:   return no("A limit is reached", "LIMIT");
    case Errc::not_found:       return no("There is no such mailbox", "NONEXISTENT");
    case Errc::already_exists:  return no("The name is taken", "ALREADYEXISTS");
    case Errc::not_permitted:   return no("That cannot be done", "CANNOT");
    case Errc::auth_failed:     return no("Authentication failed", "AUTHENTICATIONFAILED");
    case Errc::over_quota:      return no("The quota would be exceeded", "OVERQUOTA");
    case Errc::store_full:      return no("No space left, try again later", "UNAVAILABLE");
    case Errc::unavailable:     return no("Read-only for now, try again later", "UNAVAILABLE");
    case Errc::outcome_unknown: return no("It may or may not have been done", "UNAVAILABLE");
    case Errc::corrupt:         return no("Stored data is damaged", "CORRUPTION");
    case Errc::io_failed:       return no("Temporary failure, try again later", "UNAVAILABLE");
    case Errc::conflict:        return no("That is in conflict with what there is", "CANNOT");
    case Errc::unsupported:     return no("That is not offered here", "CANNOT");
    case Errc::policy_reject:   return no("Not allowed", "NOPERM");
    case Errc::dns_unavailable:
    case Errc::dns_bogus:       return no("Temporary failure, try again later", "UNAVAILABLE");
    case Errc::bad_config:      return no("The server is not set up for that", "CONTACTADMIN");
    case Errc::tls_failed:
    case Errc::peer_timeout:
    case Errc::peer_closed:
    case Errc::woken:
    case Errc::shutting_down:   return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace postern::imapd
