#include <algorithm>
#include <vector>

#include "authres/authres.hpp"
#include "dns/name.hpp"
#include "mime/encoded_word.hpp"
#include "mime/lexer.hpp"
#include "text/ascii.hpp"

namespace postern::authres {
namespace {

/// So that equal ids are equal texts.
std::string canonical(std::string_view id) {
  while (id.ends_with('.')) id.remove_suffix(1);
  const auto name = dns::Name::parse(id);
  return name ? name->to_string() : text::lower(id);
}

/// What stands before the first semicolon, without comments, blanks, quotes and escapes.
struct FirstSegment {
  std::string text;
  bool closed = true;  ///< Every comment and quoted string ends.
};

FirstSegment first_segment(std::string_view value) {
  FirstSegment out;
  int depth = 0;
  bool in_quotes = false;
  bool escaped = false;
  for (const char c : value) {
    if (escaped) {
      escaped = false;
      if (depth == 0) out.text += c;
    } else if (c == '\\') {
      escaped = true;
    } else if (c == '"' && depth == 0) {
      in_quotes = !in_quotes;
    } else if (!in_quotes && c == '(') {
      ++depth;
    } else if (!in_quotes && c == ')' && depth > 0) {
      --depth;
    } else if (depth == 0 && !in_quotes && c == ';') {
      return out;
    } else if (depth == 0 && !mime::is_blank(c)) {
      out.text += c;
    }
  }
  out.closed = depth == 0 && !in_quotes;
  return out;
}

/// Every id that some reader might see in `value`, in canonical form.
std::vector<std::string> readings(std::string_view value, const FirstSegment& segment) {
  mime::Lexer in{value};
  in.skip_cfws();
  const std::string first = in.peek() == '"' ? in.quoted() : std::string{in.run(";(")};
  // Where a reader may take the id to end: at a version, a statement, another quoted string.
  const auto word = std::string_view{first}.substr(0, first.find_first_of("/=,:\""));
  return {canonical(first), canonical(word), canonical(segment.text)};
}

bool claims(std::string_view value, std::span<const std::string> ids) {
  const FirstSegment segment = first_segment(value);
  const auto seen = readings(value, segment);
  const std::string lower = segment.closed ? std::string{} : text::lower(value);
  return std::ranges::any_of(ids, [&](const std::string& id) {
    return std::ranges::find(seen, id) != seen.end() ||
           (!segment.closed && lower.find(id) != lower.npos);
  });
}

}  // namespace

bool claims_id(std::string_view value, std::span<const std::string> ours) {
  std::vector<std::string> ids;
  for (const std::string& id : ours) ids.push_back(canonical(id));
  std::erase(ids, std::string{});
  if (ids.empty()) return false;
  if (claims(value, ids)) return true;
  return value.find("=?") != value.npos && claims(mime::decode_header_text(value), ids);
}

}  // namespace postern::authres
