#include <algorithm>

#include "smtp/data.hpp"
#include "smtpd/commands.hpp"
#include "smtpd/incoming.hpp"
#include "smtpd/reply_for.hpp"
#include "smtpd/state.hpp"
#include "vocab/try.hpp"

namespace postern::smtpd {
namespace {

Flow give_up(Session& session, Errc code) {
  session.logger.info("message data broke off", {{"id", session.transaction.id}, {"why", code}});
  session.reset();
  if (code == Errc::too_large) session.wire.say(reply_for(code));
  return trouble(session, code);
}

/// What `decoder` makes of the input in hand, dots undone, in one piece.
void decode(smtp::DataDecoder& decoder, std::string_view& input, std::string& out) {
  out.clear();
  while (!input.empty() && !decoder.done()) out += decoder.take(input);
}

/// The octets of one chunk; what is left of it when the wait for more fails is in `left`.
Task<Result<void>> take_chunk(Session& session, std::uint64_t& left) {
  Chunked* const chunked = session.transaction.chunked.get();
  Patience nobodys{session};
  Patience& patience = chunked != nullptr ? chunked->patience : nobodys;
  const Incoming* const message = chunked != nullptr ? &chunked->message : nullptr;
  while (left > 0) {
    POSTERN_CO_CHECK(co_await patience.fill(message, session.settings.timeouts.data_block));
    std::string_view& input = session.wire.input();
    const auto piece =
        input.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left, input.size())));
    input.remove_prefix(piece.size());
    left -= piece.size();
    if (chunked == nullptr) continue;
    chunked->lines.take(piece);
    if (const auto flaw = chunked->lines.flaw()) chunked->message.refuse(reply_for(*flaw));
    co_await chunked->message.take(piece);
  }
  co_return Result<void>{};
}

}  // namespace

/// RFC 5321 §4.1.1.4. Whatever is wrong with the data, it is read to its end: a reply in its midst
/// would let the rest be taken for commands.
Task<Flow> run(Session& session, const smtp::Data&) {
  if (session.transaction.recipients.empty()) {
    session.wire.say({554, {{5, 5, 1}}, "No valid recipients"});
    co_return Flow::go_on;
  }
  session.wire.say({354, std::nullopt, "End data with <CR><LF>.<CR><LF>"});
  Incoming message{session};
  smtp::DataDecoder decoder;
  Patience patience{session};
  std::string piece;
  while (!decoder.done()) {
    const auto filled = co_await patience.fill(&message, session.settings.timeouts.data_block);
    if (!filled) co_return give_up(session, filled.error().code);
    decode(decoder, session.wire.input(), piece);
    co_await message.take(piece);
  }
  const smtp::Reply reply = co_await message.finish(decoder.flaw());
  if (reply.code != 250) session.count_refusal();
  session.reset();
  session.wire.say(reply);
  co_return Flow::go_on;
}

/// RFC 3030 §2. The chunk's octets follow the command whatever the answer will be. A chunk that is
/// refused ends the transaction, so that those behind it are refused too (row A2).
Task<Flow> run(Session& session, const smtp::Bdat& bdat) {
  const bool allowed = !session.transaction.recipients.empty();
  if (allowed && !session.transaction.chunked)
    session.transaction.chunked = std::make_unique<Chunked>(session);
  std::uint64_t left = bdat.size;
  const auto taken = co_await take_chunk(session, left);
  if (!taken) co_return give_up(session, taken.error().code);
  if (!allowed) {
    session.scold(session.transaction.open ? smtp::Reply{554, {{5, 5, 1}}, "No valid recipients"}
                                           : smtp::Reply{503, {{5, 5, 1}}, "MAIL and RCPT first"});
    co_return Flow::go_on;
  }
  Chunked& chunked = *session.transaction.chunked;
  if (!bdat.last && !chunked.message.refused()) {
    session.wire.say({250, {{2, 0, 0}}, std::to_string(bdat.size) + " octets taken"});
    co_return Flow::go_on;
  }
  chunked.lines.finish();
  const smtp::Reply reply = co_await chunked.message.finish(chunked.lines.flaw());
  if (reply.code != 250) session.count_refusal();
  session.reset();
  session.wire.say(reply);
  co_return Flow::go_on;
}

}  // namespace postern::smtpd
