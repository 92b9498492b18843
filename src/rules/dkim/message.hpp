#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/bytes.hpp"
#include "dkim/canon.hpp"
#include "dkim/signature.hpp"

// Takes in a message while it arrives and keeps what signatures need of it: the header, and hashes
// of the body. The body is not kept; it is hashed once for each hash that a signature or the caller
// wants, and not at all if nobody wants any.
namespace postern::dkim {

/// A longer header, or one of more fields, has no signature evaluated.
inline constexpr std::size_t kMaxHeader = std::size_t{1024} * 1024;
inline constexpr std::size_t kMaxFields = 10'000;
/// How many well-formed signatures are evaluated, and how many DKIM-Signature fields are listed.
inline constexpr std::size_t kMaxEvaluated = 8;
inline constexpr std::size_t kMaxListed = 32;
/// How many DKIM-Signature fields are looked at, from the top, to choose those.
inline constexpr std::size_t kMaxLookedAt = 1000;

/// Where a field is within the header's octets.
struct FieldAt {
  std::size_t begin = 0;        ///< Of the name.
  std::size_t name_size = 0;    ///< Without blanks before the colon.
  std::size_t value_begin = 0;  ///< Behind the colon.
  std::size_t end = 0;          ///< After the line break.
  std::size_t lower_begin = 0;  ///< Of the name within `Message::lower_names`.
};

/// A DKIM-Signature field of the message.
struct SignatureAt {
  std::size_t field = 0;  ///< Which of the message's fields.
  Signature signature;
  bool aligned = false;    ///< Its d= belongs to a domain of From.
  bool evaluated = false;  ///< False: one too many.
};

struct BodyHash {
  BodyWanted wanted;
  crypto::Digest digest{};
  std::uint64_t octets = 0;  ///< Canonical octets of the whole body, not only of those hashed.
};

/// What is kept of a message. A value; copying it copies the header.
class Message {
 public:
  /// The octets of the header without the empty line after it.
  std::string header;
  bool header_too_large = false;  ///< Then all that follows is empty.
  std::vector<FieldAt> fields;
  std::string lower_names;  ///< The names of the fields in lower case, without anything between.
  /// Indices into `fields`, sorted by name and, of one name, from the bottom up.
  std::vector<std::uint32_t> by_name;
  /// Domains of the first From field, lower case, at most 10.
  std::vector<std::string> from_domains;
  /// Those to report, in order of importance: well-formed and aligned, well-formed, malformed; each
  /// from the top of the message down.
  std::vector<SignatureAt> signatures;
  std::size_t unlisted = 0;  ///< DKIM-Signature fields beyond those.
  std::vector<BodyHash> bodies;

  [[nodiscard]] std::string_view name(const FieldAt& field) const;
  [[nodiscard]] std::string_view lower_name(const FieldAt& field) const;
  [[nodiscard]] std::string_view value(const FieldAt& field) const;
  /// From the name through the line break.
  [[nodiscard]] std::string_view raw(const FieldAt& field) const;
  /// The fields of a name, which is given in lower case and theirs in any, from the bottom up, as
  /// indices into `fields`.
  [[nodiscard]] std::span<const std::uint32_t> named(std::string_view name) const;
  /// Null: nobody asked for it.
  [[nodiscard]] const BodyHash* body(const BodyWanted& wanted) const;
};

/// Whether a signature by `signing` speaks for an address at `from` (both lower-case A-labels).
using Aligned = std::function<bool(std::string_view signing, std::string_view from)>;

/// One of them is the other, or below it. What is used where the caller knows no better.
[[nodiscard]] bool is_same_or_below(std::string_view signing, std::string_view from);

class MessageReader {
 public:
  struct Settings {
    /// Body hashes wanted whatever the message holds: {relaxed} for who will sign or seal.
    std::vector<BodyWanted> bodies = {};
    Aligned aligned = is_same_or_below;
    /// Whether the newest ARC-Message-Signature's body hash is wanted too.
    bool arc = true;
  };

  MessageReader();
  explicit MessageReader(Settings settings);
  ~MessageReader();
  MessageReader(MessageReader&&) noexcept;
  MessageReader& operator=(MessageReader&&) noexcept;

  /// The next octets, cut anywhere; lines end in CRLF, dot-stuffing is undone. Keeps no view.
  void feed(std::string_view bytes);
  /// Once, after the last octet.
  [[nodiscard]] Message finish();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// All at once.
[[nodiscard]] Message read_message(std::string_view bytes, MessageReader::Settings settings = {});

}  // namespace postern::dkim
