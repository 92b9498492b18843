#pragma once

#include <array>
#include <cstdint>

#include "vocab/strong.hpp"

// The identities of the mail store (ARCHITECTURE.md "Data and keys").
namespace postern {

/// Random, independent of addresses; never 0.
using AccountId = Strong<struct AccountIdTag, std::uint64_t>;
/// From the account's change counter; never reused, stable over RENAME.
using MailboxId = Strong<struct MailboxIdTag, std::uint64_t>;
/// EMAILID (RFC 8474): from the account's change counter; stable over MOVE.
using MessageId = Strong<struct MessageIdTag, std::uint64_t>;
/// RFC 9051 §2.3.1.1; never 0 for a message.
using Uid = Strong<struct UidTag, std::uint32_t>;
/// RFC 9051 §2.3.1.1; per-account counter seeded by time, kept on RENAME.
using UidValidity = Strong<struct UidValidityTag, std::uint32_t>;
/// The account's change counter: MODSEQ for IMAP (RFC 7162), 63 bits.
using ModSeq = Strong<struct ModSeqTag, std::uint64_t>;
/// Random 128 bits naming one stored body; never derived from content.
using BlobId = std::array<std::uint8_t, 16>;
/// One message on its way out, and the id under which a message's story is traced. Random.
using QueueId = Strong<struct QueueIdTag, std::uint64_t>;
/// The id of a transaction in logs, Received fields and `postern trace`. Random, never 0.
using TraceId = Strong<struct TraceIdTag, std::uint64_t>;

}  // namespace postern
