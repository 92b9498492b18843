#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/chance.hpp"
#include "sim/doors.hpp"
#include "sim/line_client.hpp"
#include "sim/postern.hpp"
#include "sim/slot.hpp"

namespace postern::sim {

/// A mail program: keeps its own picture of INBOX from what the server says unasked (EXISTS,
/// EXPUNGE, FETCH) and holds it against the published view when nothing moves, also while it only
/// waits in IDLE; stores flags, expunges, appends, moves and renames INBOX. Lives as long as the
/// node's life.
class ImapUser {
 public:
  enum class Habit : std::uint8_t {
    works,
    waits,  ///< As a telephone: nearly always in IDLE, while another works.
  };
  ImapUser(Postern& life, Shared& shared, Slot& slot, std::size_t node, Knock knock, Habit habit,
           AccountModel::Breach breach, std::uint64_t seed)
      : life_{life},
        shared_{shared},
        slot_{slot},
        node_{node},
        knock_{std::move(knock)},
        habit_{habit},
        breach_{std::move(breach)},
        chance_{seed} {}

  Task<> run();

 private:
  struct Seen {
    std::optional<Uid> uid;
    std::optional<State> state;
  };
  /// A tagged answer and what its code said.
  struct Answer {
    bool ok = false;
    std::string text;
  };
  Task<Result<void>> connection();
  Task<Result<void>> one(LineClient& client, MailboxId inbox);
  Task<Result<Answer>> command(LineClient& client, std::string words);
  Task<Result<Answer>> finish_command(LineClient& client, std::string_view label);
  Task<Result<void>> compare(LineClient& client, MailboxId inbox);
  Task<Result<void>> change_flags(LineClient& client, MailboxId inbox);
  Task<Result<void>> expunge(LineClient& client, MailboxId inbox);
  Task<Result<void>> append(LineClient& client, MailboxId inbox);
  Task<Result<void>> move(LineClient& client, MailboxId inbox);
  Task<Result<void>> rename_inbox(LineClient& client, MailboxId inbox);
  Task<Result<void>> idle(LineClient& client, MailboxId inbox);
  Task<Result<bool>> hear(LineClient& client);
  Task<Result<void>> listen(LineClient& client, MailboxId inbox, store::AccountSession& session);
  void check_heard(const store::MailboxView& view);
  void take_untagged(std::string_view line);
  void take_expunge(std::size_t number);
  void note_next();
  void take_fetch(std::size_t number, std::string_view line);
  [[nodiscard]] std::optional<Place> pick(MailboxId inbox);
  void end(OpId op, const Result<Answer>& answer, std::vector<Effect> effects,
           const std::vector<Born>& born);
  [[nodiscard]] bool over() const { return life_.dead() || shared_.stopping; }

  Postern& life_;
  Shared& shared_;
  Slot& slot_;
  std::size_t node_;
  Knock knock_;
  Habit habit_;
  AccountModel::Breach breach_;
  Chance chance_;
  std::vector<Seen> mirror_;
  MailboxId selected_;
  unsigned commands_ = 0;
};

}  // namespace postern::sim
