#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kv/batch.hpp"
#include "mime/message.hpp"
#include "store/flags.hpp"
#include "store/mailbox_view.hpp"
#include "vocab/ids.hpp"
#include "vocab/result.hpp"
#include "vocab/time.hpp"

// A message is an immutable body (what came over the wire) and a record. What readers are served
// is prefix || body without the elided ranges; both are fixed at delivery for good.
namespace postern::store {

/// Octets [begin, end) of the body that are not served (forged Authentication-Results).
struct Elided {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

/// The metadata record of a stored message, as a value.
struct StoredMessage {
  MessageId id;
  BlobId blob{};
  std::uint64_t body_size = 0;
  std::string prefix;  ///< Whole header fields with CRLF: Return-Path, Delivered-To, Received...
  std::vector<Elided> elided;
  std::uint64_t thread = 0;      ///< THREADID: the message id of the thread's first message.
  std::string envelope_record;   ///< mime::encode(Envelope).
  std::string structure_record;  ///< mime::encode(Part); offsets are of the body.

  [[nodiscard]] Result<mime::Envelope> envelope() const;
  [[nodiscard]] Result<mime::Part> structure() const;
  [[nodiscard]] std::uint64_t served_size() const;
  /// Where octet `offset` of the body stands in the served message (an elided one: where the next
  /// served one stands).
  [[nodiscard]] std::uint64_t to_served(std::uint64_t offset) const;
};

/// Octets [offset, offset+length) of a stored body.
struct BodySlice {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};
/// The stored octets behind [offset, offset+length) of what is served after the prefix.
[[nodiscard]] std::vector<BodySlice> body_slices(const StoredMessage& message, std::uint64_t offset,
                                                 std::uint64_t length);

/// A message that is in the hands of this process and not yet anyone's: fed while it comes in,
/// then committed. Bodies over 1 MiB have their chunks in the store already, under a pending
/// marker; throwing the draft away leaves them to the sweeper.
struct StagedMessage {
  BlobId blob{};
  std::uint64_t size = 0;
  mime::Message parsed;
  bool has_long_lines = false;  ///< Lines of more than 998 octets (RFC 5322 §2.1.1).
  std::string envelope_record;  ///< mime::encode of what `parsed` holds.
  std::string structure_record;
  kv::Batch chunks;              ///< What of the body is not in the store yet.
  std::shared_ptr<void> memory;  ///< Its share of the memory for messages, given back at its end.
  bool streamed = false;         ///< A pending marker exists and must go with the commit.
};

}  // namespace postern::store
