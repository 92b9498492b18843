#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "async/task.hpp"
#include "delivery/delivery.hpp"
#include "mailauth/findings.hpp"
#include "mime/message.hpp"
#include "reports/reports.hpp"
#include "store/draft.hpp"

// What mail from strangers has to do with reports: it is told of in ours, and may bring others'.
namespace postern::smtpd {

struct Session;

/// Whether a message to `recipients` goes to an address where reports come in.
[[nodiscard]] bool is_for_reports(const Session& session,
                                  const std::vector<delivery::Recipient>& recipients);

/// A message at its end. Borrowed.
struct WholeMessage {
  const store::Draft& draft;
  std::uint64_t size = 0;
};

/// Reads the report that a message may bring to such an address: what it is goes into the message's
/// commit, and a line about it into the trace.
Task<> read_report(const Session& session, WholeMessage message, const mailauth::Findings& found,
                   delivery::Transaction& transaction);

/// What the message's author's domain will be told of it; nothing where it is told nothing, and of
/// what is a report itself: reports about reports would have no end. What only looks like one, by
/// somebody who is not its author, is told of, and so is what is refused. `refused`: the message is
/// not taken, for what DMARC asks or for something else, which is not DMARC's matter.
[[nodiscard]] std::optional<reports::SeenMessage> to_tell(const Session& session,
                                                          const mailauth::Findings& found,
                                                          const mime::Message& message,
                                                          bool refused);

}  // namespace postern::smtpd
