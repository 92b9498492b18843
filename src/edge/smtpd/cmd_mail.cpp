#include <utility>

#include "smtpd/commands.hpp"
#include "smtpd/reply_for.hpp"
#include "smtpd/sender_check.hpp"
#include "smtpd/state.hpp"

namespace postern::smtpd {
namespace {

void begin(Session& session, const smtp::Mail& mail) {
  Transaction& transaction = session.transaction;
  transaction.open = true;
  transaction.id = session.services.trace.new_id();
  transaction.declared = mail.size.value_or(0);
  transaction.envelope = {.from = mail.from,
                          .envid = mail.envid.value_or(""),
                          .return_full = mail.ret == smtp::Ret::full,
                          .body_8bit = mail.body == smtp::Body::eight_bit_mime,
                          .smtputf8 = mail.smtputf8};
}

/// Row A3. Our own domains need no DNS: we can answer them.
Task<std::optional<smtp::Reply>> judge_inbound(Session& session, const smtp::Address& from) {
  const std::string& domain = from.domain.ascii;
  if (!session.settings.check_sender_domain || session.services.directory.is_local_domain(domain))
    co_return std::nullopt;
  co_return co_await judge_sender_domain(session.services.resolver, domain);
}

}  // namespace

Task<Flow> run(Session& session, const smtp::Mail& mail) {
  std::optional<smtp::Reply> refusal;
  if (mail.size.value_or(0) > session.settings.max_message) {
    refusal = reply_for(Errc::too_large);
  } else if (mail.from && session.submission()) {
    if (!session.may_relay() &&
        !session.services.directory.may_send_as(session.account(), *mail.from))
      refusal = {553, {{5, 7, 1}}, "The sender is not an address of yours"};
  } else if (mail.from) {
    refusal = co_await judge_inbound(session, *mail.from);
  }
  if (refusal) {
    session.count_refusal();
    session.transaction.id = session.services.trace.new_id();
    session.transaction.envelope.from = mail.from;
    session.note_refusal(*refusal);
    session.reset();
    session.logger.info("sender refused",
                        {{"from", log::Address{mail.from ? smtp::to_string(*mail.from) : "<>"}},
                         {"reply", log::Detail{smtp::to_line(*refusal)}}});
    session.wire.say(*refusal);
    co_return Flow::go_on;
  }
  begin(session, mail);
  session.wire.say({250, {{2, 1, 0}}, "OK"});
  co_return Flow::go_on;
}

}  // namespace postern::smtpd
