#include "sim/smtp_user.hpp"

#include <utility>

#include <fmt/format.h>

#include "async/sleep.hpp"
#include "text/base64.hpp"
#include "vocab/try.hpp"

namespace postern::sim {

Task<> SmtpUser::run() {
  while (!over()) {
    const Duration pause{static_cast<std::int64_t>(chance_.below(8000))};
    co_await sleep(life_.machine().core(), pause);
    if (over()) break;
    (void)co_await connection();
  }
}

Task<Result<void>> SmtpUser::connection() {
  const bool submission = chance_.once_in(2);
  LineClient client{knock_(where_.node, submission ? Door::submissions : Door::smtp)};
  if (submission) POSTERN_CO_CHECK(co_await client.begin_tls());
  POSTERN_CO_CHECK(co_await client.reply());
  POSTERN_CO_CHECK(co_await client.command("EHLO client.c.example"));
  if (submission) {
    const auto& slot = *where_.here.front();
    const std::string login = std::string{'\0'} + slot.address + '\0' + slot.password;
    POSTERN_CO_TRY(const int code, co_await client.command("AUTH PLAIN " + text::to_base64(login)));
    if (code != 235) co_return Result<void>{};
  }
  for (std::size_t n = chance_.between(1, 3); n > 0 && !over(); --n)
    POSTERN_CO_CHECK(co_await transaction(client, submission));
  POSTERN_CO_CHECK(co_await client.command("QUIT"));
  co_return Result<void>{};
}

Task<Result<void>> SmtpUser::transaction(LineClient& client, bool submission) {
  ++shared_.operations;
  const Tag tag = shared_.new_tag();
  const bool null_sender = !submission && chance_.once_in(4);
  const std::string from = submission    ? where_.here.front()->address
                           : null_sender ? std::string{}
                                         : "somebody@c.example";
  POSTERN_CO_TRY(const int mail, co_await client.command("MAIL FROM:<" + from + ">"));
  if (mail != 250) co_return Result<void>{};
  POSTERN_CO_TRY(auto to, co_await recipients(client, submission));
  if (to.local.empty() && !to.remote && !to.nobody) {
    POSTERN_CO_CHECK(co_await client.command("RSET"));
    co_return Result<void>{};
  }
  POSTERN_CO_TRY(const int data, co_await client.command("DATA"));
  if (data != 354) co_return Result<void>{};
  co_return co_await content(client, std::move(to), tag);
}

Task<Result<SmtpUser::Handed>> SmtpUser::recipients(LineClient& client, bool submission) {
  Handed to{.returns = submission};
  for (auto* const slot : where_.here) {
    if (chance_.once_in(3)) continue;
    POSTERN_CO_TRY(const int rcpt, co_await client.command("RCPT TO:<" + slot->address + ">"));
    if (rcpt == 250) to.local.push_back(slot);
  }
  if (submission && !where_.there.empty() && chance_.once_in(2)) {
    const auto& address = where_.there.at(chance_.below(where_.there.size()))->address;
    POSTERN_CO_TRY(const int rcpt, co_await client.command("RCPT TO:<" + address + ">"));
    to.remote = rcpt == 250;
  }
  if (where_.bounces != nullptr && chance_.once_in(3)) {
    const auto& address = submission ? where_.nobody : where_.gone;
    POSTERN_CO_TRY(const int rcpt, co_await client.command("RCPT TO:<" + address + ">"));
    to.nobody = rcpt == 250;
  }
  co_return to;
}

/// What the reply to the content says about each copy.
void SmtpUser::end(const Operations& operations, const Result<int>& code) {
  for (const auto& [model, op] : operations) {
    if (code && *code == 250) {
      model->done(op, {}, {}, true);
    } else if (code && *code >= 500) {
      model->refused(op);
    } else {
      model->unknown(op);
    }
  }
}

Task<Result<void>> SmtpUser::content(LineClient& client, Handed to, Tag tag) {
  Operations operations;
  operations.reserve(to.local.size());
  for (auto* const slot : to.local) {
    operations.emplace_back(
        slot->model.get(),
        slot->model->begin(
            {.what = fmt::format("message {} over SMTP", tag.value()),
             .births = {{.tag = tag, .box = slot->model->box_named("INBOX"), .states = only(0)}}}));
  }
  if (to.remote)
    for (auto* const slot : where_.there) slot->model->relay(tag);
  if (to.nobody) where_.bounces->handed_in(tag, to.returns, where_.interruptions());
  auto code = co_await client.command(make_mail(tag) + ".");
  if (life_.dead()) co_return fail(Errc::peer_closed);
  if (code) shared_.mix(static_cast<std::uint64_t>(*code) ^ tag.value());
  end(operations, code);
  if (to.nobody && code && *code >= 500) where_.bounces->refused(tag);
  if (code && *code == 250) {
    ++shared_.acknowledged;
    if (to.nobody) where_.bounces->taken(tag);
    if (to.remote) where_.owed->insert(tag);
  }
  if (!code) co_return std::unexpected(code.error());
  co_return Result<void>{};
}

}  // namespace postern::sim
