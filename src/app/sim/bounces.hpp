#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "sim/account_model.hpp"
#include "store/account_session.hpp"
#include "vocab/result.hpp"

namespace postern::sim {

/// What must come back of messages to somebody whom nobody knows: one report of failure to whoever
/// submitted the message, none to a null or unproven sender.
class Bounces {
 public:
  /// `tag` is about to be handed in. `interruptions`: crashes and failures of the sender's server
  /// so far, each of which may repeat a report that was under way.
  void handed_in(Tag tag, bool returns, std::uint64_t interruptions);
  void taken(Tag tag) { messages_.at(tag).taken = true; }
  void refused(Tag tag) { messages_.erase(tag); }
  /// Counts the reports in an account; `of_sender`: it is that of the one who submits.
  Task<Result<void>> collect(store::AccountSession& session, bool of_sender,
                             AccountModel::Breach breach);
  /// All accounts were collected from, and nothing waits.
  void check(std::uint64_t interruptions, const AccountModel::Breach& breach) const;

 private:
  struct Message {
    bool returns = false;
    bool taken = false;  ///< Otherwise nobody knows whether it was.
    std::uint64_t interruptions = 0;
    std::uint64_t reports = 0;
  };
  std::map<Tag, Message> messages_;
};

}  // namespace postern::sim
