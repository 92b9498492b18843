#include "smtp/data_encoder.hpp"

namespace postern::smtp {

Result<void> DataEncoder::add(std::string_view piece, std::string& out) {
  const auto before = out.size();
  // A CR at the end of the last piece was kept back until its LF is there.
  if (lines_.after_cr() && !piece.empty()) out += '\r';
  std::size_t copied = 0;
  for (std::size_t at = 0; at < piece.size();) {
    if (lines_.at_line_start() && piece[at] == '.') {
      out += piece.substr(copied, at - copied);
      out += '.';
      copied = at;
    }
    at += lines_.take_line(piece.substr(at));
  }
  auto rest = piece.substr(copied);
  if (lines_.after_cr() && !piece.empty()) rest.remove_suffix(1);
  out += rest;
  if (!lines_.flaw()) return {};
  out.resize(before);
  return fail(Errc::bad_syntax, "message holds a " + std::string{to_string(*lines_.flaw())});
}

Result<void> DataEncoder::finish(std::string& out) {
  lines_.finish();
  if (lines_.flaw())
    return fail(Errc::bad_syntax, "message holds a " + std::string{to_string(*lines_.flaw())});
  if (!lines_.at_line_start()) out += "\r\n";
  out += ".\r\n";
  return {};
}

void LineNormaliser::add(std::string_view piece, std::string& out) {
  LineChecker look{UINT64_MAX};
  if (!after_cr_) look.take(piece);
  if (!after_cr_ && !look.flaw() && !look.after_cr()) {
    // Clean, as nearly everything is.
    out += piece;
    if (!piece.empty()) at_line_start_ = look.at_line_start();
    return;
  }
  while (!piece.empty()) {
    const auto at = piece.find_first_of(std::string_view{"\r\n\0", 3});
    if (at != 0) {
      const auto run = piece.substr(0, at);
      out += run;
      piece.remove_prefix(run.size());
      after_cr_ = false;
      at_line_start_ = false;
      continue;
    }
    const char c = piece.front();
    piece.remove_prefix(1);
    if (c == '\0') continue;
    if (c != '\n' || !after_cr_) out += "\r\n";
    after_cr_ = c == '\r';
    at_line_start_ = true;
  }
}

void LineNormaliser::finish(std::string& out) {
  if (!at_line_start_) out += "\r\n";
  *this = {};
}

}  // namespace postern::smtp
