#include "smtp/line_reader.hpp"

#include <algorithm>

namespace postern::smtp {

/// Index of the LF that ends the line, given what is held; npos if it has not come.
std::size_t LineReader::find_end(std::string_view input) const {
  const bool after_cr = dropping_ ? dropped_cr_ : held_.ends_with('\r');
  for (auto lf = input.find('\n'); lf != input.npos; lf = input.find('\n', lf + 1)) {
    if (end_ == LineEnd::crlf_or_lf) return lf;
    if (lf == 0 ? after_cr : input[lf - 1] == '\r') return lf;
  }
  return input.npos;
}

Result<std::optional<std::string_view>> LineReader::take(std::string_view& input) {
  if (handed_out_) {
    held_.clear();
    handed_out_ = false;
  }
  if (dropping_) {
    const auto lf = find_end(input);
    if (lf == input.npos) {
      if (!input.empty()) dropped_cr_ = input.back() == '\r';
      input = {};
      return std::nullopt;
    }
    input.remove_prefix(lf + 1);
    dropping_ = false;
  }
  // The line may have `limit_` octets, then CRLF; nothing beyond that needs to be looked at.
  const auto room = limit_ + 2 - std::min(held_.size(), limit_ + 2);
  const auto window = input.substr(0, room);
  const auto lf = find_end(window);
  if (lf == window.npos) {
    const auto content = held_.size() + window.size() -
                         (window.ends_with('\r') || (window.empty() && held_.ends_with('\r')));
    if (content > limit_) {
      dropping_ = true;
      dropped_cr_ = window.empty() ? held_.ends_with('\r') : window.back() == '\r';
      held_.clear();
      input.remove_prefix(window.size());
      return fail(Errc::line_too_long);
    }
    held_ += window;
    input = {};
    return std::nullopt;
  }
  std::string_view line = window.substr(0, lf);
  if (!held_.empty()) {
    held_ += line;
    handed_out_ = true;
    line = held_;
  }
  input.remove_prefix(lf + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.size() > limit_) return fail(Errc::line_too_long);  // ended by a bare LF
  return line;
}

}  // namespace postern::smtp
