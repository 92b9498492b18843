#include "sim/look.hpp"

#include <utility>
#include <vector>

#include <fmt/format.h>

#include "vocab/try.hpp"

namespace postern::sim {
namespace {

constexpr std::uint64_t kPiece = std::uint64_t{1} << 20U;

/// A message as its reader gets it, against what was handed in.
Task<Result<void>> read_through(store::AccountSession& session, store::StoredMessage message,
                                Tag tag, const AccountModel::Breach& breach) {
  const std::uint64_t size = message.served_size();
  std::string octets;
  while (octets.size() < size) {
    POSTERN_CO_TRY(const auto piece, co_await session.read(message, octets.size(), kPiece));
    if (piece.empty()) break;
    octets += piece;
  }
  if (octets.size() != size || !octets.ends_with(make_mail(tag)))
    breach(fmt::format("message {} does not read as it was sent", tag.value()));
  co_return Result<void>{};
}

/// The messages behind a view, as tags. One that is not ours (a notice) has tag 0.
Task<Result<std::vector<Tag>>> tags_of(store::AccountSession& session,
                                       const store::MailboxView& view, bool deep,
                                       const AccountModel::Breach& breach) {
  std::vector<MessageId> ids;
  ids.reserve(view.size());
  for (std::size_t i = 0; i < view.size(); ++i) ids.push_back(view.at(i).message);
  POSTERN_CO_TRY(auto messages, co_await session.messages(ids));
  std::vector<Tag> tags;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    tags.emplace_back();
    auto& message = messages[i];
    if (!message) {
      breach(fmt::format("mailbox {}, uid {}: shown, and its message is gone",
                         view.info().id.value(), view.at(i).uid.value()));
      continue;
    }
    POSTERN_CO_TRY(const auto envelope, message->envelope());
    const auto tag = tag_of_subject(envelope.subject.value_or(""));
    if (message->served_size() != view.at(i).size) {
      breach(fmt::format("mailbox {}, uid {}: size {} shown as {}", view.info().id.value(),
                         view.at(i).uid.value(), message->served_size(), view.at(i).size));
    }
    if (!tag) continue;
    tags.back() = *tag;
    if (deep) POSTERN_CO_CHECK(co_await read_through(session, *std::move(message), *tag, breach));
  }
  co_return tags;
}

}  // namespace

Task<Result<Looked>> look(store::AccountSession& session, AccountModel& model, bool deep,
                          AccountModel::Breach breach) {
  const auto epoch = model.epoch();
  POSTERN_CO_TRY(const auto infos, co_await session.mailboxes());
  if (epoch != model.epoch()) co_return Looked::disturbed;
  model.see_boxes(infos);
  std::uint64_t octets = 0;
  for (const auto& info : infos) {
    const auto view = co_await session.view(info.id);
    if (!view && view.error().code == Errc::not_found) co_return Looked::disturbed;
    if (!view) co_return std::unexpected(view.error());
    POSTERN_CO_TRY(const auto tags, co_await tags_of(session, **view, deep, breach));
    if (epoch != model.epoch()) co_return Looked::disturbed;
    model.see_view(**view, tags);
    octets += (*view)->info().octets;
  }
  POSTERN_CO_TRY(const auto quota, co_await session.quota());
  if (epoch != model.epoch()) co_return Looked::disturbed;
  if (model.quiet() && !session.stale() && quota.used != octets)
    breach(fmt::format("quota says {} octets, the mailboxes hold {}", quota.used, octets));
  model.see_all();
  co_return Looked::all;
}

}  // namespace postern::sim
