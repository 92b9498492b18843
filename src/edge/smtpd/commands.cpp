#include "smtpd/commands.hpp"

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "smtpd/reply_for.hpp"
#include "smtpd/state.hpp"

namespace postern::smtpd {
namespace {

constexpr std::uint8_t bit(Stage stage) {
  return static_cast<std::uint8_t>(stage);
}
constexpr std::uint8_t kAny = 31;
constexpr std::uint8_t kReady = bit(Stage::ready);
constexpr std::uint8_t kTransaction = bit(Stage::sender) | bit(Stage::recipients);

struct Rule {
  std::uint8_t stages;  ///< In which it is allowed.
  /// Submission: allowed before TLS (RFC 3207 §4: everything else gets 530) and before AUTH.
  bool in_clear;
  bool without_login;
  bool idle;  ///< Brings no message nearer; too many are too many.
};

// NOOP and its like say nothing and so are always allowed; BDAT must take its octets in any stage.
constexpr Rule kHarmless{kAny, true, true, true};
/// In the order of smtp::Command.
constexpr std::array kRules{
    kHarmless,                                // Hello
    Rule{kReady, false, false, false},        // Mail
    Rule{kTransaction, false, false, false},  // Rcpt
    Rule{kTransaction, false, false, false},  // Data
    Rule{kAny, true, true, false},            // Bdat
    kHarmless,                                // Rset
    kHarmless,                                // Noop
    Rule{kAny, true, true, false},            // Quit
    Rule{kAny, false, false, true},           // Vrfy
    Rule{kAny, false, false, true},           // Expn
    kHarmless,                                // Help
    Rule{kReady, true, true, false},          // StartTls
    Rule{kReady, false, true, false},         // Auth
    Rule{kAny, false, true, true},            // Etrn
    Rule{kAny, true, true, false},            // UnknownCommand
    Rule{kAny, true, true, false},            // RefusedCommand
};
static_assert(kRules.size() == std::variant_size_v<smtp::Command>);

std::string_view what_is_missing(Stage stage) {
  switch (stage) {
    case Stage::fresh:      return "EHLO first";
    case Stage::ready:      return "MAIL first";
    case Stage::sender:
    case Stage::recipients: return "Not within a transaction";
    case Stage::chunks:     return "BDAT or RSET next";
  }
  return "Bad sequence of commands";
}

std::optional<smtp::Reply> objection(const Session& session, const Rule& rule) {
  if (session.submission() && !session.in_tls() && !rule.in_clear)
    return smtp::Reply{530, {{5, 7, 0}}, "Must issue a STARTTLS command first"};
  const Stage stage = session.stage();
  if (stage != Stage::fresh && session.submission() && !session.login && !rule.without_login)
    return smtp::Reply{530, {{5, 7, 0}}, "Authentication required"};
  if ((rule.stages & bit(stage)) == 0)
    return smtp::Reply{503, {{5, 5, 1}}, std::string{what_is_missing(stage)}};
  return std::nullopt;
}

}  // namespace

Task<Flow> execute(Session& session, const smtp::Command& command) {
  const Rule& rule = kRules.at(command.index());
  if (rule.idle) session.count_idle();
  if (const auto reply = objection(session, rule)) {
    session.scold(*reply);
    co_return Flow::go_on;
  }
  co_return co_await std::visit([&](const auto& what) { return run(session, what); }, command);
}

Flow trouble(Session& session, Errc code) {
  const smtp::Reply reply = reply_for(code);
  if (code == Errc::line_too_long) {
    session.scold(reply);
    return Flow::go_on;
  }
  if (reply.code == 421 && code != Errc::peer_closed) session.wire.say(reply);
  return Flow::hang_up;
}

}  // namespace postern::smtpd
