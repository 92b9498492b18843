#include "smtpd/recipient_rules.hpp"

#include <algorithm>
#include <utility>

#include "mailauth/exceptions.hpp"

namespace postern::smtpd {
namespace {

using dmarc::Action;

mailauth::Wishes wishes_of(const directory::Directory& directory, const smtp::Address& address) {
  const auto found = directory.resolve(address);
  if (found.accounts.size() != 1 || !found.remote.empty()) return {};
  const auto account = directory.account(found.accounts.front().account);
  if (!account) return {};
  return {.rule = account->dmarc, .exceptions = account->exceptions};
}

bool is_taken(const dmarc::Disposition& disposition) {
  return disposition.action == Action::accept || disposition.action == Action::junk;
}

smtp::Reply reply_of(const dmarc::Disposition& disposition) {
  return {disposition.reply, smtp::parse_enhanced_status(disposition.enhanced), disposition.text};
}

delivery::Folder folder_of(Action action) {
  switch (action) {
    case Action::accept: return delivery::Folder::inbox;
    case Action::junk:
    case Action::defer:  return delivery::Folder::junk;
    case Action::reject: return delivery::Folder::rejects;
  }
  return delivery::Folder::junk;
}

/// Whether DMARC leaves anything to recipients: most mail passes, and nobody's wishes are looked
/// up.
bool depends_on_recipient(const mailauth::Findings& findings) {
  return findings.dmarc && (findings.dmarc->result == dmarc::Conclusion::fail ||
                            findings.dmarc->result == dmarc::Conclusion::temperror);
}

bool same(const dmarc::Disposition& a, const dmarc::Disposition& b) {
  return a.action == b.action && a.explanation == b.explanation;
}

}  // namespace

RecipientJudgement judge_recipients(const mailauth::Findings& findings,
                                    const directory::Directory& directory,
                                    std::vector<delivery::Recipient>& recipients) {
  std::vector<dmarc::Disposition> each;
  if (depends_on_recipient(findings)) {
    each.reserve(recipients.size());
    for (const auto& recipient : recipients) {
      each.push_back(mailauth::disposition_for(findings, wishes_of(directory, recipient.address)));
    }
  }
  if (each.empty()) each.push_back(findings.disposition);
  RecipientJudgement out;
  if (std::ranges::none_of(each, is_taken)) {
    const auto later = std::ranges::find(each, Action::defer, &dmarc::Disposition::action);
    out.common = later == each.end() ? each.front() : *later;
    out.refusal = reply_of(*out.common);
    return out;
  }
  if (std::ranges::all_of(each, [&](const auto& one) { return same(one, each.front()); })) {
    out.common = std::move(each.front());
    return out;
  }
  for (std::size_t i = 0; i < recipients.size(); ++i) {
    recipients.at(i).folder = folder_of(each.at(i).action);
    recipients.at(i).reason = mailauth::reason_of(each.at(i));
  }
  return out;
}

}  // namespace postern::smtpd
