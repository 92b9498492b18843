#include "vocab/result.hpp"

namespace postern {

std::string_view to_string(Errc code) {
  switch (code) {
    case Errc::bad_syntax:      return "bad_syntax";
    case Errc::bad_sequence:    return "bad_sequence";
    case Errc::line_too_long:   return "line_too_long";
    case Errc::too_large:       return "too_large";
    case Errc::limit_reached:   return "limit_reached";
    case Errc::not_found:       return "not_found";
    case Errc::already_exists:  return "already_exists";
    case Errc::not_permitted:   return "not_permitted";
    case Errc::auth_failed:     return "auth_failed";
    case Errc::over_quota:      return "over_quota";
    case Errc::store_full:      return "store_full";
    case Errc::unavailable:     return "unavailable";
    case Errc::outcome_unknown: return "outcome_unknown";
    case Errc::corrupt:         return "corrupt";
    case Errc::io_failed:       return "io_failed";
    case Errc::conflict:        return "conflict";
    case Errc::unsupported:     return "unsupported";
    case Errc::policy_reject:   return "policy_reject";
    case Errc::dns_unavailable: return "dns_unavailable";
    case Errc::dns_bogus:       return "dns_bogus";
    case Errc::tls_failed:      return "tls_failed";
    case Errc::bad_config:      return "bad_config";
    case Errc::peer_timeout:    return "peer_timeout";
    case Errc::peer_closed:     return "peer_closed";
    case Errc::woken:           return "woken";
    case Errc::shutting_down:   return "shutting_down";
  }
  std::unreachable();
}

}  // namespace postern
