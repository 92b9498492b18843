#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sim/bounces.hpp"
#include "sim/chance.hpp"
#include "sim/doors.hpp"
#include "sim/line_client.hpp"
#include "sim/postern.hpp"
#include "sim/slot.hpp"

namespace postern::sim {

/// Hands mail in over SMTP: to the accounts of one node as a server from elsewhere, or logged in as
/// its first account to anybody. Lives as long as the node's life.
class SmtpUser {
 public:
  struct Where {
    std::size_t node = 0;
    std::vector<Slot*> here;     ///< The node's accounts.
    std::vector<Slot*> there;    ///< The other node's.
    std::set<Tag>* owed;         ///< Tags that must reach the other node some time.
    Bounces* bounces = nullptr;  ///< Where mail to nobody may be sent from.
    std::string nobody;          ///< An address of the other node that nobody has...
    std::string gone;            ///< ... and one here whose mail goes on to it.
    std::function<std::uint64_t()> interruptions;
  };
  SmtpUser(Postern& life, Shared& shared, Where where, Knock knock, std::uint64_t seed)
      : life_{life}, shared_{shared}, where_{where}, knock_{std::move(knock)}, chance_{seed} {}

  Task<> run();

 private:
  struct Handed {
    std::vector<Slot*> local;  ///< Accepted at RCPT.
    bool remote = false;
    bool nobody = false;
    bool returns = false;  ///< Its sender is told what became of it.
  };
  using Operations = std::vector<std::pair<AccountModel*, OpId>>;
  Task<Result<void>> connection();
  Task<Result<void>> transaction(LineClient& client, bool submission);
  Task<Result<Handed>> recipients(LineClient& client, bool submission);
  /// From DATA on: all that was accepted may come to be.
  Task<Result<void>> content(LineClient& client, Handed to, Tag tag);
  static void end(const Operations& operations, const Result<int>& code);
  [[nodiscard]] bool over() const { return life_.dead() || shared_.stopping; }

  Postern& life_;
  Shared& shared_;
  Where where_;
  Knock knock_;
  Chance chance_;
};

}  // namespace postern::sim
