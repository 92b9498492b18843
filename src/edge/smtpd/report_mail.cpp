#include "smtpd/report_mail.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "reports/observe.hpp"
#include "smtpd/state.hpp"

namespace postern::smtpd {

bool is_for_reports(const Session& session, const std::vector<delivery::Recipient>& recipients) {
  const auto& settings = session.settings;
  if (session.submission() || session.services.reports == nullptr || !settings.takes_reports)
    return false;
  return std::ranges::any_of(recipients, [&settings](const delivery::Recipient& recipient) {
    return settings.takes_reports(recipient.address);
  });
}

Task<> read_report(const Session& session, WholeMessage message, const mailauth::Findings& found,
                   delivery::Transaction& transaction) {
  const auto content = [&draft = message.draft] { return draft.content(); };
  auto taken = co_await session.services.reports->inbox().take(session.core, message.size, content,
                                                               reports::proof_of(found));
  transaction.facts.emplace_back("report", std::move(taken.fact));
  transaction.also.append(std::move(taken.batch));
}

namespace {

/// Whether it goes nowhere but to addresses where reports come in.
bool is_only_for_reports(const Session& session) {
  return is_for_reports(session, session.transaction.recipients) &&
         std::ranges::all_of(session.transaction.recipients,
                             [&session](const delivery::Recipient& recipient) {
                               return session.settings.takes_reports(recipient.address);
                             });
}

/// Whether nobody is told of it, lest reports be about reports. Only its author may choose that: a
/// forger would hide by the same means.
bool is_exempt(const Session& session, const mailauth::Findings& found,
               const mime::Message& message) {
  const bool proven = found.dmarc && found.dmarc->result == dmarc::Conclusion::pass;
  return proven && (is_only_for_reports(session) || reports::is_report(message));
}

}  // namespace

std::optional<reports::SeenMessage> to_tell(const Session& session, const mailauth::Findings& found,
                                            const mime::Message& message, bool refused) {
  const auto* const reports = session.services.reports;
  if (reports == nullptr || !reports->counting()) return std::nullopt;
  if (refused && found.disposition.action != dmarc::Action::reject) return std::nullopt;
  if (!refused && is_exempt(session, found, message)) return std::nullopt;
  std::vector<smtp::Address> recipients;
  recipients.reserve(session.transaction.recipients.size());
  for (const auto& recipient : session.transaction.recipients)
    recipients.push_back(recipient.address);
  return reports::observe(found, recipients);
}

}  // namespace postern::smtpd
