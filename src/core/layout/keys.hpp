#pragma once

#include <cstdint>
#include <string>

#include "layout/spaces.hpp"
#include "record/key.hpp"
#include "vocab/ids.hpp"
#include "vocab/time.hpp"

// Keys of accounts and blobs (docs/formats/keys.md). Queue, trace and directory build theirs
// beside their records.
namespace postern::layout {

/// The link under which the queue keeps a blob.
inline constexpr AccountId kQueueAccount{0};

[[nodiscard]] record::KeyWriter account_key(AccountId account, AccountKind kind);
[[nodiscard]] record::KeyWriter blob_key(const BlobId& blob, BlobKind kind);
[[nodiscard]] record::KeyWriter system_key(SystemKind kind);
[[nodiscard]] record::KeyWriter strangers_key(StrangersKind kind);
[[nodiscard]] record::KeyWriter signing_key(SigningKind kind);
[[nodiscard]] record::KeyWriter reports_key(ReportsKind kind);

[[nodiscard]] std::string state_key(AccountId account);
[[nodiscard]] std::string mailbox_key(AccountId account, MailboxId mailbox);
/// Every entry of the mailbox; `entry_key` begins with it.
[[nodiscard]] std::string entries_prefix(AccountId account, MailboxId mailbox);
[[nodiscard]] std::string entry_key(AccountId account, MailboxId mailbox, Uid uid);
[[nodiscard]] std::string message_key(AccountId account, MessageId message);
[[nodiscard]] std::string places_key(AccountId account, MessageId message);
/// Every `vanished` record of the mailbox.
[[nodiscard]] std::string vanished_prefix(AccountId account, MailboxId mailbox);
[[nodiscard]] std::string vanished_key(AccountId account, MailboxId mailbox, ModSeq modseq);
[[nodiscard]] std::string gone_key(AccountId account, Timestamp erase_after, MailboxId mailbox,
                                   Uid uid);
[[nodiscard]] std::string blob_count_key(AccountId account, const BlobId& blob);

[[nodiscard]] std::string chunk_key(const BlobId& blob, std::uint32_t n);
/// Every chunk of the blob.
[[nodiscard]] std::string chunks_prefix(const BlobId& blob);
[[nodiscard]] std::string link_key(const BlobId& blob, AccountId account);
[[nodiscard]] std::string links_prefix(const BlobId& blob);
[[nodiscard]] std::string pending_key(const BlobId& blob);
[[nodiscard]] std::string erase_key(std::uint16_t shard, Timestamp erase_after, const BlobId& blob);
/// Bodies lie in shards 0..kBlobShards-1: a sweep visits each, and a cluster can spread them.
inline constexpr std::uint16_t kBlobShards = 16;
/// The shard of everything about `blob`.
[[nodiscard]] std::uint16_t shard_of(const BlobId& blob);

}  // namespace postern::layout
