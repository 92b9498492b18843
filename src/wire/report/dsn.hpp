#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "smtp/address.hpp"
#include "smtp/envelope.hpp"
#include "smtp/reply.hpp"
#include "vocab/time.hpp"

// Delivery status notifications: RFC 3464 in the frame of RFC 6522, with RFC 3461 §6 for their
// contents and RFC 6533 for mail that needs SMTPUTF8. Only the message is made here; its envelope
// (null sender, RFC 3461 §6.1) and whether it may be sent at all are the queue's matter.
namespace postern::report {

/// Octets of the original given back at most, headers or whole.
inline constexpr std::size_t kMaxReturned = 64UL * 1024;

/// What became of the message for a recipient (RFC 3464 §2.3.3).
enum class Action : std::uint8_t { failed, delayed, delivered, relayed };

struct DsnRecipient {
  smtp::Address address;  ///< As in the envelope.
  std::optional<smtp::OriginalRecipient> original = {};
  Action action = Action::failed;
  smtp::EnhancedStatus status;
  std::string remote_mta = {};            ///< Host that was spoken to; empty if none.
  std::optional<smtp::Reply> reply = {};  ///< Its words.
  std::string reason = {};                ///< Our own words, for people; used without `reply`.
  std::optional<Timestamp> last_attempt = {};
  std::optional<Timestamp> retry_until = {};  ///< Printed for `delayed` only.
};

/// All that goes into a report. `original` is borrowed for the call.
struct DsnRequest {
  smtp::Address to;           ///< The original's sender.
  smtp::Address from;         ///< Who signs: postmaster of the reporting domain.
  std::string reporting_mta;  ///< Our host name.
  std::string message_id;     ///< Of the report, without <>; unique.
  std::string boundary;  ///< Up to 70 letters and digits; random, so that no original holds it.
  std::string trace_id;  ///< Shown to the sender as reference.
  Timestamp now;
  std::chrono::minutes utc_offset{0};
  Timestamp arrival;                      ///< When the original was accepted.
  std::optional<std::string> envid = {};  ///< ENVID of the original, decoded.
  std::optional<smtp::Ret> ret = {};      ///< RET of the original.
  bool smtputf8 = false;                  ///< The original came with SMTPUTF8.
  std::vector<DsnRecipient> recipients;   ///< At least one.
  std::string_view original;              ///< The message, or at least its beginning.
  bool original_is_whole = true;
};

struct Dsn {
  std::string message;     ///< CRLF lines of at most 998 octets, no NUL.
  bool eight_bit = false;  ///< Holds 8-bit octets: BODY=8BITMIME.
  bool smtputf8 = false;   ///< Needs SMTPUTF8: UTF-8 in header fields, its own or inside.
};

/// Builds the report. The original's header is given back; the whole message only if RET=FULL was
/// asked for, some recipient failed (RFC 3461 §4.3), and it fits `kMaxReturned`.
[[nodiscard]] Dsn build_dsn(const DsnRequest& request);

}  // namespace postern::report
