#pragma once

#include <map>
#include <optional>
#include <vector>

#include "delivery/delivery.hpp"
#include "directory/directory.hpp"
#include "mailauth/findings.hpp"
#include "smtp/reply.hpp"
#include "vocab/ids.hpp"

// Row A11: one reply for many recipients, who may want different things.
namespace postern::smtpd {

struct RecipientJudgement {
  /// Of the message as a whole, and of whoever has none of their own: where accounts differ, that
  /// of whom it is mildest to, which is what the message's author is told.
  dmarc::Disposition disposition;
  /// Where accounts differ, theirs; of account 0 what all that leads elsewhere gets.
  std::map<AccountId, delivery::Handling> by_account;
  /// The message is for nobody, now or ever.
  std::optional<smtp::Reply> refusal;
};

/// Decides for each account that a recipient leads to by its wishes; what leads elsewhere follows
/// what the author asks for. All refuse: 5xx. Nobody takes it and some may later: 4xx. Else it is
/// taken: who would have refused it finds it in Rejects, who cannot tell now in Junk, each with the
/// reason.
[[nodiscard]] RecipientJudgement judge_recipients(
    const mailauth::Findings& findings, const directory::Directory& directory,
    const std::vector<delivery::Recipient>& recipients);

}  // namespace postern::smtpd
