#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "arc/chain.hpp"
#include "crypto/key_source.hpp"
#include "dkim/message.hpp"
#include "dns/answer.hpp"
#include "vocab/time.hpp"

// Validation of an Authenticated Received Chain (RFC 8617 §5.2), as a pure function of the message,
// DNS answers and the time.
namespace postern::arc {

/// One of those who handled the message and sealed what they saw.
struct Sealer {
  std::uint8_t instance = 0;
  std::string domain;          ///< d= of its ARC-Seal, lower case.
  std::string selector;        ///< s= of that.
  std::string message_domain;  ///< d= of its ARC-Message-Signature.
  /// What it says of the message as it got it: the value of Authentication-Results, unverified
  /// unless the chain passes and this sealer is trusted.
  std::string results;
  bool secure = false;  ///< DNSSEC proves the key of its seal.

  friend bool operator==(const Sealer&, const Sealer&) = default;
};

struct Validation {
  Status status = Status::none;
  std::string reason;  ///< In plain words, ASCII, without anything others wrote.
  /// From the first to the newest. Empty when the chain is not even well-formed.
  std::vector<Sealer> sealers;
  /// The status is `fail` because DNS fails for now. RFC 8617 §5.2.1 makes that permanent.
  bool dns_failed = false;
  /// What a further seal needs to know.
  std::uint8_t highest = 0;
  bool ended = false;  ///< As `Chain::ended`.

  friend bool operator==(const Validation&, const Validation&) = default;
};

struct Settings {
  Duration skew = std::chrono::minutes{10};  ///< How far clocks may differ (t=, x=).
  /// Keys made ready before, of any message and domain; borrowed. Null: each is made anew.
  crypto::KeySource* keys = nullptr;
};

/// Checks the structure, the newest ARC-Message-Signature and every ARC-Seal. The reader of
/// `message` must have had `arc` set. Call it with no answers, then again with those it asked for:
/// it asks once, for the keys of all seals, and not at all if the chain is broken anyway. Older
/// ARC-Message-Signatures ("oldest-pass") are not tried. A newest ARC-Message-Signature with l=
/// fails the chain. `now` is when the message arrived.
[[nodiscard]] std::variant<Validation, dns::Need> validate(const dkim::Message& message,
                                                           const dns::Answers& answers,
                                                           Timestamp now,
                                                           const Settings& settings = {});

}  // namespace postern::arc
