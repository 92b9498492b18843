#include "smtpd/report_mail.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "reports/observe.hpp"
#include "smtpd/state.hpp"

namespace postern::smtpd {

bool is_for_reports(const Session& session) {
  const auto& settings = session.settings;
  if (session.submission() || session.services.reports == nullptr || !settings.takes_reports)
    return false;
  return std::ranges::any_of(session.transaction.recipients,
                             [&settings](const delivery::Recipient& recipient) {
                               return settings.takes_reports(recipient.address);
                             });
}

void ReportMail::feed(std::string_view octets) {
  if (too_large_) return;
  too_large_ =
      octets_.size() + octets.size() > reports::kMaxReportMail || !inbox_.hold(octets.size());
  if (!too_large_) {
    octets_ += octets;
    return;
  }
  inbox_.release(octets_.size());
  octets_ = {};
}

Task<> ReportMail::read(const mailauth::Findings& found, delivery::Transaction& transaction) {
  if (too_large_) {
    transaction.facts.emplace_back("report", "ignored: too large, or too many at a time");
    co_return;
  }
  const auto size = octets_.size();
  auto proof = reports::proof_of(found);
  auto taken = co_await inbox_.take(std::exchange(octets_, {}), std::move(proof));
  inbox_.release(size);
  transaction.facts.emplace_back("report", std::move(taken.fact));
  transaction.also.append(std::move(taken.batch));
}

std::optional<reports::SeenMessage> to_tell(const Session& session, const mailauth::Findings& found,
                                            const mime::Message& message, bool refused) {
  const auto* const reports = session.services.reports;
  if (reports == nullptr || !reports->counting() || is_for_reports(session) ||
      reports::is_report(message))
    return std::nullopt;
  if (refused && found.disposition.action != dmarc::Action::reject) return std::nullopt;
  std::vector<smtp::Address> recipients;
  recipients.reserve(session.transaction.recipients.size());
  for (const auto& recipient : session.transaction.recipients)
    recipients.push_back(recipient.address);
  return reports::observe(found, recipients);
}

}  // namespace postern::smtpd
