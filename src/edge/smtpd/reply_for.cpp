#include "smtpd/reply_for.hpp"

namespace postern::smtpd {

smtp::Reply reply_for(Errc code) {
  constexpr auto kLater = "Temporary failure, please try again later";
  switch (code) {
    case Errc::bad_syntax:      return {501, {{5, 5, 2}}, "Syntax error"};
    case Errc::bad_sequence:    return {503, {{5, 5, 1}}, "Bad sequence of commands"};
    case Errc::line_too_long:   return {500, {{5, 5, 2}}, "Line too long"};
    case Errc::too_large:       return {552, {{5, 3, 4}}, "Message too large"};
    case Errc::limit_reached:   return {451, {{4, 3, 2}}, "Too busy, please try again later"};
    case Errc::not_found:       return {550, {{5, 1, 1}}, "No such address here"};
    case Errc::not_permitted:   return {550, {{5, 7, 1}}, "Not permitted"};
    case Errc::auth_failed:     return {535, {{5, 7, 8}}, "Authentication failed"};
    case Errc::over_quota:      return {452, {{4, 2, 2}}, "Mailbox full"};
    case Errc::store_full:      return {452, {{4, 3, 1}}, "No space left, please try again later"};
    case Errc::unsupported:     return {502, {{5, 5, 1}}, "Not implemented"};
    case Errc::policy_reject:   return {554, {{5, 4, 6}}, "Too many hops: this mail is in a loop"};
    case Errc::tls_failed:      return {454, {{4, 7, 0}}, "TLS failed"};
    case Errc::bad_config:      return {451, {{4, 3, 5}}, kLater};
    case Errc::dns_unavailable:
    case Errc::dns_bogus:       return {451, {{4, 4, 3}}, kLater};
    case Errc::peer_timeout:
    case Errc::peer_closed:     return {421, {{4, 4, 2}}, "Time is up, closing the connection"};
    case Errc::woken:
    case Errc::shutting_down:   return {421, {{4, 3, 2}}, "Shutting down, please come back"};
    // The rest says nothing about the message or its sender: whatever it is, it is ours.
    case Errc::already_exists:
    case Errc::unavailable:
    case Errc::outcome_unknown:
    case Errc::corrupt:
    case Errc::io_failed:
    case Errc::conflict:        return {451, {{4, 3, 0}}, kLater};
  }
  return {451, {{4, 3, 0}}, kLater};
}

smtp::Reply reply_login_over(int code) {
  return {code, {{4, 7, 0}}, "Your login is good no more, please log in again"};
}

smtp::Reply reply_for(smtp::DataFlaw flaw) {
  return {554, {{5, 6, 0}}, "Message refused: it holds a " + std::string{smtp::to_string(flaw)}};
}

smtp::Reply reply_for(const delivery::RecipientVerdict& verdict) {
  using Kind = delivery::RecipientVerdict::Kind;
  const auto in_words = [&](const char* words) {
    return verdict.text.empty() ? std::string{words} : verdict.text;
  };
  switch (verdict.kind) {
    case Kind::accept:       return {250, {{2, 1, 5}}, "OK"};
    case Kind::unknown:      return {550, {{5, 1, 1}}, in_words("No such address here")};
    case Kind::disabled:     return {550, {{5, 1, 1}}, in_words("No such address here")};
    case Kind::relay_denied: return {550, {{5, 7, 1}}, in_words("Relaying denied")};
    case Kind::full:         return {452, {{4, 2, 2}}, in_words("Mailbox full")};
    case Kind::full_long:    return {552, {{5, 2, 2}}, in_words("Mailbox full for days")};
    case Kind::never_fits:
      return {552, {{5, 2, 3}}, in_words("Message larger than the mailbox may be")};
    case Kind::try_later: return {451, {{4, 3, 0}}, in_words("Please try again later")};
  }
  return {451, {{4, 3, 0}}, "Please try again later"};
}

}  // namespace postern::smtpd
