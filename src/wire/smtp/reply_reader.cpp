#include "smtp/reply_reader.hpp"

#include <algorithm>
#include <utility>

#include "text/ascii.hpp"
#include "text/utf8.hpp"
#include "vocab/try.hpp"

namespace postern::smtp {
namespace {

constexpr std::size_t kMaxLines = 200;
constexpr std::size_t kMaxReply = 64 * 1024;

std::optional<int> parse_code(std::string_view line) {
  if (line.size() < 3 || line[0] < '2' || line[0] > '5') return std::nullopt;
  if (line.size() > 3 && line[3] != ' ' && line[3] != '-') return std::nullopt;
  return text::parse_number<unsigned>(line.substr(0, 3)).transform([](unsigned code) {
    return static_cast<int>(code);
  });
}

/// Takes "5.7.1 " off `text` if it belongs to `code`.
std::optional<EnhancedStatus> take_status(std::string_view& text, int code) {
  const auto word = text.substr(0, text.find(' '));
  const auto status = parse_enhanced_status(word);
  if (!status || status->severity != code / 100) return std::nullopt;
  text.remove_prefix(std::min(word.size() + 1, text.size()));
  return status;
}

}  // namespace

/// Adds one line to the reply; true when it was the last.
Result<bool> ReplyReader::add(std::string_view line) {
  const auto code = parse_code(line);
  if (!code) return fail(Errc::bad_syntax, "reply without a code");
  if (lines_ > 0 && *code != reply_.code) return fail(Errc::bad_syntax, "codes differ in a reply");
  if (++lines_ > kMaxLines || reply_.text.size() + line.size() > kMaxReply)
    return fail(Errc::too_large, "reply too long");
  auto text = line.substr(std::min<std::size_t>(4, line.size()));
  const auto status = take_status(text, *code);
  if (lines_ > 1) reply_.text += '\n';
  reply_.code = *code;
  if (!reply_.status) reply_.status = status;
  auto clean = text::to_valid_utf8(text);
  std::ranges::replace_if(clean, [](char c) { return text::is_control(c) && c != '\t'; }, '?');
  reply_.text += clean;
  return line.size() < 4 || line[3] == ' ';
}

Result<std::optional<Reply>> ReplyReader::take(std::string_view& input) {
  while (!input.empty()) {
    POSTERN_TRY(const auto line, reader_.take(input));
    if (!line) break;
    POSTERN_TRY(const bool last, add(*line));
    if (!last) continue;
    lines_ = 0;
    return std::exchange(reply_, {});
  }
  return std::nullopt;
}

}  // namespace postern::smtp
