#include "imap/status_item.hpp"

#include <array>

namespace postern::imap {
namespace {

constexpr auto kWords = std::to_array<std::string_view>(
    {"MESSAGES", "RECENT", "UIDNEXT", "UIDVALIDITY", "UNSEEN", "DELETED", "SIZE", "HIGHESTMODSEQ",
     "APPENDLIMIT", "MAILBOXID", "DELETED-STORAGE"});

}  // namespace

std::string_view to_word(StatusItem item) {
  return kWords.at(static_cast<std::size_t>(item));
}

Parsed<StatusItem> parse_status_item(Lexer& in) {
  const auto word = in.keyword();
  for (std::size_t i = 0; i < kWords.size(); ++i)
    if (text::iequals(word, kWords.at(i))) return static_cast<StatusItem>(i);
  return bad("unknown status item");
}

}  // namespace postern::imap
