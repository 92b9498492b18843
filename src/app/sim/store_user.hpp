#pragma once

#include <cstdint>
#include <memory>
#include <optional>
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
  /// One operation.
  Task<> step();

 private:
  /// What an account holds, as nobody else is at work on it.
  struct Room {
    std::uint64_t epoch = 0;
    store::QuotaState quota;
  };
  enum class Grace : std::uint8_t {
    none,
    one_message,  ///< Deliveries: the message that crosses the limit is taken.
    unsure,       ///< The octets are the most it may have been about.
  };
  Task<> append();
  Task<> deliver();
  Task<> change_flags();
  Task<> copy_or_move(bool move);
  Task<> expunge();
  Task<> create_box();
  Task<> remove_box();
  Task<> rename_box();
  Task<> rename_inbox();
  Task<> limit();
  Task<> ask_quota();
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
  /// Nothing, if somebody else is at work.
  Task<std::optional<Room>> measure();
  [[nodiscard]] bool alone(const Room& room, std::uint64_t events);
  /// Whether `octets` more were rightly taken or refused; before the model hears of it.
  void judge(const std::optional<Room>& room, std::optional<Errc> refusal, std::uint64_t octets,
             Grace grace);
  /// What the session says right after an operation that was acknowledged.
  Task<> check_used(std::optional<Room> room, std::int64_t more);
  template <class T>
  [[nodiscard]] static std::optional<Errc> refusal_of(const Result<T>& result) {
    return result ? std::nullopt : std::optional{result.error().code};
  }

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
