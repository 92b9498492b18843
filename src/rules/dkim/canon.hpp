#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

// Canonicalisation (RFC 6376 §3.4).
namespace postern::dkim {

enum class Canon : std::uint8_t { simple, relaxed };

[[nodiscard]] std::string_view to_string(Canon canon);

/// Which hash of the body: how it is canonicalised, and of how many octets of that (l=).
struct BodyWanted {
  Canon canon = Canon::simple;
  std::optional<std::uint64_t> length = {};  ///< All of it if not set.
  friend auto operator<=>(const BodyWanted&, const BodyWanted&) = default;
};

/// Appends a header field in canonical form with its CRLF (RFC 6376 §3.4.1, §3.4.2). `raw` is the
/// field from its name through its line break; a missing break is supplied. For `relaxed`, line
/// breaks are LF with or without CR.
void append_field(std::string& out, std::string_view raw, Canon canon);

/// Canonicalises a body that comes in pieces, cut anywhere (RFC 6376 §3.4.3, §3.4.4). Only CRLF is
/// a line break; a CR or LF by itself is an octet like another. Memory is bounded: of a run of
/// empty lines or blanks only the number is kept.
class BodyCanon {
 public:
  /// Takes canonical octets, valid during the call.
  using Sink = std::function<void(std::string_view)>;

  BodyCanon(Canon canon, Sink sink) : canon_{canon}, sink_{std::move(sink)} {}
  void feed(std::string_view bytes);
  /// Once, after the last octet.
  void finish();

 private:
  void simple(std::string_view bytes);
  void relaxed(std::string_view bytes);
  void end_line();
  void begin_text();
  void put(std::string_view bytes);
  void lone_cr();
  void flush();

  Canon canon_;
  Sink sink_;
  std::string out_;                ///< Canonical octets on the way to the sink.
  std::uint64_t empty_lines_ = 0;  ///< Seen, and not given on: they may be the last ones.
  bool cr_ = false;                ///< The last octet was a CR.
  bool blank_ = false;             ///< Relaxed: blanks seen, and not given on.
  bool in_line_ = false;           ///< The line so far is not empty.
  bool any_ = false;               ///< Something has been given on.
};

}  // namespace postern::dkim
