#include "smtpd/recipient_rules.hpp"

#include <algorithm>
#include <ranges>
#include <utility>

#include "mailauth/exceptions.hpp"

namespace postern::smtpd {
namespace {

using dmarc::Action;

mailauth::Wishes wishes_of(const directory::Directory& directory, AccountId id) {
  const auto account = directory.account(id);
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

/// Stands for whatever is no account of ours.
constexpr AccountId kNobody{};

using Dispositions = std::map<AccountId, dmarc::Disposition>;

void add(Dispositions& out, const mailauth::Findings& findings,
         const directory::Directory& directory, const smtp::Address& recipient) {
  const auto found = directory.resolve(recipient);
  for (const auto& local : found.accounts) {
    if (out.contains(local.account)) continue;
    out[local.account] = mailauth::disposition_for(findings, wishes_of(directory, local.account));
  }
  if (!found.remote.empty()) out[kNobody] = findings.disposition;
}

/// What becomes of the message for each account that recipients lead to; not empty.
Dispositions dispositions(const mailauth::Findings& findings, const directory::Directory& directory,
                          const std::vector<delivery::Recipient>& recipients) {
  Dispositions out;
  if (depends_on_recipient(findings)) {
    for (const auto& recipient : recipients) add(out, findings, directory, recipient.address);
  }
  if (out.empty()) out[kNobody] = findings.disposition;
  return out;
}

}  // namespace

RecipientJudgement judge_recipients(const mailauth::Findings& findings,
                                    const directory::Directory& directory,
                                    const std::vector<delivery::Recipient>& recipients) {
  const auto each = dispositions(findings, directory, recipients);
  RecipientJudgement out{.disposition = findings.disposition, .by_account = {}, .refusal = {}};
  const auto all = std::views::values(each);
  if (std::ranges::none_of(all, is_taken)) {
    const auto later = std::ranges::find(all, Action::defer, &dmarc::Disposition::action);
    out.disposition = later == all.end() ? all.front() : *later;
    out.refusal = reply_of(out.disposition);
    return out;
  }
  if (std::ranges::all_of(all, [&](const auto& one) { return same(one, all.front()); })) {
    out.disposition = all.front();
    return out;
  }
  // Actions go from the mildest on.
  out.disposition = *std::ranges::min_element(all, {}, &dmarc::Disposition::action);
  for (const auto& [account, disposition] : each) {
    out.by_account[account] = {.folder = folder_of(disposition.action),
                               .reason = mailauth::reason_of(disposition)};
  }
  return out;
}

}  // namespace postern::smtpd
