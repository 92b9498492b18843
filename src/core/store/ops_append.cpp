#include <map>
#include <utility>

#include "store/edit.hpp"
#include "store/ops.hpp"
#include "vocab/try.hpp"

namespace postern::store {
namespace {

using std::chrono::hours;

bool exceeds(const layout::StateRecord& state, std::uint64_t limit) {
  return state.quota != 0 && state.used > limit;
}

NewMessage to_new(const AppendRequest& request, Timestamp now) {
  return {.mailbox = request.mailbox,
          .staged = request.message.get(),
          .prefix = {},
          .elided = {},
          .flags = request.flags,
          .internal_date = request.internal_date.value_or(now),
          .internal_offset = request.internal_offset};
}

MailboxId target_of(const Account& account, const Placement& placement) {
  const auto inbox = account.tip().find("INBOX");
  if (const auto* id = std::get_if<MailboxId>(&placement.mailbox)) {
    if (account.tip().mailboxes.contains(*id)) return *id;
  } else if (const auto use = std::get<SpecialUse>(placement.mailbox); use != SpecialUse::none) {
    if (const auto found = account.tip().find(use)) return *found;
  }
  return inbox.value_or(MailboxId{});
}

}  // namespace

Task<Result<std::vector<AppendResult>>> append(Account& account,
                                               std::vector<AppendRequest> requests) {
  auto guard = co_await account.writer().lock();
  POSTERN_CO_CHECK(co_await account.load());
  Edit edit{account, account.home().clock.now()};
  std::vector<AppendResult> out;
  std::map<BlobId, std::uint64_t> copies;
  for (const auto& request : requests) {
    if (!edit.has_mailbox(request.mailbox)) co_return fail(Errc::not_found, "no such mailbox");
    const auto& staged = *request.message;
    const auto n = ++copies[staged.blob];
    POSTERN_CO_TRY(const auto added, edit.add_message(to_new(request, edit.now()), n));
    if (n == 1) edit.take_body(staged);
    out.push_back({.uid_validity = edit.mailbox(request.mailbox).uid_validity,
                   .uid = added.uid,
                   .message = added.message});
  }
  if (exceeds(edit.state(), edit.state().quota)) co_return fail(Errc::over_quota);
  POSTERN_CO_CHECK(
      co_await account.commit(std::move(edit), std::move(guard), kv::Engine::Purpose::adds_mail));
  co_return out;
}

Task<Result<QuotaVerdict>> check_quota(Account& account, std::uint64_t size) {
  const auto guard = co_await account.writer().lock();
  POSTERN_CO_CHECK(co_await account.load());
  const auto& state = account.tip().state;
  if (state.quota == 0) co_return QuotaVerdict::ok;
  if (size > state.quota) co_return QuotaVerdict::never_fits;
  if (state.used >= state.quota) {
    const auto full_for = account.home().clock.now() - state.full_since;
    co_return full_for >= hours{72} ? QuotaVerdict::full_long : QuotaVerdict::full;
  }
  co_return state.used + size > quota_with_grace(state.quota) ? QuotaVerdict::full
                                                              : QuotaVerdict::ok;
}

Result<void> add_arrivals(const Account& account, Edit& edit, const StagedMessage& message,
                          std::vector<Arrival>& arrivals) {
  std::uint64_t copies = 0;
  for (auto& arrival : arrivals) {
    const auto& placement = *arrival.placement;
    const auto mailbox = target_of(account, placement);
    if (!edit.has_mailbox(mailbox)) return fail(Errc::corrupt, "account without INBOX");
    NewMessage arriving{.mailbox = mailbox,
                        .staged = &message,
                        .prefix = placement.prefix,
                        .elided = placement.elided,
                        .flags = placement.flags,
                        .internal_date = edit.now()};
    POSTERN_TRY(const auto added, edit.add_message(arriving, ++copies));
    const auto& record = edit.mailbox(mailbox);
    arrival.placed = {.account = account.id(),
                      .mailbox = mailbox,
                      .mailbox_name = record.name,
                      .uid_validity = record.uid_validity,
                      .uid = added.uid,
                      .message = added.message};
  }
  if (exceeds(edit.state(), quota_with_grace(edit.state().quota))) return fail(Errc::over_quota);
  return {};
}

}  // namespace postern::store
