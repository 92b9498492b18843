#include "sim/bounces.hpp"

#include <optional>
#include <utility>

#include <fmt/format.h>

#include "sim/mail.hpp"
#include "vocab/try.hpp"

namespace postern::sim {
namespace {

constexpr std::uint64_t kReport = std::uint64_t{64} << 10U;

/// The message that a report of failure is about: it gives back that one's header.
std::optional<Tag> tag_of_report(std::string_view report) {
  if (!report.contains("Action: failed\r\n")) return std::nullopt;
  constexpr std::string_view kField = "\r\nSubject: ";
  for (auto at = report.find(kField); at != std::string_view::npos;
       at = report.find(kField, at + 1)) {
    const auto value = report.substr(at + kField.size());
    if (const auto tag = tag_of_subject(value.substr(0, value.find("\r\n")))) return tag;
  }
  return std::nullopt;
}

}  // namespace

void Bounces::handed_in(Tag tag, bool returns, std::uint64_t interruptions) {
  messages_[tag] = {.returns = returns, .interruptions = interruptions};
}

Task<Result<void>> Bounces::collect(store::AccountSession& session, bool of_sender,
                                    AccountModel::Breach breach) {
  POSTERN_CO_TRY(const auto infos, co_await session.mailboxes());
  for (const auto& info : infos) {
    POSTERN_CO_TRY(const auto view, co_await session.view(info.id));
    std::vector<MessageId> ids;
    ids.reserve(view->size());
    for (std::size_t i = 0; i < view->size(); ++i) ids.push_back(view->at(i).message);
    POSTERN_CO_TRY(auto found, co_await session.messages(std::move(ids)));
    for (auto& message : found) {
      if (!message) continue;
      POSTERN_CO_TRY(const auto envelope, message->envelope());
      if (tag_of_subject(envelope.subject.value_or(""))) continue;
      POSTERN_CO_TRY(const auto text, co_await session.read(*std::move(message), 0, kReport));
      const auto tag = tag_of_report(text);
      const auto known = tag ? messages_.find(*tag) : messages_.end();
      if (known == messages_.end() || !of_sender) {
        breach(fmt::format("{} got a report on nothing of its own: {}", session.address(), text));
      } else {
        ++known->second.reports;
      }
    }
  }
  co_return Result<void>{};
}

void Bounces::check(std::uint64_t interruptions, const AccountModel::Breach& breach) const {
  for (const auto& [tag, message] : messages_) {
    const std::uint64_t least = message.returns && message.taken ? 1 : 0;
    const std::uint64_t most =
        message.returns ? 1 + interruptions - message.interruptions : std::uint64_t{0};
    if (message.reports < least || message.reports > most) {
      breach(fmt::format("message {} was reported {} times, not {} to {}", tag.value(),
                         message.reports, least, most));
    }
  }
}

}  // namespace postern::sim
