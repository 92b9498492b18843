#include <utility>

#include "smtpd/commands.hpp"
#include "smtpd/reply_for.hpp"
#include "smtpd/state.hpp"

namespace postern::smtpd {
namespace {

using Kind = delivery::RecipientVerdict::Kind;

queue::Notify to_queue(const std::optional<smtp::Notify>& notify) {
  if (!notify) return {};
  std::uint8_t bits = 0;
  if (notify->success) bits |= queue::Notify::kSuccess;
  if (notify->failure) bits |= queue::Notify::kFailure;
  if (notify->delay) bits |= queue::Notify::kDelay;
  return {.bits = bits == 0 ? queue::Notify::kNever : bits, .given = true};
}

delivery::Recipient to_recipient(const smtp::Rcpt& rcpt) {
  delivery::Recipient out;
  out.address = rcpt.to;
  out.notify = to_queue(rcpt.notify);
  if (rcpt.original) out.orcpt = rcpt.original->type + ';' + rcpt.original->address;
  return out;
}

/// What needs no look at the recipient. A net that guesses addresses gets the same answer for every
/// one, as fast, because nothing is looked up (row A4).
std::optional<smtp::Reply> objection(const Session& session) {
  const Transaction& transaction = session.transaction;
  if (!session.submission() &&
      session.services.guard.closed(session.peer, session.core.clock.now()))
    return smtp::Reply{451, {{4, 7, 1}}, "Too many unknown recipients from your network"};
  if (!transaction.envelope.from && !transaction.recipients.empty())
    return smtp::Reply{452, {{4, 5, 3}}, "A report goes to one recipient"};
  if (transaction.recipients.size() >= session.settings.max_recipients)
    return smtp::Reply{452, {{4, 5, 3}}, "Too many recipients"};
  return std::nullopt;
}

void refuse(Session& session, const smtp::Rcpt& rcpt, Kind kind, const smtp::Reply& reply) {
  const bool nobody = kind == Kind::unknown || kind == Kind::disabled;
  if (nobody && !session.submission())
    session.services.guard.unknown_recipient(session.peer, session.core.clock.now());
  if (kind == Kind::relay_denied) ++session.errors;
  session.note_refusal(reply, rcpt.to);
  session.logger.info("recipient refused", {{"id", session.transaction.id},
                                            {"to", log::Address{smtp::to_string(rcpt.to)}},
                                            {"reply", log::Detail{smtp::to_line(reply)}}});
  session.wire.say(reply);
}

}  // namespace

Task<Flow> run(Session& session, const smtp::Rcpt& rcpt) {
  if (const auto reply = objection(session)) {
    session.services.metrics.refused.add();
    session.wire.say(*reply);
    co_return Flow::go_on;
  }
  delivery::Source source;
  source.submission = session.submission();
  source.account = session.account();
  const auto verdict =
      co_await session.services.delivery.check(rcpt.to, session.transaction.declared, source);
  const smtp::Reply reply = reply_for(verdict);
  if (verdict.kind != Kind::accept) {
    refuse(session, rcpt, verdict.kind, reply);
    co_return Flow::go_on;
  }
  session.transaction.recipients.push_back(to_recipient(rcpt));
  session.wire.say(reply);
  co_return Flow::go_on;
}

}  // namespace postern::smtpd
