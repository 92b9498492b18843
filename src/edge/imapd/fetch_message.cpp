#include "imapd/fetch_message.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "imap/print.hpp"
#include "imap/print_fetch.hpp"
#include "imapd/section.hpp"
#include "mime/transfer.hpp"
#include "vocab/try.hpp"

namespace postern::imapd {
namespace {

using Kind = imap::FetchItem::Kind;
using Text = imap::Section::Text;

/// What of a message is in memory at a time.
constexpr std::uint64_t kPiece = std::uint64_t{128} * 1024;
/// BINARY needs the decoded size first, so the decoded part is held; more than this is refused.
constexpr std::uint64_t kMaxBinary = std::uint64_t{32} << 20U;

/// RFC822, RFC822.HEADER and RFC822.TEXT as the sections they are.
imap::Section section_of(const imap::FetchItem& item) {
  switch (item.kind) {
    case Kind::rfc822_header: return {.part = {}, .text = Text::header, .fields = {}};
    case Kind::rfc822_text:   return {.part = {}, .text = Text::text, .fields = {}};
    case Kind::rfc822:        return {};
    default:                  return item.section;
  }
}

bool filters(const imap::Section& section) {
  return section.text == Text::header_fields || section.text == Text::header_fields_not;
}

/// The items that the entry alone answers; false for the others.
bool print_simple(imap::FetchResponse& response, const MessageFetch& message,
                  const imap::FetchItem& item) {
  const auto& entry = message.entry;
  switch (item.kind) {
    case Kind::uid:   response.uid(entry.uid); return true;
    case Kind::flags: response.flags(flag_names(entry.flags, message.keywords)); return true;
    case Kind::internal_date:
      response.internal_date({entry.internal_date, entry.internal_offset});
      return true;
    case Kind::rfc822_size: response.size(entry.size); return true;
    case Kind::mod_seq:     response.mod_seq(entry.modseq); return true;
    case Kind::email_id:    response.email_id(object_id('M', entry.message.value())); return true;
    case Kind::save_date:   response.save_date(mime::DateTime{entry.save_date, 0}); return true;
    case Kind::thread_id:   response.thread_id(object_id('T', message.record->thread)); return true;
    default:                return false;
  }
}

/// One message being answered: the items that only print, and those that read.
class Answer {
 public:
  Answer(const MessageFetch& message, Output& output, FetchOutcome& outcome)
      : message_{message},
        output_{output},
        outcome_{outcome},
        response_{output.buffer(), message.number} {}

  Task<Result<void>> item(const imap::FetchItem& item);
  void end() { response_.end(); }

 private:
  Result<const mime::Part*> root();
  Task<Result<void>> section(const imap::FetchItem& item);
  Task<Result<void>> binary(const imap::FetchItem& item);
  Task<Result<void>> whole_binary(const imap::FetchItem& item);
  Task<Result<std::string>> decoded(const mime::Part& part, mime::Transfer encoding);
  Task<Result<void>> stream(Octets octets);
  Task<Result<std::string>> read_all(Octets octets);

  const MessageFetch& message_;
  Output& output_;
  FetchOutcome& outcome_;
  imap::FetchResponse response_;
  std::optional<mime::Part> root_;
};

Result<const mime::Part*> Answer::root() {
  if (!root_) {
    POSTERN_TRY(root_, message_.record->structure());
  }
  return &*root_;
}

Task<Result<void>> Answer::item(const imap::FetchItem& item) {
  if (print_simple(response_, message_, item)) co_return Result<void>{};
  if (item.kind == Kind::envelope) {
    POSTERN_CO_TRY(const auto envelope, message_.record->envelope());
    response_.envelope(envelope, message_.form);
    co_return Result<void>{};
  }
  if (item.kind == Kind::body || item.kind == Kind::body_structure) {
    POSTERN_CO_TRY(const auto* const part, root());
    response_.body(*part, item.kind == Kind::body_structure, message_.form);
    co_return Result<void>{};
  }
  if (item.kind == Kind::binary || item.kind == Kind::binary_size) co_return co_await binary(item);
  co_return co_await section(item);
}

Task<Result<void>> Answer::section(const imap::FetchItem& item) {
  const auto section = section_of(item);
  const bool whole = section.part.empty() && section.text == Text::whole;
  std::optional<Octets> octets = Octets{0, message_.record->served_size()};
  if (!whole) {
    POSTERN_CO_TRY(const auto* const part, root());
    octets = find_section(*message_.record, *part, section);
  }
  if (!octets) {
    response_.nil(item);
    co_return Result<void>{};
  }
  if (!filters(section)) {
    const auto wanted = cut(*octets, item.partial);
    response_.begin_literal(item, wanted.size());
    co_return co_await stream(wanted);
  }
  POSTERN_CO_TRY(const auto header, co_await read_all(*octets));
  const auto text = filter_header(header, section);
  const auto wanted = cut({0, text.size()}, item.partial);
  response_.begin_literal(item, wanted.size());
  output_.buffer() += std::string_view{text}.substr(wanted.begin, wanted.size());
  co_return Result<void>{};
}

/// BINARY[]: the message itself has no encoding of its own, and may be larger than memory.
Task<Result<void>> Answer::whole_binary(const imap::FetchItem& item) {
  const Octets all{0, message_.record->served_size()};
  if (item.kind == Kind::binary_size) {
    response_.binary_size(item, all.size());
    co_return Result<void>{};
  }
  const auto wanted = cut(all, item.partial);
  // Whether there is a NUL in it is not known before it has been sent.
  response_.begin_literal(item, wanted.size(), true);
  co_return co_await stream(wanted);
}

Task<Result<void>> Answer::binary(const imap::FetchItem& item) {
  if (item.section.part.empty()) co_return co_await whole_binary(item);
  POSTERN_CO_TRY(const auto* const whole, root());
  const auto* const part = find_part(*whole, item.section.part);
  if (part == nullptr) {
    response_.nil(item);
    co_return Result<void>{};
  }
  const auto encoding = mime::transfer_of(part->encoding);
  if (!encoding || part->size() > kMaxBinary) {
    outcome_.unknown_cte = true;
    response_.nil(item);
    co_return Result<void>{};
  }
  POSTERN_CO_TRY(const auto text, co_await decoded(*part, *encoding));
  if (item.kind == Kind::binary_size) {
    response_.binary_size(item, text.size());
    co_return Result<void>{};
  }
  const auto wanted = cut({0, text.size()}, item.partial);
  const auto piece = std::string_view{text}.substr(wanted.begin, wanted.size());
  response_.begin_literal(item, piece.size(), piece.contains('\0'));
  output_.buffer() += piece;
  co_return Result<void>{};
}

Task<Result<std::string>> Answer::decoded(const mime::Part& part, mime::Transfer encoding) {
  const auto& record = *message_.record;
  mime::TransferDecoder decoder{encoding};
  std::string out;
  const auto end = record.to_served(part.body_end);
  for (auto at = record.to_served(part.body_begin); at < end;) {
    POSTERN_CO_TRY(const auto piece,
                   co_await message_.session.read(record, at, std::min(kPiece, end - at)));
    if (piece.empty()) co_return fail(Errc::corrupt, "message shorter than its structure");
    decoder.feed(piece, out);
    at += piece.size();
  }
  decoder.finish(out);
  co_return out;
}

Task<Result<std::string>> Answer::read_all(Octets octets) {
  std::string out;
  while (octets.begin < octets.end) {
    POSTERN_CO_TRY(const auto piece,
                   co_await message_.session.read(*message_.record, octets.begin,
                                                  std::min(kPiece, octets.size())));
    if (piece.empty()) co_return fail(Errc::corrupt, "message shorter than its structure");
    out += piece;
    octets.begin += piece.size();
  }
  co_return out;
}

Task<Result<void>> Answer::stream(Octets octets) {
  while (octets.begin < octets.end) {
    POSTERN_CO_TRY(const auto piece,
                   co_await message_.session.read(*message_.record, octets.begin,
                                                  std::min(kPiece, octets.size())));
    if (piece.empty()) co_return fail(Errc::corrupt, "message shorter than its structure");
    output_.buffer() += piece;
    octets.begin += piece.size();
    POSTERN_CO_CHECK(co_await output_.drain_if_large());
  }
  co_return Result<void>{};
}

}  // namespace

std::vector<std::string> flag_names(store::Flags flags, const store::Keywords& keywords) {
  using store::Flags;
  std::vector<std::string> out;
  const std::pair<std::uint64_t, const char*> names[] = {{Flags::kAnswered, "\\Answered"},
                                                         {Flags::kFlagged, "\\Flagged"},
                                                         {Flags::kDeleted, "\\Deleted"},
                                                         {Flags::kSeen, "\\Seen"},
                                                         {Flags::kDraft, "\\Draft"}};
  for (const auto& [bit, name] : names) {
    if (flags.has(bit)) out.emplace_back(name);
  }
  for (auto& keyword : store::to_names(flags, keywords).keywords) out.push_back(std::move(keyword));
  return out;
}

std::string object_id(char kind, std::uint64_t number) {
  return fmt::format("{}{}", kind, number);
}

void print_entry(const MessageFetch& message, const imap::Fetch& command, std::string& out) {
  imap::FetchResponse response{out, message.number};
  for (const auto& item : command.items) print_simple(response, message, item);
  response.end();
}

Task<Result<void>> fetch_message(const MessageFetch& message, const imap::Fetch& command,
                                 Output& output, FetchOutcome& outcome) {
  Answer answer{message, output, outcome};
  for (const auto& item : command.items) POSTERN_CO_CHECK(co_await answer.item(item));
  answer.end();
  co_return Result<void>{};
}

}  // namespace postern::imapd
