#pragma once

#include <optional>
#include <string>
#include <vector>

#include "delivery/delivery.hpp"
#include "directory/directory.hpp"
#include "mailauth/findings.hpp"
#include "smtp/reply.hpp"

// Row A11: one reply for many recipients, who may want different things.
namespace postern::smtpd {

struct RecipientJudgement {
  /// What all of them get; nothing: each its own, as its `folder` and `reason` say.
  std::optional<dmarc::Disposition> common;
  /// The message is for nobody, now or ever.
  std::optional<smtp::Reply> refusal;
};

/// Decides for each recipient by the wishes of the account that it leads to; one that leads to
/// several, or elsewhere, follows what the author asks for. All refuse: 5xx. Nobody takes it and
/// some may later: 4xx. Else it is taken: who would have refused it finds it in Rejects, who cannot
/// tell now in Junk, each with the reason.
[[nodiscard]] RecipientJudgement judge_recipients(const mailauth::Findings& findings,
                                                  const directory::Directory& directory,
                                                  std::vector<delivery::Recipient>& recipients);

}  // namespace postern::smtpd
