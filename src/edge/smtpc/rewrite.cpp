#include "smtpc/rewrite.hpp"

#include <algorithm>
#include <utility>

#include "mime/builder.hpp"
#include "mime/header.hpp"
#include "mime/message.hpp"
#include "text/ascii.hpp"
#include "vocab/try.hpp"

namespace postern::smtpc {
namespace {

constexpr std::uint64_t kPiece = std::uint64_t{128} * 1024;
constexpr std::uint64_t kMaxPartHeader = std::uint64_t{64} * 1024;
constexpr std::size_t kLongestLine = 998;
constexpr std::size_t kBase64Line = 57;  ///< Octets that become 76.

/// Looks for what does not fit.
struct Scan {
  Unfit found;
  std::size_t line = 0;
  void add(std::string_view octets) {
    for (const char c : octets) {
      if (text::is_8bit(c)) found.eight_bit = true;
      line = c == '\n' ? 0 : line + 1;
      if (line > kLongestLine + 1) found.long_lines = true;  // its CR counts as one
    }
  }
};

Task<Result<Unfit>> scan(const queue::Job& job, std::uint64_t begin, std::uint64_t end) {
  Scan scan;
  for (auto at = begin; at < end;) {
    const auto length = std::min(kPiece, end - at);
    POSTERN_CO_TRY(const auto octets, co_await job.read(at, length));
    if (octets.size() != length) co_return fail(Errc::corrupt);
    scan.add(octets);
    at += length;
  }
  co_return scan.found;
}

bool hurts(Unfit found, Unfit unfit) {
  return (found.eight_bit && unfit.eight_bit) || (found.long_lines && unfit.long_lines);
}

bool is_identity(const mime::Part& part) {
  return part.encoding.empty() || part.encoding == "7bit" || part.encoding == "8bit" ||
         part.encoding == "binary";
}

bool is_sealed(const mime::Part& part) {
  return part.is("multipart", "signed") || part.is("multipart", "encrypted");
}

/// What a part without a type of its own is, by what is in it (RFC 2045 §5.2, RFC 1428).
std::string_view type_of(bool eight_bit) {
  return eight_bit ? "text/plain; charset=unknown-8bit" : "text/plain; charset=us-ascii";
}

/// What a part's header shall say of its body.
struct Form {
  std::string_view encoding;
  std::string_view type = {};  ///< If it says nothing of that.
};

/// Changes of one part's header: the encoding it now has, and what makes it MIME.
Result<void> edit_header(const mime::Part& part, std::string_view raw, Form form, bool root,
                         std::vector<Edit>& edits) {
  if (!text::is_ascii(raw)) return fail(Errc::unsupported, "8-bit octets in a header");
  if (raw.size() < 2 || !raw.ends_with("\r\n") || (raw.size() > 2 && !raw.ends_with("\r\n\r\n"))) {
    return fail(Errc::unsupported, "a header without end");
  }
  const mime::Header header{raw};
  std::string added;
  if (root && !header.find("MIME-Version")) added += "MIME-Version: 1.0\r\n";
  if (!header.find("Content-Type") && part.kind == mime::Part::Kind::leaf)
    added.append("Content-Type: ").append(form.type).append("\r\n");
  const auto field = "Content-Transfer-Encoding: " + std::string{form.encoding} + "\r\n";
  if (const auto old = header.find("Content-Transfer-Encoding")) {
    edits.push_back({.begin = part.header_begin + old->begin,
                     .end = part.header_begin + old->end,
                     .text = field});
  } else {
    added += field;
  }
  if (!added.empty()) {
    const auto at = part.body_begin - 2;
    edits.push_back({.begin = at, .end = at, .text = std::move(added)});
  }
  return {};
}

Task<Result<void>> edit_leaf(const queue::Job& job, const mime::Part& part, bool root, Unfit unfit,
                             std::vector<Edit>& edits) {
  POSTERN_CO_TRY(const auto found, co_await scan(job, part.body_begin, part.body_end));
  if (!hurts(found, unfit)) co_return Result<void>{};
  if (part.kind == mime::Part::Kind::message || !is_identity(part) ||
      part.body_begin - part.header_begin > kMaxPartHeader) {
    co_return fail(Errc::unsupported, "a part that must not be changed");
  }
  POSTERN_CO_TRY(const auto raw,
                 co_await job.read(part.header_begin, part.body_begin - part.header_begin));
  const bool text = part.type == "text";
  const Form form{.encoding = text ? "quoted-printable" : "base64",
                  .type = type_of(found.eight_bit)};
  POSTERN_CO_CHECK(edit_header(part, raw, form, root, edits));
  edits.push_back({.begin = part.body_begin,
                   .end = part.body_end,
                   .how = text ? Edit::How::quoted_printable : Edit::How::base64});
  co_return Result<void>{};
}

Task<Result<void>> edit_multipart(const queue::Job& job, const mime::Part& part, bool root,
                                  std::vector<Edit>& edits) {
  if (part.encoding.empty() || part.encoding == "7bit") co_return Result<void>{};
  if (part.body_begin - part.header_begin > kMaxPartHeader) co_return fail(Errc::unsupported);
  POSTERN_CO_TRY(const auto raw,
                 co_await job.read(part.header_begin, part.body_begin - part.header_begin));
  co_return edit_header(part, raw, {.encoding = "7bit"}, root, edits);
}

/// What lies between the parts (preambles, headers) stays as it is, and must fit as it is.
Task<Result<void>> check_rest(const queue::Job& job, const std::vector<Edit>& edits) {
  std::uint64_t at = 0;
  for (std::size_t i = 0; i <= edits.size(); ++i) {
    const auto end = i < edits.size() ? edits.at(i).begin : job.size;
    POSTERN_CO_TRY(const auto found, co_await scan(job, at, end));
    if (found.eight_bit) co_return fail(Errc::unsupported, "8-bit octets outside of parts");
    if (i < edits.size()) at = edits.at(i).end;
  }
  co_return Result<void>{};
}

Task<Result<mime::Message>> parse_content(const queue::Job& job) {
  mime::MessageParser parser;
  for (std::uint64_t at = 0; at < job.size;) {
    const auto length = std::min(kPiece, job.size - at);
    POSTERN_CO_TRY(const auto octets, co_await job.read(at, length));
    if (octets.size() != length) co_return fail(Errc::corrupt);
    parser.feed(octets);
    at += length;
  }
  co_return parser.finish();
}

}  // namespace

void BodyEncoder::begin(Edit::How how) {
  how_ = how;
  held_.clear();
}

void BodyEncoder::add(std::string_view octets, std::string& out) {
  held_ += octets;
  if (how_ == Edit::How::base64) {
    add_binary(false, out);
  } else {
    add_text(out);
  }
}

/// Whole lines; of a line without end, what is too much to keep goes out with a soft line break.
void BodyEncoder::add_text(std::string& out) {
  const auto line_end = held_.rfind("\r\n");
  if (line_end != std::string::npos) {
    out += mime::to_quoted_printable(std::string_view{held_}.substr(0, line_end + 2));
    held_.erase(0, line_end + 2);
  }
  while (held_.size() > kLongestText) {
    out += mime::to_quoted_printable(std::string_view{held_}.substr(0, kLongestText / 2));
    out += "=\r\n";
    held_.erase(0, kLongestText / 2);
  }
}

void BodyEncoder::add_binary(bool last, std::string& out) {
  const auto whole = last ? held_.size() : held_.size() / kBase64Line * kBase64Line;
  if (whole == 0) return;
  out += mime::to_base64_lines(std::string_view{held_}.substr(0, whole));
  held_.erase(0, whole);
}

void BodyEncoder::finish(std::string& out) {
  if (how_ == Edit::How::base64) {
    add_binary(true, out);
  } else {
    out += mime::to_quoted_printable(held_);
  }
  held_.clear();
}

Task<Result<std::vector<Edit>>> plan_rewrite(const queue::Job& job, Unfit unfit) {
  POSTERN_CO_TRY(const auto message, co_await parse_content(job));
  if (unfit.eight_bit && message.header_8bit)
    co_return fail(Errc::unsupported, "8-bit octets in the header");
  struct Visit {
    const mime::Part* part;
    bool sealed;
  };
  std::vector<Edit> edits;
  std::vector<Visit> todo{{&message.root, false}};
  while (!todo.empty()) {
    const auto [part, sealed] = todo.back();
    todo.pop_back();
    const bool root = part == &message.root;
    const auto before = edits.size();
    if (part->kind == mime::Part::Kind::multipart) {
      POSTERN_CO_CHECK(co_await edit_multipart(job, *part, root, edits));
      for (const auto& child : part->children) todo.push_back({&child, sealed || is_sealed(*part)});
    } else {
      POSTERN_CO_CHECK(co_await edit_leaf(job, *part, root, unfit, edits));
    }
    if (sealed && edits.size() > before)
      co_return fail(Errc::unsupported, "a signed or encrypted part");
  }
  std::ranges::sort(edits, {}, [](const Edit& edit) { return std::pair{edit.begin, edit.end}; });
  if (unfit.eight_bit) POSTERN_CO_CHECK(co_await check_rest(job, edits));
  co_return edits;
}

}  // namespace postern::smtpc
