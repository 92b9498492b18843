#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sim/copy_state.hpp"
#include "sim/mail.hpp"
#include "store/mailbox_view.hpp"
#include "vocab/ids.hpp"
#include "vocab/strong.hpp"

// What must be true of one account. Whoever changes it says so before (`begin`) and after (`done`,
// `refused`, `unknown`); whoever looks says what was seen (`see_boxes`, `see_view`). From that the
// model keeps, for each copy of each message, the states it may be in, and objects when
//   - something acknowledged is not there, or is there twice, or something appears unasked,
//   - something that was seen changes back or vanishes,
//   - a UID, UIDVALIDITY or MODSEQ is used for something else or goes down,
//   - a mailbox's counts are not the sums of its entries.
namespace postern::sim {

using OpId = Strong<struct SimOpTag, std::uint64_t>;

/// One message's place in one mailbox.
struct Place {
  MailboxId box;
  Uid uid;
  friend auto operator<=>(const Place&, const Place&) = default;
};

/// A copy that an operation will make.
struct Birth {
  Tag tag;
  std::optional<MailboxId> box;  ///< Nothing: a mailbox that does not exist yet.
  States states = kAnyFlags;     ///< What it may look like at first.
  std::optional<Place> source;   ///< Its flags are those of this copy, one of the targets.
};

/// What an operation does to mailboxes themselves.
struct BoxChange {
  enum class Kind : std::uint8_t {
    none,
    create,
    remove,
    rename,
    empty,  ///< RENAME of INBOX: it stays, and what is in it gets places in the new `to`.
  };
  Kind kind = Kind::none;
  MailboxId box;     ///< Of `remove` and `empty`.
  std::string name;  ///< Of `create`, and the old one of `rename`.
  std::string to;
};

/// An operation as it begins.
struct Plan {
  std::string what;  ///< For people.
  std::vector<Place> targets;
  Change change;
  std::vector<Birth> births;
  BoxChange boxes;
};

/// What an acknowledged operation says about one of its targets.
enum class Effect : std::uint8_t {
  applied,    ///< It was there and the change was made.
  untouched,  ///< There was nothing to change.
  missing,    ///< It was not there any more.
  spared,     ///< It was left alone for another reason (UNCHANGEDSINCE).
  either,     ///< The change was made if it was there.
};

struct Born {
  Place place;
  Tag tag;
};

class AccountModel {
 public:
  using Breach = std::function<void(std::string)>;
  /// `breach` is called for everything that must not be.
  explicit AccountModel(Breach breach) : breach_{std::move(breach)} {}

  [[nodiscard]] OpId begin(Plan plan);
  /// `effects`: one for each target. `born`: where the copies are; with `owed`, all that are not
  /// named must turn up in a mailbox (deliveries, whose UIDs nobody is told).
  void done(OpId op, const std::vector<Effect>& effects, const std::vector<Born>& born,
            bool owed = false);
  void done_emptying(OpId op);  ///< Of such a plan.
  void refused(OpId op);        ///< Nothing was done.
  void unknown(OpId op);        ///< Nobody can tell; see `settle`.
  void unknown_all();           ///< The process died.
  [[nodiscard]] bool is_open(OpId op) const { return ops_.contains(op); }

  void object(const std::string& what) const { breach(what); }

  /// A session was told so: it must be published by now, and stays so whatever happens.
  void told_modseq(MailboxId box, ModSeq modseq);
  void told_next(MailboxId box, Uid next);  ///< All UIDs below are given.
  void told_gone(Place place);

  /// Another server was given `tag` for this account: copies of it may come, more than one where
  /// the network lost the other's answer.
  void relay(Tag tag) { relayed_.insert(tag); }

  /// The list of mailboxes as published. The answers of `see_...` count only if nothing began or
  /// ended since `epoch` was asked for.
  void see_boxes(const std::vector<store::MailboxInfo>& infos);
  /// A published view; `tags` of its messages in order, 0 for those that are none of ours.
  void see_view(const store::MailboxView& view, const std::vector<Tag>& tags);
  /// All mailboxes were seen since the epoch: what was promised without a place must be there.
  void see_all();
  /// After a restart or reopening, and all was seen: what was unknown and did not happen never
  /// will.
  void settle();
  [[nodiscard]] std::uint64_t epoch() const { return epoch_; }

  // For choosing what to do.
  [[nodiscard]] std::vector<Place> places() const;  ///< Known copies that may be there.
  [[nodiscard]] std::vector<MailboxId> boxes() const;
  [[nodiscard]] std::optional<std::string> name_of(MailboxId box) const;  ///< If it is certain.
  [[nodiscard]] std::optional<MailboxId> box_named(const std::string& name) const;
  [[nodiscard]] Tag tag_at(Place place) const;
  [[nodiscard]] States states_at(Place place) const;
  [[nodiscard]] bool expects(Tag tag) const;  ///< A copy of it is on its way.
  [[nodiscard]] std::size_t under_way() const;
  [[nodiscard]] bool quiet() const { return ops_.empty(); }  ///< Nothing is open or unknown.
  [[nodiscard]] bool boxes_change() const;  ///< An operation on mailboxes is under way.
  /// Whether a copy of `tag` is or was in the account, as far as seen.
  [[nodiscard]] bool has_seen(Tag tag) const { return seen_.contains(tag); }

 private:
  struct Active {
    OpId op;
    Change change;
    States before;
    bool alone;  ///< No other operation on this copy overlaps it.
  };
  struct Copy {
    Tag tag;
    States states = 0;
    std::vector<Active> active;
    std::optional<State> seen;
    ModSeq modseq;
  };
  struct Box {
    std::set<std::string> names;
    UidValidity validity;
    std::map<Uid, Copy> copies;
    Uid uid_next;
    ModSeq highest;
    int removals = 0;  ///< Under way or unknown.
    bool gone = false;
    // What sessions were told.
    ModSeq told;
    Uid told_next;
    std::set<Uid> told_gone;
  };
  struct Awaited {
    OpId op;
    Birth birth;
    bool owed = false;
    bool possible = false;            ///< Its operation is done, and it may have made this.
    std::optional<MailboxId> not_in;  ///< Where the copy cannot be.

    [[nodiscard]] bool fits(MailboxId box, Tag tag) const {
      return birth.tag == tag && birth.box.value_or(box) == box && not_in != box;
    }
    /// What must come is more likely what came than what may.
    [[nodiscard]] bool before(const Awaited& other) const {
      return owed != other.owed ? owed : !possible && other.possible;
    }
  };
  struct Op {
    Plan plan;
    bool unknown = false;
    bool appeared = false;  ///< Something it makes was seen before it ended.
    bool emptied = false;   ///< A mailbox that it makes copies in was emptied meanwhile.
  };

  [[nodiscard]] Copy* find(Place place);
  [[nodiscard]] const Copy* find(Place place) const;
  void end_on(Copy& copy, OpId op, Effect effect, const std::string& what);
  void add_born(const Op& op, const Born& born);
  void finish_boxes(const Op& op);
  void begin_removal(MailboxId box);
  void begin_emptying(OpId id, Op& op);
  void finish_emptying(OpId id);
  void await_beyond(OpId id, Op& op);
  void join_emptyings(Place place, Copy& copy);
  [[nodiscard]] States birth_states(OpId op, const Op& what, const Birth& birth) const;
  void see_entry(Box& box, MailboxId id, const store::MailboxView& view, std::size_t at, Tag tag);
  bool adopt(Box& box, Place place, State state, Tag tag);
  void see_gone(Box& box, MailboxId id, const std::set<Uid>& there);
  void check_counts(const store::MailboxView& view);
  void check_info(MailboxId id, const store::MailboxInfo& info);
  void breach(const std::string& what) const { breach_(what); }

  Breach breach_;
  std::map<MailboxId, Box> boxes_;
  std::map<OpId, Op> ops_;
  std::vector<Awaited> awaited_;
  std::map<UidValidity, MailboxId> validities_;
  std::set<std::string> coming_names_;  ///< Mailboxes that may appear.
  std::set<Tag> seen_;
  std::set<Tag> relayed_;
  std::uint64_t epoch_ = 0;
  std::uint64_t last_op_ = 0;
};

/// To rename INBOX, with all that is known to be in it.
[[nodiscard]] Plan plan_to_empty(const AccountModel& model, MailboxId inbox, std::string to);

}  // namespace postern::sim
