#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "imap/fault.hpp"
#include "imap/lexer.hpp"

namespace postern::imap {

/// Octets, but for `literal_count`.
struct ReaderLimits {
  std::size_t line = 64UL * 1024;       ///< All lines of one command, what stands around literals.
  std::size_t literals = 256UL * 1024;  ///< All literals of one command that are held in memory.
  std::size_t literal_count = 2000;
  std::size_t swallow = 1024UL * 1024;  ///< Read and thrown away of a refused command at most.
};

/// Makes commands out of a client's octets, however they are cut: lines, and the literals
/// announced at their ends (RFC 9051 §4.3, RFC 7888, RFC 3516). CRLF and bare LF both end a line;
/// empty lines between commands are skipped.
///
/// The session feeds what it reads and then calls `next` until it says `need_input`, doing what
/// each answer asks. Octets after a command stay for the next one. Messages of APPEND are never
/// held here: the session takes their octets as they come.
///
/// Work is linear in the octets; memory is bounded by the limits plus what is fed at once.
class CommandReader {
 public:
  enum class Event : std::uint8_t {
    need_input,       ///< Feed more.
    command,          ///< `text()` is a whole command.
    line,             ///< `text()` is the line that `expect_line` asked for.
    continuation,     ///< Send `+ ` CRLF: the client waits before it sends a literal.
    message_literal,  ///< `text()` is an APPEND up to the mark of a message, `message()` the mark.
                      ///< Answer with `accept_message` or `refuse_message`.
    refused,          ///< Send `refusal()`; what belongs to that command is thrown away.
    close,            ///< More to throw away than is worth reading: say BYE and hang up.
  };

  explicit CommandReader(ReaderLimits limits = {}) : limits_{limits} {}

  /// For the commands from the next one on: a session that has logged in may say more.
  void set_limits(ReaderLimits limits) { limits_ = limits; }

  void feed(std::string_view bytes);
  [[nodiscard]] Event next();

  /// Without its last line break; literals stand in it with their marks and CRLF, messages of
  /// APPEND only with their marks. Dies with the next call of `next`.
  [[nodiscard]] std::string_view text() const { return text_; }
  [[nodiscard]] const Refusal& refusal() const { return refusal_; }

  /// The next line is no command but the continuation of one: a SASL response, DONE. Call it before
  /// the `next` that may meet that line. Too long a line is `refused` with tag "*".
  void expect_line() { want_line_ = true; }

  /// The message about to come.
  [[nodiscard]] const LiteralMark& message() const { return message_; }
  /// Its octets will be taken. True: send the continuation line now.
  [[nodiscard]] bool accept_message();
  /// The session answers the APPEND itself (with `tag_of(text())`); whatever the client still sends
  /// of it is thrown away. Also in the middle of a message.
  void refuse_message();
  /// Up to `most` octets of the message that are here; empty: feed more, or none are left. Dies
  /// with the next `feed`.
  [[nodiscard]] std::string_view take_message(std::size_t most);
  [[nodiscard]] std::uint64_t message_left() const { return state_ == State::message ? left_ : 0; }

  /// Forgets all input that no command has been made of, and says how much that was. After STARTTLS
  /// it must be nothing: RFC 9051 §6.2.1.
  std::size_t discard_input();
  [[nodiscard]] std::size_t buffered() const { return in_.size() - at_; }

 private:
  enum class State : std::uint8_t {
    line,             ///< Within a line of a command.
    literal,          ///< `left_` octets of a literal are to come.
    message_offered,  ///< The session has to decide.
    message,          ///< `left_` octets of a message are to be taken.
    skip_line,        ///< Of a refused command; `text_` keeps the end of the line.
    skip_literal,     ///< Of a refused command, `left_` octets.
    closed,
  };

  std::optional<Event> read_line();
  std::optional<Event> read_literal();
  std::optional<Event> skip_line();
  std::optional<Event> skip_literal();
  std::optional<Event> line_complete();
  std::optional<Event> begin_literal(const LiteralMark& mark);
  bool is_message_next(const LiteralMark& mark) const;
  std::optional<Event> refuse(Fault fault);
  void skip_literal_of(const LiteralMark& mark);
  [[nodiscard]] bool has_input() const { return at_ < in_.size(); }
  std::string_view take_input(std::uint64_t most);
  bool take_line_piece();
  void start_command();

  ReaderLimits limits_;
  std::string in_;
  std::size_t at_ = 0;
  State state_ = State::line;
  bool want_line_ = false;
  bool text_given_ = false;  ///< `text_` was shown whole: the next command starts afresh.
  std::string text_;
  std::size_t line_begin_ = 0;  ///< Where the current line starts in `text_`.
  std::size_t line_octets_ = 0;
  std::size_t literal_octets_ = 0;
  std::size_t literals_ = 0;
  std::uint64_t left_ = 0;
  std::size_t swallowed_ = 0;
  LiteralMark message_{};
  Refusal refusal_;
};

}  // namespace postern::imap
