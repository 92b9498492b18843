#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dkim/message.hpp"
#include "dkim/signature.hpp"

// The ARC sets of a message (RFC 8617 §4): read and held against the rules of structure, without
// DNS.
namespace postern::arc {

/// RFC 8617 §4.2.1.
inline constexpr std::uint8_t kMaxInstance = 50;

enum class Status : std::uint8_t { none, pass, fail };

[[nodiscard]] std::string_view to_string(Status status);

/// An ARC-Authentication-Results field.
struct Results {
  std::size_t field = 0;  ///< Which of the message's fields; so in the others.
  std::string payload;    ///< Behind the instance: `ID; method=result ...`, folding as it was.
};

/// An ARC-Message-Signature field.
struct MessageSignature {
  std::size_t field = 0;
  dkim::Signature signature;  ///< May have a flaw.
};

/// An ARC-Seal field.
struct Seal {
  std::size_t field = 0;
  dkim::Signature signature;     ///< a=, b=, d=, s=, t=; may have a flaw.
  Status status = Status::fail;  ///< cv=
};

/// All that carries one instance number.
struct Set {
  Results results;
  MessageSignature message;
  Seal seal;
};

/// What a message carries.
struct Chain {
  /// Of instances 1, 2, 3, ...; complete if there is no `fault`, otherwise empty.
  std::vector<Set> sets;
  /// Why it is broken whatever the signatures say (RFC 8617 §5.2 steps 1 to 3).
  std::optional<std::string> fault;
  /// The highest readable instance of any field.
  std::uint8_t highest = 0;
  /// The seal of that instance already says cv=fail: nobody seals further (RFC 8617 §5.1 step 2).
  bool ended = false;

  [[nodiscard]] bool empty() const { return sets.empty() && !fault; }
};

[[nodiscard]] Chain read_chain(const dkim::Message& message);

/// The value of an ARC-Authentication-Results field, behind the colon. Nothing if it does not begin
/// with an instance of 1 to kMaxInstance.
struct InstanceAndPayload {
  std::uint8_t instance = 0;
  std::string_view payload;  ///< Borrowed; without blanks at its ends.
};
[[nodiscard]] std::optional<InstanceAndPayload> parse_results(std::string_view value);

/// Append what seals sign of a set, in this order (RFC 8617 §5.1.1): its results and message
/// signature, and its seal, in canonical form.
void append_results(std::string& out, const dkim::Message& message, const Set& set);
void append_seal(std::string& out, const dkim::Message& message, const Set& set);

}  // namespace postern::arc
