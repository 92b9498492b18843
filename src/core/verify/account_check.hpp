#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "layout/records.hpp"
#include "verify/context.hpp"

namespace postern::verify {

/// One account. Fed its pairs in the order of their keys: state, mailboxes, entries, messages,
/// places, vanished, gone, blob counts.
class AccountCheck {
 public:
  AccountCheck(Context& context, AccountId id)
      : context_{context}, id_{id}, removing_{context.removing.contains(id)} {}

  [[nodiscard]] AccountId id() const { return id_; }
  void take(const kv::Pair& pair);
  /// After the last pair: what needs all of them.
  void finish();

 private:
  struct Box {
    layout::MailboxRecord record;
    std::uint32_t messages = 0;
    std::uint32_t unseen = 0;
    std::uint32_t deleted = 0;
    std::uint64_t octets = 0;
    std::vector<std::uint32_t> uids;  ///< Of the living, ascending.
    std::uint64_t keyword_bits = 0;   ///< What flags may hold.
  };
  struct Place {
    MessageId message;
    MailboxId mailbox;
    Uid uid;
    bool shared = false;
    std::uint64_t size = 0;
  };
  struct Mail {
    MessageId id;
    BlobId blob{};
    std::uint64_t body_size = 0;
    std::uint64_t served_size = 0;
    std::uint64_t gone = 0;  ///< As `places` says.
    bool has_places = false;
  };

  // account_take.cpp: each record by itself.
  void take_state(const kv::Pair& pair);
  void take_mailbox(const kv::Pair& pair);
  void take_entry(const kv::Pair& pair);
  void take_message(const kv::Pair& pair);
  void take_places(const kv::Pair& pair);
  void take_vanished(const kv::Pair& pair);
  void take_gone(const kv::Pair& pair);
  void take_blob_count(const kv::Pair& pair);
  void check_entry(const Box& box, Uid uid, const layout::EntryRecord& entry);
  void check_living(const Mail& mail, const layout::PlacesRecord& places);

  // account_finish.cpp: all of them together.
  void finish_mailboxes();
  void check_mailbox(MailboxId id, const Box& box);
  void finish_usage();
  void finish_entries();
  void finish_messages();
  void finish_blobs();

  [[nodiscard]] Mail* mail(MessageId id);
  [[nodiscard]] bool is_living(MailboxId mailbox, std::uint32_t uid) const;
  void sort_places();
  /// Keys that are no key of ours; records that cannot be read.
  template <class Record>
  bool readable(const kv::Pair& pair, const Result<void>& key, const Result<Record>& record);
  [[nodiscard]] std::string where() const { return "account " + hex(id_.value()); }
  [[nodiscard]] std::string where(MailboxId mailbox) const;
  [[nodiscard]] std::string where(MailboxId mailbox, std::uint32_t uid) const;
  [[nodiscard]] std::string where(MessageId message) const;
  void add(std::string where, std::string what) {
    context_.report.add(std::move(where), std::move(what));
  }

  Context& context_;
  AccountId id_;
  /// Part of it is gone: what counts is that bodies are needed by the messages that are left.
  bool removing_;
  std::optional<layout::StateRecord> state_;
  std::map<MailboxId, Box> boxes_;
  std::vector<Place> places_;  ///< By mailbox and UID; by message once `sort_places` ran.
  bool sorted_ = false;
  std::vector<Mail> mails_;  ///< Ascending.
  std::vector<MessageId> gone_;
  std::map<BlobId, std::uint64_t> counts_;
  // The mailbox whose `vanished` records are coming in, and what they named.
  MailboxId vanishing_;
  std::vector<std::uint32_t> vanished_;
  void finish_vanished();
};

}  // namespace postern::verify
