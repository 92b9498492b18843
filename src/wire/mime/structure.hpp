#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mime/envelope.hpp"
#include "mime/params.hpp"
#include "vocab/result.hpp"

// The tree of a message's parts with the octet range of each, which is all that FETCH needs to
// serve BODYSTRUCTURE and any section without parsing again.
namespace postern::mime {

inline constexpr int kMaxDepth = 100;             ///< Levels of parts, the root counted.
inline constexpr std::size_t kMaxParts = 10'000;  ///< Parts of one message, the root counted.

/// One body part (RFC 2045 §2.6), or a whole message as the root. Offsets count octets from the
/// start of the (outermost) message: header in [header_begin, body_begin) with the empty line that
/// ends it, body in [body_begin, body_end). header_begin <= body_begin <= body_end. The line break
/// before a boundary line belongs to the boundary (RFC 2046 §5.1.1), unless it ends a header or
/// another boundary line. A multipart without boundary, or whose boundary never comes, is given as
/// a text/plain leaf, so that its text is seen.
struct Part {
  enum class Kind : std::uint8_t {
    leaf,       ///< No structure inside. `type` is never multipart, nor message/rfc822 or /global.
    multipart,  ///< `children` are its parts, at least one.
    message,    ///< message/rfc822 or message/global: `envelope` and exactly one child, its root.
  };

  Kind kind = Kind::leaf;
  std::uint64_t header_begin = 0;
  std::uint64_t body_begin = 0;
  std::uint64_t body_end = 0;
  /// Line feeds within the body.
  std::uint64_t lines = 0;

  /// Lower case. Never empty: without (valid) Content-Type it is text/plain, or message/rfc822 in
  /// a multipart/digest (RFC 2045 §5.2, RFC 2046 §5.1.5).
  std::string type = "text";
  std::string subtype = "plain";
  /// Content-Type's parameters in order, RFC 2231 pieces joined and decoded to UTF-8. For a
  /// defaulted text/plain: charset=us-ascii.
  std::vector<Param> params;

  /// The rest as in the header, unfolded, trimmed, comments taken away (but for `description`);
  /// empty: absent.
  std::string id;           ///< Content-ID with its angle brackets.
  std::string description;  ///< Encoded words undecoded.
  std::string encoding;     ///< Content-Transfer-Encoding in lower case. Empty means 7bit.
  std::string md5;          ///< Content-MD5 (RFC 1864).
  std::string disposition;  ///< Lower case (RFC 2183).
  std::vector<Param> disposition_params;
  std::vector<std::string> languages;  ///< Content-Language (RFC 3282).
  std::string location;                ///< Content-Location (RFC 2557 §4), without blanks.

  /// Kind `message`: the enclosed message's.
  std::optional<Envelope> envelope;
  std::vector<Part> children;

  /// Octets of the body, as BODYSTRUCTURE says them.
  [[nodiscard]] std::uint64_t size() const { return body_end - body_begin; }
  [[nodiscard]] bool is(std::string_view wanted_type, std::string_view wanted_subtype) const {
    return type == wanted_type && subtype == wanted_subtype;
  }
  /// The value of Content-Type parameter `name` (lower case).
  [[nodiscard]] std::optional<std::string_view> param(std::string_view name) const;
  /// The file name for people: Content-Disposition's `filename`, else Content-Type's `name`, with
  /// encoded words decoded. Empty: none. May hold anything, path separators too.
  [[nodiscard]] std::string file_name() const;

  friend bool operator==(const Part&, const Part&) = default;
};

/// A compact form for the store: a version octet, then each part in pre-order as a length and
/// tagged fields (codec.hpp has the grammar). Linear.
[[nodiscard]] std::string encode(const Part& root);
/// The reverse. Unknown tags are skipped. Error `corrupt`: not such a record, of a version from the
/// future, offsets out of order, or beyond kMaxDepth or kMaxParts.
[[nodiscard]] Result<Part> decode_part(std::string_view bytes);

}  // namespace postern::mime
