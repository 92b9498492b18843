#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

// Message data on its way in: DATA with its dots, BDAT without. Only CRLF is a line's end and only
// CRLF.CRLF ends DATA (RFC 5321 §2.3.8, §4.1.1.4). Anything that another server could take for an
// end (a bare CR, a bare LF, a NUL beside a dot) makes the message refusable, but never moves its
// real end: that is what makes smuggling impossible.
namespace postern::smtp {

/// Octets of one line of message data, its CRLF included, beyond which it is refused. Generous:
/// RFC 5321 §4.5.3.1.6 says 1000, real mail does not keep to it.
inline constexpr std::size_t kMaxTextLine = std::size_t{64} * 1024;

/// Why message data must be refused with a 5xx.
enum class DataFlaw : std::uint8_t { bare_cr, bare_lf, nul, line_too_long };
/// "bare CR", ...: words for the reply.
[[nodiscard]] std::string_view to_string(DataFlaw flaw);

/// Follows lines and their flaws through octets that come in pieces.
class LineChecker {
 public:
  /// `max_line`: octets of a line with its CRLF.
  explicit LineChecker(std::uint64_t max_line = kMaxTextLine) : room_{max_line - 2} {}
  /// Looks at `text` up to and including the first CRLF, or to its end; returns how many octets
  /// that was. `at_line_start` tells which.
  std::size_t take_line(std::string_view text);
  /// Looks at all of `text`.
  void take(std::string_view text);
  /// No more comes: a CR that waits for its LF is bare.
  void finish();

  /// True at the beginning and right behind a CRLF.
  [[nodiscard]] bool at_line_start() const { return line_ == 0 && !after_cr_; }
  /// The last octet was a CR, and what it is depends on the next.
  [[nodiscard]] bool after_cr() const { return after_cr_; }
  /// The first flaw met.
  [[nodiscard]] std::optional<DataFlaw> flaw() const { return flaw_; }

 private:
  void check(std::string_view text, bool ends_in_lf);

  std::optional<DataFlaw> flaw_;
  std::uint64_t room_;      ///< Octets of a line without its CRLF.
  std::uint64_t line_ = 0;  ///< Octets since the last CRLF, without a CR that waits for its LF.
  bool after_cr_ = false;
};

/// Decodes what follows a 354: undoes dot-stuffing (RFC 5321 §4.5.2) and finds the end.
///
///   while (!input.empty() && !decoder.done()) keep(decoder.take(input));
class DataDecoder {
 public:
  /// Takes octets off the front of `input` and returns those of them that belong to the message:
  /// a view into `input`, maybe empty. Stops at a dot to drop, at the end of the data (what
  /// follows stays in `input`: the next command) or when `input` is empty. Once there is a flaw,
  /// nothing more is returned, but reading goes on to the end.
  [[nodiscard]] std::string_view take(std::string_view& input);

  /// CRLF.CRLF has been read; `take` must not be called again.
  [[nodiscard]] bool done() const { return state_ == State::done; }
  /// The first reason to refuse the message.
  [[nodiscard]] std::optional<DataFlaw> flaw() const { return lines_.flaw(); }
  /// Octets of the message so far, dots undone, counted also behind a flaw (RFC 1870 §5: what
  /// the declared size is held against).
  [[nodiscard]] std::uint64_t size() const { return size_; }

 private:
  enum class State : std::uint8_t { text, dot, dot_cr, done };
  void take_dot(std::string_view& input);

  LineChecker lines_;
  std::uint64_t size_ = 0;
  State state_ = State::text;
};

}  // namespace postern::smtp
