#include "imap/reader.hpp"

#include <algorithm>

#include "imap/command.hpp"
#include "text/ascii.hpp"

namespace postern::imap {
namespace {

/// An idle session keeps no more than this.
constexpr std::size_t kIdleCapacity = 1024;
/// Longer than any mark of a literal that counts.
constexpr std::size_t kKeptTail = 64;

constexpr Fault kLineTooLong{.text = "command line too long"};
constexpr Fault kLiteralTooLarge{Status::no, "TOOBIG", "literal too large"};
constexpr Fault kTooManyLiterals{Status::no, "LIMIT", "too many literals"};

void release_if_large(std::string& buffer) {
  buffer.clear();
  if (buffer.capacity() > kIdleCapacity) std::string{}.swap(buffer);
}

/// Of the line that starts at `from`: a CR before that is the end of a literal.
void strip_line_break(std::string& text, std::size_t from) {
  if (text.size() > from && text.ends_with('\n')) text.pop_back();
  if (text.size() > from && text.ends_with('\r')) text.pop_back();
}

}  // namespace

void CommandReader::feed(std::string_view bytes) {
  if (state_ == State::closed) return;
  // Amortised: octets move only once as many have been used up.
  if (at_ >= in_.size() - at_) {
    in_.erase(0, at_);
    at_ = 0;
  }
  in_ += bytes;
}

std::string_view CommandReader::take_input(std::uint64_t most) {
  const auto taken = std::string_view{in_}.substr(
      at_, static_cast<std::size_t>(std::min<std::uint64_t>(most, in_.size() - at_)));
  at_ += taken.size();
  return taken;
}

void CommandReader::start_command() {
  text_given_ = false;
  release_if_large(text_);
  line_begin_ = 0;
  line_octets_ = 0;
  literal_octets_ = 0;
  literals_ = 0;
  swallowed_ = 0;
  state_ = State::line;
}

CommandReader::Event CommandReader::next() {
  if (text_given_) start_command();
  while (true) {
    std::optional<Event> event;
    switch (state_) {
      case State::line:            event = read_line(); break;
      case State::literal:         event = read_literal(); break;
      case State::message_offered: event = Event::message_literal; break;
      case State::message:
        if (left_ > 0) return Event::need_input;
        state_ = State::line;
        break;
      case State::skip_line:    event = skip_line(); break;
      case State::skip_literal: event = skip_literal(); break;
      case State::closed:       event = Event::close; break;
    }
    if (!event) continue;
    if (*event == Event::need_input && !has_input()) {
      release_if_large(in_);
      at_ = 0;
    }
    return *event;
  }
}

/// Moves input up to the end of the line into `text_`; whether that end was there.
bool CommandReader::take_line_piece() {
  const auto ready = std::string_view{in_}.substr(at_);
  const auto eol = ready.find('\n');
  const auto piece = take_input(eol == std::string_view::npos ? ready.size() : eol + 1);
  text_ += piece;
  line_octets_ += piece.size();
  return eol != std::string_view::npos;
}

std::optional<CommandReader::Event> CommandReader::read_line() {
  if (!has_input()) return Event::need_input;
  const bool whole = take_line_piece();
  if (line_octets_ > limits_.line) {
    // What was refused at its very end is skipped already, unless it announces a literal.
    if (whole) {
      const bool was_line = want_line_;
      strip_line_break(text_, line_begin_);
      const auto mark = literal_mark_at_end(std::string_view{text_}.substr(line_begin_));
      const auto event = refuse(kLineTooLong);
      if (mark && !mark->synchronising && !was_line) {
        skip_literal_of(*mark);
      } else {
        text_given_ = true;
      }
      return event;
    }
    const auto event = refuse(kLineTooLong);
    text_.erase(0, line_begin_);
    line_begin_ = 0;
    state_ = State::skip_line;
    return event;
  }
  if (!whole) return Event::need_input;
  strip_line_break(text_, line_begin_);
  return line_complete();
}

std::optional<CommandReader::Event> CommandReader::line_complete() {
  if (want_line_) {
    want_line_ = false;
    text_given_ = true;
    return Event::line;
  }
  if (const auto mark = literal_mark_at_end(std::string_view{text_}.substr(line_begin_)))
    return begin_literal(*mark);
  if (text_.empty()) {
    start_command();
    return std::nullopt;
  }
  text_given_ = true;
  return Event::command;
}

/// In APPEND every literal but the mailbox's name is a message.
bool CommandReader::is_message_next(const LiteralMark& mark) const {
  Lexer in{std::string_view{text_}.substr(0, text_.size() - mark.mark_len)};
  in.eat_spaces();
  in.take_while(is_astring_char);
  if (!in.eat_spaces() || !in.eat_word("APPEND")) return false;
  in.eat_spaces();
  return !in.at_end();
}

std::optional<CommandReader::Event> CommandReader::begin_literal(const LiteralMark& mark) {
  const bool is_message = is_message_next(mark);
  text_ += "\r\n";
  line_begin_ = text_.size();
  ++literals_;
  if (literals_ > limits_.literal_count ||
      (!is_message && mark.size > limits_.literals - std::min(literal_octets_, limits_.literals))) {
    const auto event =
        refuse(literals_ > limits_.literal_count ? kTooManyLiterals : kLiteralTooLarge);
    if (mark.synchronising) {
      text_given_ = true;
    } else {
      skip_literal_of(mark);
    }
    return event;
  }
  if (is_message) {
    message_ = mark;
    state_ = State::message_offered;
    return Event::message_literal;
  }
  literal_octets_ += static_cast<std::size_t>(mark.size);
  left_ = mark.size;
  state_ = State::literal;
  if (mark.synchronising) return Event::continuation;
  return std::nullopt;
}

std::optional<CommandReader::Event> CommandReader::read_literal() {
  if (left_ > 0 && !has_input()) return Event::need_input;
  const auto piece = take_input(left_);
  text_ += piece;
  left_ -= piece.size();
  if (left_ > 0) return Event::need_input;
  line_begin_ = text_.size();
  state_ = State::line;
  return std::nullopt;
}

std::optional<CommandReader::Event> CommandReader::refuse(Fault fault) {
  refusal_ = {want_line_ ? "*" : tag_of(std::string_view{text_}.substr(0, 512)), fault};
  want_line_ = false;
  return Event::refused;
}

void CommandReader::skip_literal_of(const LiteralMark& mark) {
  release_if_large(text_);
  line_begin_ = 0;
  left_ = mark.size;
  state_ = State::skip_literal;
  if (left_ > limits_.swallow - std::min(swallowed_, limits_.swallow)) state_ = State::closed;
}

std::optional<CommandReader::Event> CommandReader::skip_line() {
  if (!has_input()) return Event::need_input;
  const auto before = text_.size();
  const bool whole = take_line_piece();
  swallowed_ += text_.size() - before;
  if (swallowed_ > limits_.swallow) {
    state_ = State::closed;
    return std::nullopt;
  }
  if (!whole) {
    if (text_.size() > kKeptTail) text_.erase(0, text_.size() - kKeptTail);
    return Event::need_input;
  }
  strip_line_break(text_, line_begin_);
  const auto mark = literal_mark_at_end(text_);
  if (mark && !mark->synchronising) {
    skip_literal_of(*mark);
  } else {
    start_command();
  }
  return std::nullopt;
}

std::optional<CommandReader::Event> CommandReader::skip_literal() {
  if (left_ > 0 && !has_input()) return Event::need_input;
  const auto piece = take_input(left_);
  left_ -= piece.size();
  swallowed_ += piece.size();
  if (left_ > 0) return Event::need_input;
  state_ = State::skip_line;
  return std::nullopt;
}

bool CommandReader::accept_message() {
  if (state_ != State::message_offered) return false;
  left_ = message_.size;
  state_ = State::message;
  return message_.synchronising;
}

void CommandReader::refuse_message() {
  if (state_ == State::message) {
    // Already on its way: what is left of it counts like a literal that did not ask.
    skip_literal_of({.size = left_, .synchronising = false, .literal8 = false, .mark_len = 0});
  } else if (state_ == State::message_offered && message_.synchronising) {
    text_given_ = true;
    state_ = State::line;
  } else if (state_ == State::message_offered) {
    skip_literal_of(message_);
  }
}

std::string_view CommandReader::take_message(std::size_t most) {
  if (state_ != State::message) return {};
  const auto taken = take_input(std::min<std::uint64_t>(most, left_));
  left_ -= taken.size();
  return taken;
}

std::size_t CommandReader::discard_input() {
  const auto dropped = buffered();
  release_if_large(in_);
  at_ = 0;
  return dropped;
}

}  // namespace postern::imap
