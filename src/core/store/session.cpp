#include "store/session.hpp"

#include <utility>

#include <boost/asio/post.hpp>

#include "async/on_core.hpp"
#include "layout/keys.hpp"
#include "store/bodies.hpp"
#include "store/mailbox_name.hpp"
#include "store/read_many.hpp"
#include "vocab/try.hpp"

namespace postern::store {
namespace {

class ChangeSubscription final : public Subscription {
 public:
  explicit ChangeSubscription(std::shared_ptr<Subscriber> subscriber)
      : subscriber_{std::move(subscriber)} {}
  ~ChangeSubscription() override { subscriber_->alive = false; }
  ChangeSubscription(const ChangeSubscription&) = delete;
  ChangeSubscription& operator=(const ChangeSubscription&) = delete;

 private:
  std::shared_ptr<Subscriber> subscriber_;
};

StoredMessage to_stored(MessageId id, layout::MessageRecord record) {
  StoredMessage out;
  out.id = id;
  out.blob = record.blob;
  out.body_size = record.body_size;
  out.prefix = std::move(record.prefix);
  for (const auto& [begin, end] : record.elided) out.elided.push_back({begin, end});
  out.thread = record.thread;
  out.envelope_record = std::move(record.envelope);
  out.structure_record = std::move(record.structure);
  return out;
}

template <class Operation>
auto run_pinned(Shard& shard, AccountId id, Operation operation)
    -> decltype(operation(std::declval<Account&>())) {
  const auto pin = shard.pin(id);
  co_return co_await operation(*pin);
}

}  // namespace

Session::Session(LocalStore& store, AccountId account, std::string address)
    : store_{store},
      account_{account},
      address_{std::move(address)},
      generation_{store.engine().generation()} {}

template <class Operation>
auto Session::at_home(Operation operation) -> decltype(operation(std::declval<Account&>())) {
  Shard& shard = store_.home(account_);
  return on_core(shard.core().executor, run_pinned(shard, account_, std::move(operation)));
}

bool Session::stale() const {
  return store_.engine().generation() != generation_;
}

Task<Result<std::vector<MailboxInfo>>> Session::mailboxes() {
  return at_home([](Account& account) { return list_mailboxes(account); });
}

Task<Result<MailboxInfo>> Session::mailbox(std::string name) {
  POSTERN_CO_TRY(const auto normal, normal_mailbox_name(name));
  POSTERN_CO_TRY(auto all, co_await mailboxes());
  for (auto& info : all) {
    if (info.name == normal) co_return std::move(info);
  }
  co_return fail(Errc::not_found);
}

Task<Result<MailboxInfo>> Session::create_mailbox(std::string name, SpecialUse use) {
  return at_home([name = std::move(name), use,
                  most = store_.settings().max_mailboxes](Account& account) mutable {
    return store::create_mailbox(account, std::move(name), use, most);
  });
}

Task<Result<void>> Session::delete_mailbox(std::string name) {
  return at_home([name = std::move(name), keep = store_.keep_expunged()](Account& account) mutable {
    return store::delete_mailbox(account, std::move(name), keep);
  });
}

Task<Result<void>> Session::rename_mailbox(std::string from, std::string to) {
  return at_home([from = std::move(from), to = std::move(to)](Account& account) mutable {
    return store::rename_mailbox(account, std::move(from), std::move(to));
  });
}

Task<Result<void>> Session::subscribe(std::string name, bool on) {
  return at_home([name = std::move(name), on](Account& account) mutable {
    return store::subscribe(account, std::move(name), on);
  });
}

Task<Result<std::shared_ptr<const MailboxView>>> Session::view(MailboxId mailbox) {
  return at_home([mailbox](Account& account) { return account.view(mailbox); });
}

Task<Result<std::vector<Uid>>> Session::long_gone(MailboxId mailbox, ModSeq modseq,
                                                  Timestamp seen) {
  const auto limit = store_.home(account_).core().clock.now() - store_.settings().linger;
  if (seen > limit) co_return std::vector<Uid>{};  // as everything that went since
  co_return co_await vanished(store_.engine(), account_, mailbox, modseq, limit);
}

Task<Result<std::vector<std::optional<StoredMessage>>>> Session::messages(
    std::vector<MessageId> ids) {
  if (ids.empty()) co_return std::vector<std::optional<StoredMessage>>{};
  std::vector<std::string> keys;
  keys.reserve(ids.size());
  for (const auto id : ids) keys.push_back(layout::message_key(account_, id));
  const auto reader = store_.engine().published();
  const auto width = ids.back().value() - ids.front().value() + 1;
  POSTERN_CO_TRY(auto values, co_await read_many(*reader, std::move(keys), width));
  std::vector<std::optional<StoredMessage>> out(ids.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto& value = values[i];
    if (!value) continue;
    POSTERN_CO_TRY(auto record, layout::decode_message(*value));
    out.at(i) = to_stored(ids.at(i), std::move(record));
  }
  co_return out;
}

Task<Result<std::string>> Session::read(StoredMessage message, std::uint64_t offset,
                                        std::uint64_t length) {
  return read_served(store_.engine(), std::move(message), offset, length);
}

Task<Result<std::vector<std::string>>> Session::read_beginnings(std::vector<StoredMessage> messages,
                                                                std::uint64_t most) {
  return store::read_beginnings(store_.engine(), std::move(messages), most);
}

std::unique_ptr<Subscription> Session::subscribe_changes(Executor executor,
                                                         std::function<void()> on_change) {
  auto subscriber = std::make_shared<Subscriber>(executor, std::move(on_change));
  Shard& shard = store_.home(account_);
  asio::post(shard.core().executor, [&shard, id = account_, subscriber] {
    const auto pin = shard.pin(id);
    pin->subscribe(subscriber);
    // What changed before this is not told again by anyone: look once.
    Account::tell(subscriber);
  });
  return std::make_unique<ChangeSubscription>(std::move(subscriber));
}

std::unique_ptr<Draft> Session::new_draft() {
  return store_.new_draft();
}

Task<Result<std::vector<AppendResult>>> Session::append(std::vector<AppendRequest> requests) {
  return at_home([requests = std::move(requests)](Account& account) mutable {
    return store::append(account, std::move(requests));
  });
}

Task<Result<FlagChangeResult>> Session::change_flags(FlagChange change) {
  return at_home([change = std::move(change)](Account& account) mutable {
    return store::change_flags(account, std::move(change));
  });
}

Task<Result<CopyResult>> Session::copy(MailboxId from, std::vector<Uid> uids, MailboxId to) {
  return at_home([from, uids = std::move(uids), to](Account& account) mutable {
    return transfer(account, from, std::move(uids), to, Transfer::copy);
  });
}

Task<Result<CopyResult>> Session::move(MailboxId from, std::vector<Uid> uids, MailboxId to) {
  return at_home([from, uids = std::move(uids), to](Account& account) mutable {
    return transfer(account, from, std::move(uids), to, Transfer::move);
  });
}

Task<Result<std::vector<Uid>>> Session::expunge(MailboxId mailbox,
                                                std::optional<std::vector<Uid>> uids) {
  return at_home(
      [mailbox, uids = std::move(uids), keep = store_.keep_expunged()](Account& account) mutable {
        return store::expunge(account, mailbox, std::move(uids), keep);
      });
}

Task<Result<QuotaState>> Session::quota() {
  std::vector<std::string> wanted{layout::state_key(account_)};
  const auto reader = store_.engine().published();
  POSTERN_CO_TRY(const auto found, co_await reader->get(std::move(wanted)));
  const auto& stored = found.at(0);
  if (!stored) co_return fail(Errc::not_found, "no such account");
  POSTERN_CO_TRY(const auto state, layout::decode_state(*stored));
  co_return QuotaState{.used = state.used, .limit = state.quota};
}

}  // namespace postern::store
