#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "record/record.hpp"
#include "vocab/ids.hpp"
#include "vocab/result.hpp"
#include "vocab/time.hpp"

// The values of space `account` and of blobs (docs/formats/keys.md), as they are stored. Decoding
// fails with `corrupt` (or `unsupported` for a record of a later release); fields of later releases
// are kept in `unknown` and written back.
namespace postern::layout {

/// account/state.
struct StateRecord {
  std::uint64_t counter = 0;       ///< The account's change counter.
  std::uint32_t uid_validity = 0;  ///< The last one given out.
  std::uint64_t quota = 0;         ///< Octets; 0: none.
  std::uint64_t used = 0;          ///< Octets of all living entries.
  Timestamp full_since{};          ///< When usage reached the quota; 0: it has not.
  record::Unknown unknown;
};

/// account/mailbox.
struct MailboxRecord {
  std::string name;
  std::uint8_t special_use = 0;
  bool subscribed = false;
  UidValidity uid_validity;
  Uid uid_next{1};
  ModSeq highest_modseq;
  std::uint32_t messages = 0;
  std::uint32_t unseen = 0;
  std::uint32_t deleted = 0;
  std::uint64_t octets = 0;
  std::vector<std::string> keywords;
  record::Unknown unknown;
};

/// account/entry.
struct EntryRecord {
  MessageId message;
  std::uint64_t flags = 0;
  ModSeq modseq;
  std::uint64_t size = 0;
  Timestamp internal_date{};
  std::int16_t internal_offset = 0;
  Timestamp save_date{};
  bool shared = false;  ///< The message has been in more than one place: read `places` to let go.
  record::Unknown unknown;
};

/// account/message.
struct MessageRecord {
  BlobId blob{};
  std::uint64_t body_size = 0;
  std::string prefix;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> elided;
  std::uint64_t thread = 0;
  std::string envelope;     ///< mime::encode(Envelope).
  std::string structure;    ///< mime::encode(Part).
  std::string wrapped_key;  ///< Reserved: encryption at rest.
  record::Unknown unknown;
};

/// account/places.
struct PlacesRecord {
  std::vector<std::pair<MailboxId, Uid>> living;
  std::uint32_t gone = 0;
  record::Unknown unknown;
};

/// account/gone.
struct GoneRecord {
  MessageId message;
  std::uint64_t flags = 0;
  Timestamp internal_date{};
  std::int16_t internal_offset = 0;
  Timestamp expunged{};
  std::string mailbox_name;  ///< Where it was: an undelete may have to make the mailbox again.
  std::vector<std::string> keywords;
  record::Unknown unknown;
};

/// account/vanished.
struct VanishedRecord {
  std::vector<Uid> uids;  ///< Ascending; stored as ranges.
  Timestamp when{};       ///< Of the commit; 0: written by who did not say.
};

[[nodiscard]] std::string encode(const StateRecord& value);
[[nodiscard]] std::string encode(const MailboxRecord& value);
[[nodiscard]] std::string encode(const EntryRecord& value);
[[nodiscard]] std::string encode(const MessageRecord& value);
[[nodiscard]] std::string encode(const PlacesRecord& value);
[[nodiscard]] std::string encode(const GoneRecord& value);
[[nodiscard]] std::string encode(const VanishedRecord& value);
[[nodiscard]] Result<StateRecord> decode_state(std::string_view bytes);
[[nodiscard]] Result<MailboxRecord> decode_mailbox(std::string_view bytes);
[[nodiscard]] Result<EntryRecord> decode_entry(std::string_view bytes);
[[nodiscard]] Result<MessageRecord> decode_message(std::string_view bytes);
[[nodiscard]] Result<PlacesRecord> decode_places(std::string_view bytes);
[[nodiscard]] Result<GoneRecord> decode_gone(std::string_view bytes);
[[nodiscard]] Result<VanishedRecord> decode_vanished(std::string_view bytes);

/// account/blob_count: how many messages of the account share the blob.
[[nodiscard]] std::string encode_count(std::uint64_t count);
[[nodiscard]] Result<std::uint64_t> decode_count(std::string_view bytes);

}  // namespace postern::layout
