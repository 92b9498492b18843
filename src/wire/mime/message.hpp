#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "mime/date.hpp"
#include "mime/envelope.hpp"
#include "mime/header.hpp"
#include "mime/structure.hpp"
#include "vocab/result.hpp"

// Reads a message in one pass while it arrives (RFC 5322, RFC 2045-2046). Nothing a message can
// hold makes it fail: what is broken is taken as the text it is, what is beyond a limit as a leaf
// without structure. Linear in time; memory is bounded by the header limit and kMaxParts.
namespace postern::mime {

/// Header octets kept for one message, those of inner parts included; what lies beyond is not
/// looked at.
inline constexpr std::size_t kMaxHeader = std::size_t{1024} * 1024;

struct Message {
  Envelope envelope;
  Part root;
  /// The top-level header's octets with its empty line: [0, root.body_begin), cut at kMaxHeader.
  /// `fields()` reads it.
  std::string header;
  bool header_cut = false;   ///< Some header was longer than the limit.
  bool too_deep = false;     ///< kMaxDepth or kMaxParts was met; some structure is not shown.
  bool has_8bit = false;     ///< An octet above 127 somewhere (RFC 6152 matters when sending).
  bool has_nul = false;      ///< A NUL somewhere (RFC 3030 BINARYMIME).
  bool header_8bit = false;  ///< In `header`: needs SMTPUTF8 (RFC 6531) to send.
  std::uint64_t size = 0;    ///< All octets.

  /// The envelope's date, if it can be read.
  std::optional<DateTime> date;
  /// The first id of the first Message-ID field with its brackets.
  std::optional<std::string> message_id;
  std::size_t received_count = 0;

  /// Offsets of its fields are offsets into the message. Borrows from this Message.
  [[nodiscard]] Header fields() const { return Header{header}; }
};

class MessageParser {
 public:
  MessageParser();
  ~MessageParser();
  MessageParser(MessageParser&&) noexcept;
  MessageParser& operator=(MessageParser&&) noexcept;

  /// The next octets, cut anywhere. Keeps no view of them.
  void feed(std::string_view bytes);
  /// Once, after the last octet. Never an error of the message's; `Result` leaves room.
  [[nodiscard]] Result<Message> finish();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// All at once.
[[nodiscard]] Result<Message> parse(std::string_view bytes);

}  // namespace postern::mime
