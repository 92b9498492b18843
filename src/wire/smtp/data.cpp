#include "smtp/data.hpp"

namespace postern::smtp {

std::string_view to_string(DataFlaw flaw) {
  switch (flaw) {
    case DataFlaw::bare_cr:       return "bare CR";
    case DataFlaw::bare_lf:       return "bare LF";
    case DataFlaw::nul:           return "NUL";
    case DataFlaw::line_too_long: return "line over 64 KiB";
  }
  return "";
}

/// `text` is a piece of a line: every CR in it is bare, and so is its last octet if `ends_in_lf`.
/// Which flaw is the first does not depend on the pieces.
void LineChecker::check(std::string_view text, bool ends_in_lf) {
  const auto start = line_;
  line_ += text.size();
  if (flaw_) return;
  auto first = text.npos;
  const auto note = [&](DataFlaw flaw, std::size_t at) {
    if (at >= first) return;
    first = at;
    flaw_ = flaw;
  };
  if (line_ > room_) note(DataFlaw::line_too_long, static_cast<std::size_t>(room_ - start));
  note(DataFlaw::nul, text.find('\0'));
  note(DataFlaw::bare_cr, text.find('\r'));
  if (ends_in_lf) note(DataFlaw::bare_lf, text.size() - 1);
}

std::size_t LineChecker::take_line(std::string_view text) {
  if (text.empty()) return 0;
  if (after_cr_) {
    after_cr_ = false;
    if (text.front() == '\n') {
      line_ = 0;
      return 1;
    }
    check("\r", false);
  }
  std::size_t from = 0;
  for (auto lf = text.find('\n'); lf != text.npos; lf = text.find('\n', from)) {
    if (lf > from && text[lf - 1] == '\r') {
      check(text.substr(from, lf - 1 - from), false);
      line_ = 0;
      return lf + 1;
    }
    check(text.substr(from, lf + 1 - from), true);
    from = lf + 1;
  }
  auto rest = text.substr(from);
  after_cr_ = rest.ends_with('\r');
  if (after_cr_) rest.remove_suffix(1);
  check(rest, false);
  return text.size();
}

void LineChecker::take(std::string_view text) {
  while (!text.empty()) text.remove_prefix(take_line(text));
}

void LineChecker::finish() {
  if (after_cr_) check("\r", false);
  after_cr_ = false;
}

/// The octets behind a dot that opened a line: is it the end, or text?
void DataDecoder::take_dot(std::string_view& input) {
  if (state_ == State::dot && input.starts_with('\r')) {
    input.remove_prefix(1);
    state_ = State::dot_cr;
  }
  if (input.empty()) return;
  if (state_ == State::dot_cr && input.front() == '\n') {
    input.remove_prefix(1);
    state_ = State::done;
    return;
  }
  if (state_ == State::dot_cr) {
    lines_.take("\r");  // it was text after all, and bare
    ++size_;
  }
  state_ = State::text;
}

std::string_view DataDecoder::take(std::string_view& input) {
  if (state_ != State::text) {
    take_dot(input);
    if (state_ != State::text) return {};
    // This line's own dot is gone; a second one is text.
    const auto used = lines_.take_line(input);
    const auto piece = input.substr(0, used);
    size_ += used;
    input.remove_prefix(used);
    return flaw() ? std::string_view{} : piece;
  }
  std::size_t used = 0;
  while (used < input.size()) {
    if (lines_.at_line_start() && input[used] == '.') {
      state_ = State::dot;
      break;
    }
    used += lines_.take_line(input.substr(used));
  }
  const auto piece = input.substr(0, used);
  size_ += used;
  input.remove_prefix(used + (state_ == State::dot ? 1 : 0));
  return flaw() ? std::string_view{} : piece;
}

}  // namespace postern::smtp
