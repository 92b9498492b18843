#pragma once

#include <cstdint>

// The map of the key space; every kind is described in docs/formats/keys.md, which a test compares
// with these enumerations. A key is
//
//   format:1  space:1  shard:2 | account:8  kind:1  fixed big-endian integers...  text last
//
// Spaces other than `account` carry a shard (system, strangers, signing, reports: always 0);
// `account` carries an account id, so that all of an account lies under one prefix.
namespace postern::layout {

inline constexpr std::uint8_t kFormat = 1;

enum class Space : std::uint8_t {
  system = 0x01,
  account = 0x02,
  blob = 0x03,
  queue = 0x04,
  trace = 0x05,
  strangers = 0x06,
  signing = 0x07,
  reports = 0x08,
};

/// Space `system`: what belongs to the installation.
enum class SystemKind : std::uint8_t {
  store = 0x01,       ///< min_reader, installation id: one record.
  domain = 0x02,      ///< A-label.
  account = 0x03,     ///< account:8.
  address = 0x04,     ///< A-label, NUL, canonical local part.
  credential = 0x05,  ///< account:8.
};

/// Space `account`.
enum class AccountKind : std::uint8_t {
  state = 0x01,       ///< Counters, quota, usage: one record.
  mailbox = 0x02,     ///< mailbox:8.
  entry = 0x03,       ///< mailbox:8 uid:4.
  message = 0x04,     ///< message:8.
  places = 0x05,      ///< message:8: the mailboxes it is in, and how many `gone` records name it.
  vanished = 0x06,    ///< mailbox:8 modseq:8: the UIDs that went in that commit.
  gone = 0x07,        ///< erase_after:8 mailbox:8 uid:4.
  blob_count = 0x08,  ///< blob:16; only while more than one message of the account shares it.
};

/// Space `blob`; the shard is the first two bytes of the blob id.
enum class BlobKind : std::uint8_t {
  chunk = 0x01,    ///< blob:16 n:4.
  link = 0x02,     ///< blob:16 account:8; account 0 is the queue.
  pending = 0x03,  ///< blob:16: being streamed in.
  erase = 0x04,    ///< erase_after:8 blob:16.
};

/// Space `queue`.
enum class QueueKind : std::uint8_t {
  message = 0x01,     ///< queue_id:8.
  due = 0x02,         ///< due:8 queue_id:8.
  blob_count = 0x03,  ///< blob:16; only while more than one queued message shares it.
  order = 0x04,       ///< queue_id:8; what a person wants done when the attempts have ended.
};

/// Space `trace`. Keys start with the day, so that expiry drops ranges.
enum class TraceKind : std::uint8_t {
  event = 0x01,    ///< day:4 trace_id:8 time:8 n:2.
  address = 0x02,  ///< day:4 hash:8 second:4 trace_id:8, by the hash of an address.
  volume = 0x03,   ///< day:4 run:8: how much of the others one process wrote.
};

/// Space `strangers`: what is remembered of those who send us mail.
enum class StrangersKind : std::uint8_t {
  path = 0x01,  ///< A-label of an author's domain, NUL, a net or envelope domain.
};

/// Space `signing`: the keys with which our domains sign.
enum class SigningKind : std::uint8_t {
  key = 0x01,  ///< A-label of a domain, NUL, selector.
};

/// Space `reports`: about authentication and TLS, what is to be told others and what they told.
enum class ReportsKind : std::uint8_t {
  seen = 0x01,      ///< day:4 topic:1 hash:8 run:8 n:4 A-label: rows that one process counted.
  done = 0x02,      ///< day:4 topic:1 hash:8 A-label: what was reported of the day.
  received = 0x03,  ///< topic:1 end:8 hash:8: a report of somebody else.
};

}  // namespace postern::layout
