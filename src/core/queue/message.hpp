#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "smtp/address.hpp"
#include "vocab/ids.hpp"
#include "vocab/time.hpp"

namespace postern::queue {

/// NOTIFY of RFC 3461 §4.1, as bits; `never` excludes the others.
struct Notify {
  static constexpr std::uint8_t kNever = 1;
  static constexpr std::uint8_t kSuccess = 2;
  static constexpr std::uint8_t kFailure = 4;
  static constexpr std::uint8_t kDelay = 8;
  std::uint8_t bits = kFailure | kDelay;  ///< What holds when the sender said nothing.
  bool given = false;                     ///< The sender said it: pass it on.
};

/// What the sender asked for the message as a whole.
struct Envelope {
  std::optional<smtp::Address> from;  ///< Nothing: the null path `<>`.
  std::string envid;                  ///< RFC 3461 §4.4, decoded; empty: none.
  bool return_full = false;           ///< RET=FULL.
  bool body_8bit = false;             ///< BODY=8BITMIME was declared.
  bool smtputf8 = false;
};

enum class RecipientState : std::uint8_t { waiting, sent, failed, dropped };

struct Recipient {
  smtp::Address address;
  std::string orcpt;  ///< RFC 3461 §4.2 with its type ("rfc822;a@b"), decoded; empty: none.
  Notify notify;
  RecipientState state = RecipientState::waiting;
  int last_code = 0;
  std::string last_status;
  std::string last_text;
  std::string last_host;
  /// It failed, or it was sent and success is to be told, and the sender has not been told yet.
  bool notice_owed = false;
};

/// A range of octets, [begin, end).
struct Hidden {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  friend bool operator==(const Hidden&, const Hidden&) = default;
};

/// One message on its way, as the queue keeps it: one durable record.
struct Message {
  QueueId id;
  TraceId trace;
  AccountId sender;  ///< Who submitted it; 0: nobody who logged in.
  BlobId blob{};
  std::uint64_t body_size = 0;
  std::string prefix;  ///< Header fields sent before the body (our Received).
  bool has_8bit_header = false;
  bool has_8bit_body = false;
  bool has_long_lines = false;  ///< Lines of more than 998 octets.
  Envelope envelope;
  std::vector<Recipient> recipients;
  Timestamp created{};
  Timestamp due{};  ///< When it is tried next.
  Timestamp expires{};
  std::uint32_t attempts = 0;
  bool delay_told = false;
  bool held = false;
  std::string held_why;
  bool sender_proven = false;  ///< May get DSNs: submitted here, or passed SPF/aligned DKIM (A11).
  bool junk = false;           ///< Copies into mailboxes of ours go to Junk.
  std::vector<Hidden> hidden;  ///< Of the body, in order: forged verdicts, not shown to our people.
  /// Nobody misses it (a report of ours to who asked for it): what cannot be delivered is dropped.
  bool expendable = false;
};

/// What a person wants done with a message whose attempts are under way. It is kept beside the
/// message's record, which until the round has ended is the round's to write (and, for recipients
/// that are ours, part of delivery's commits).
struct Order {
  enum class Kind : std::uint8_t { hold, drop };
  Kind kind = Kind::hold;
  std::string why;
};

}  // namespace postern::queue
