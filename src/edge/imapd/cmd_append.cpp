#include <algorithm>
#include <utility>

#include "imap/print.hpp"
#include "imap/response_code.hpp"
#include "imapd/commands.hpp"
#include "imapd/flag_names.hpp"
#include "imapd/response_for.hpp"
#include "net/pace.hpp"
#include "vocab/try.hpp"

// APPEND (RFC 9051 §6.3.12), with several messages (RFC 3502). Octets go into the store's drafts as
// they come; nothing is in a mailbox before all of them are.
namespace postern::imapd {
namespace {

/// Taken from the reader at once.
constexpr std::size_t kPiece = 64UL * 1024;

/// Nobody is hung up on sooner than RFC 9051 §5.4 lets us; but memory that others need is not kept
/// for who drips: that is answered by NO, and the rest of the message thrown away.
constexpr net::PaceLimits kPace{.grace = std::chrono::minutes{30}, .rate = 256};
constexpr net::PaceLimits kScarcePace{.grace = std::chrono::seconds{10}, .rate = 16UL * 1024};

Answer holds_nul() {
  return no("The message holds a NUL: send it as a literal8, \"~{...}\"", "CANNOT");
}

Answer no_such_mailbox() {
  return no("Create the mailbox first", "TRYCREATE");
}

/// What is wrong with the message about to come, before its octets do.
std::optional<Answer> objection(const Connection& c, const imap::AppendMessage& message) {
  if (message.size == 0) return no("A message without octets: nothing was appended");
  if (message.size > c.settings.max_message) return no("The message is too large", "TOOBIG");
  if (message.utf8 && !c.utf8) return bad("UTF8=ACCEPT is not enabled");
  if (!named_flags(message.flags)) return no("There is no such flag", "CANNOT");
  return std::nullopt;
}

/// Finds the mailbox and sees whether the quota has room, as far as can be known.
Task<Result<void>> begin(Connection& c, const imap::Append& command) {
  const auto size = command.messages.back().size;
  if (!c.append) {
    POSTERN_CO_TRY(const auto info, co_await c.account->mailbox(command.mailbox));
    c.append = std::make_unique<PendingAppend>(info.id);
  }
  c.append->octets += size;
  POSTERN_CO_TRY(const auto quota, co_await c.account->quota());
  if (quota.limit != 0 && quota.used + c.append->octets > quota.limit)
    co_return fail(Errc::over_quota);
  co_return Result<void>{};
}

/// Waits for octets of the message. `limit_reached`: it drips, and memory is scarce.
/// `peer_timeout`: too little came for too long.
Task<Result<void>> more_octets(Connection& c, const store::Draft& draft, net::Pace& pace) {
  const Instant until = c.core.clock.instant() + read_limit(c);
  for (;;) {
    const Instant before = c.core.clock.instant();
    const auto got = co_await more_input(c, std::min(until - before, net::Pace::kLook));
    pace.waited(c.core.clock.instant() - before);
    if (!got && got.error().code != Errc::peer_timeout) co_return std::unexpected(got.error());
    if (draft.memory_scarce() && !pace.within(kScarcePace)) co_return fail(Errc::limit_reached);
    if (!pace.within(kPace)) co_return fail(Errc::peer_timeout);
    if (got) co_return Result<void>{};
    if (c.core.clock.instant() >= until) co_return std::unexpected(got.error());
  }
}

/// `bad_syntax`: a NUL, which only a literal8 may hold (RFC 9051 §4.3.1); it would go out again in
/// FETCH's literals, and clients end their strings there.
Task<Result<void>> take_octets(Connection& c, store::Draft& draft) {
  const bool may_hold_nul = c.reader.message().literal8;
  net::Pace pace;
  while (c.reader.message_left() > 0) {
    const auto piece = c.reader.take_message(kPiece);
    pace.got(piece.size());
    if (piece.empty()) {
      POSTERN_CO_CHECK(co_await more_octets(c, draft, pace));
    } else {
      if (!may_hold_nul && piece.contains('\0')) co_return fail(Errc::bad_syntax);
      POSTERN_CO_CHECK(co_await draft.feed(piece));
    }
  }
  POSTERN_CO_TRY(auto staged, co_await draft.finish());
  c.append->messages.push_back(std::move(staged));
  co_return Result<void>{};
}

Task<Result<void>> receive(Connection& c, const imap::Append& command) {
  POSTERN_CO_CHECK(co_await begin(c, command));
  const auto draft = c.account->new_draft();
  if (c.reader.accept_message()) imap::append_continuation(c.out.buffer(), "go on");
  co_return co_await take_octets(c, *draft);
}

/// Ends the APPEND that is coming in; what is still to come of it is thrown away.
void turn_down(Connection& c, const std::string& tag, const Answer& answer) {
  c.append.reset();
  c.reader.refuse_message();
  imap::append_status_response(c.out.buffer(), tag, answer.status, answer.code, answer.text);
}

}  // namespace

Task<Result<void>> take_message(Connection& c) {
  auto request = imap::parse_command(c.reader.text(), c.form());
  if (!request) {
    c.reader.refuse_message();
    refuse(c, request.error());
    co_return Result<void>{};
  }
  const auto* const command = std::get_if<imap::Append>(&request->command);
  if (command == nullptr || command->messages.empty() || !c.account) {
    turn_down(c, request->tag, bad("Log in first"));
    co_return Result<void>{};
  }
  if (const auto why = objection(c, command->messages.back())) {
    turn_down(c, request->tag, *why);
    co_return Result<void>{};
  }
  auto taken = co_await receive(c, *command);
  if (taken) co_return taken;
  const auto code = taken.error().code;
  const auto answer = code == Errc::not_found    ? no_such_mailbox()
                      : code == Errc::bad_syntax ? holds_nul()
                                                 : response_for(code);
  if (!answer) co_return taken;
  turn_down(c, request->tag, *answer);
  co_return co_await c.out.drain_if_large();
}

Answered cmd_append(Connection& c, imap::Append command) {
  if (!c.append || c.append->messages.size() != command.messages.size())
    co_return bad("No message came");
  std::vector<store::AppendRequest> requests;
  for (std::size_t i = 0; i < command.messages.size(); ++i) {
    const auto& message = command.messages[i];
    store::AppendRequest request{.mailbox = c.append->mailbox,
                                 .message = std::move(c.append->messages[i]),
                                 .flags = named_flags(message.flags).value_or(store::NamedFlags{})};
    if (message.date) {
      request.internal_date = message.date->time;
      request.internal_offset = message.date->offset_minutes;
    }
    requests.push_back(std::move(request));
  }
  c.append.reset();
  const auto made = co_await c.account->append(std::move(requests));
  if (!made && made.error().code == Errc::not_found) co_return no_such_mailbox();
  if (!made) co_return std::unexpected(made.error());
  imap::RangeSet uids;
  for (const auto& one : *made) uids.push_back(one.uid.value());
  co_return ok("Appended", imap::append_uid_code(made->front().uid_validity, uids));
}

}  // namespace postern::imapd
