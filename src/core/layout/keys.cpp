#include "layout/keys.hpp"

#include <utility>

namespace postern::layout {

using record::KeyWriter;

KeyWriter account_key(AccountId account, AccountKind kind) {
  return {std::to_underlying(Space::account), account, std::to_underlying(kind)};
}

KeyWriter blob_key(const BlobId& blob, BlobKind kind) {
  KeyWriter key{std::to_underlying(Space::blob), shard_of(blob), std::to_underlying(kind)};
  return key.blob(blob);
}

KeyWriter system_key(SystemKind kind) {
  return {std::to_underlying(Space::system), std::uint16_t{0}, std::to_underlying(kind)};
}

KeyWriter strangers_key(StrangersKind kind) {
  return {std::to_underlying(Space::strangers), std::uint16_t{0}, std::to_underlying(kind)};
}

KeyWriter signing_key(SigningKind kind) {
  return {std::to_underlying(Space::signing), std::uint16_t{0}, std::to_underlying(kind)};
}

KeyWriter reports_key(ReportsKind kind) {
  return {std::to_underlying(Space::reports), std::uint16_t{0}, std::to_underlying(kind)};
}

std::string state_key(AccountId account) {
  return account_key(account, AccountKind::state).done();
}

std::string mailbox_key(AccountId account, MailboxId mailbox) {
  return account_key(account, AccountKind::mailbox).u64(mailbox.value()).done();
}

std::string entries_prefix(AccountId account, MailboxId mailbox) {
  return account_key(account, AccountKind::entry).u64(mailbox.value()).done();
}

std::string entry_key(AccountId account, MailboxId mailbox, Uid uid) {
  return account_key(account, AccountKind::entry).u64(mailbox.value()).u32(uid.value()).done();
}

std::string message_key(AccountId account, MessageId message) {
  return account_key(account, AccountKind::message).u64(message.value()).done();
}

std::string places_key(AccountId account, MessageId message) {
  return account_key(account, AccountKind::places).u64(message.value()).done();
}

std::string vanished_prefix(AccountId account, MailboxId mailbox) {
  return account_key(account, AccountKind::vanished).u64(mailbox.value()).done();
}

std::string vanished_key(AccountId account, MailboxId mailbox, ModSeq modseq) {
  return account_key(account, AccountKind::vanished)
      .u64(mailbox.value())
      .u64(modseq.value())
      .done();
}

std::string gone_key(AccountId account, Timestamp erase_after, MailboxId mailbox, Uid uid) {
  return account_key(account, AccountKind::gone)
      .i64(to_micros(erase_after))
      .u64(mailbox.value())
      .u32(uid.value())
      .done();
}

std::string blob_count_key(AccountId account, const BlobId& blob) {
  return account_key(account, AccountKind::blob_count).blob(blob).done();
}

std::string chunk_key(const BlobId& blob, std::uint32_t n) {
  return blob_key(blob, BlobKind::chunk).u32(n).done();
}

std::string chunks_prefix(const BlobId& blob) {
  return blob_key(blob, BlobKind::chunk).done();
}

std::string link_key(const BlobId& blob, AccountId account) {
  return blob_key(blob, BlobKind::link).u64(account.value()).done();
}

std::string links_prefix(const BlobId& blob) {
  return blob_key(blob, BlobKind::link).done();
}

std::string pending_key(const BlobId& blob) {
  return blob_key(blob, BlobKind::pending).done();
}

std::string erase_key(std::uint16_t shard, Timestamp erase_after, const BlobId& blob) {
  KeyWriter key{std::to_underlying(Space::blob), shard, std::to_underlying(BlobKind::erase)};
  return key.i64(to_micros(erase_after)).blob(blob).done();
}

std::uint16_t shard_of(const BlobId& blob) {
  return blob[0] % kBlobShards;
}

}  // namespace postern::layout
