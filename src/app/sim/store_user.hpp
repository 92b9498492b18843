#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sim/chance.hpp"
#include "sim/postern.hpp"
#include "sim/slot.hpp"
#include "store/account_session.hpp"

namespace postern::sim {

/// Somebody who works on accounts through AccountSession and MailStore, one operation after the
/// other, at random. All arguments outlive the core.
class StoreUser {
 public:
  /// Works on `slot`; delivers to `other` too.
  StoreUser(Postern& life, Shared& shared, Slot& slot, Slot& other, std::uint64_t seed)
      : life_{life}, shared_{shared}, slot_{slot}, other_{other}, chance_{seed} {}

  /// Till the life or the world ends.
  Task<> run();

 private:
  Task<> one();
  Task<> append();
  Task<> deliver();
  Task<> change_flags();
  Task<> copy_or_move(bool move);
  Task<> expunge();
  Task<> create_box();
  Task<> remove_box();
  Task<> rename_box();
  Task<> read();

  Task<Result<std::shared_ptr<const store::StagedMessage>>> stage(Tag tag);
  store::AccountSession& session();
  [[nodiscard]] AccountModel& model() { return *slot_.model; }
  /// Some of one mailbox's messages, in order; with `unexpected` only such as no copy is awaited
  /// of, and each tag once.
  [[nodiscard]] std::vector<Place> pick(bool unexpected);
  [[nodiscard]] State any_flags() { return static_cast<State>(chance_.below(kGone)); }
  [[nodiscard]] std::string any_name();
  /// The life is over: nobody hears of what this came to.
  [[nodiscard]] bool unheard(const AccountModel* of) const {
    return life_.dead() || of != slot_.model.get();
  }
  void failed(OpId op, const Error& error);

  Postern& life_;
  Shared& shared_;
  Slot& slot_;
  Slot& other_;
  Chance chance_;
  std::unique_ptr<store::AccountSession> session_;
  std::unique_ptr<store::Subscription> subscription_;
  std::uint64_t changes_ = 0;
};

}  // namespace postern::sim
