#include "mime/structure.hpp"

#include <algorithm>
#include <array>

#include "mime/encoded_word.hpp"
#include "mime/header.hpp"
#include "mime/lexer.hpp"
#include "mime/part_header.hpp"
#include "text/ascii.hpp"

namespace postern::mime {
namespace {

constexpr std::size_t kMaxLanguages = 100;
// RFC 2046 §5.1.1 allows 70. Of a longer one this much is compared: a boundary line needs to match
// from its beginning only.
constexpr std::size_t kMaxBoundary = 256;

struct Seen {
  bool type = false;
  bool disposition = false;
};

// RFC 2045 §5.2: what is no valid type is text/plain, and so is the bare `text` of RFC 1049.
void set_type(Part& part, std::string_view value) {
  ParamField field = parse_params(value);
  const std::size_t slash = field.value.find('/');
  std::string type = text::lower(std::string_view{field.value}.substr(0, slash));
  std::string subtype;
  if (slash != std::string::npos)
    subtype = text::lower(std::string_view{field.value}.substr(slash + 1));
  if (type == "multipart" && subtype.empty()) subtype = "mixed";
  if (type.empty() || subtype.empty()) {
    part.params = {{.name = "charset", .value = "us-ascii"}};
    return;
  }
  part.type = std::move(type);
  part.subtype = std::move(subtype);
  part.params = std::move(field.params);
}

void set_disposition(Part& part, std::string_view value) {
  ParamField field = parse_params(value);
  // What is no token (RFC 2183 §2) is no disposition.
  if (field.value.empty() || field.value.find_first_of("=?<>@\"") != std::string::npos) return;
  part.disposition = text::lower(field.value);
  part.disposition_params = std::move(field.params);
}

void set_languages(Part& part, std::string_view value) {
  const std::string plain = without_comments(value);
  for (const std::string_view piece : text::split(plain, ',')) {
    const std::string_view language = text::trim(piece);
    if (!language.empty() && part.languages.size() < kMaxLanguages)
      part.languages.emplace_back(language);
  }
}

std::string without_blanks(std::string_view value) {
  std::string out{value};
  std::erase_if(out, is_blank);
  return out;
}

void set_kind(Part& part) {
  if (part.type == "multipart")
    part.kind = Part::Kind::multipart;
  else if (part.is("message", "rfc822") || part.is("message", "global"))
    part.kind = Part::Kind::message;
}

void take_field(Part& part, Seen& seen, const Field& field) {
  if (field.is("Content-Type") && !seen.type) {
    seen.type = true;
    set_type(part, field.value);
  } else if (field.is("Content-Disposition") && !seen.disposition) {
    seen.disposition = true;
    set_disposition(part, field.value);
  } else if (field.is("Content-Language") && part.languages.empty()) {
    set_languages(part, field.value);
  } else if (field.is("Content-Location") && part.location.empty()) {
    part.location = without_blanks(without_comments(field.value));
  } else if (field.is("Content-Transfer-Encoding") && part.encoding.empty()) {
    const std::string plain = without_blanks(without_comments(field.value));
    part.encoding = text::lower(std::string_view{plain}.substr(0, plain.find(';')));
  } else if (field.is("Content-ID") && part.id.empty()) {
    part.id = unfold(field.value);
  } else if (field.is("Content-Description") && part.description.empty()) {
    part.description = unfold(field.value);
  } else if (field.is("Content-MD5") && part.md5.empty()) {
    part.md5 = unfold(field.value);
  }
}

}  // namespace

std::optional<std::string_view> Part::param(std::string_view name) const {
  const auto at = std::ranges::find(params, name, &Param::name);
  if (at == params.end()) return std::nullopt;
  return at->value;
}

std::string Part::file_name() const {
  const auto in_disposition = std::ranges::find(disposition_params, "filename", &Param::name);
  if (in_disposition != disposition_params.end() && !in_disposition->value.empty())
    return decode_header_text(in_disposition->value);
  return decode_header_text(param("name").value_or(std::string_view{}));
}

void read_part_header(Part& part, std::string_view raw, bool in_digest) {
  Seen seen;
  for (const Field& field : Header{raw}) {
    if (text::istarts_with(field.name, "Content-")) take_field(part, seen, field);
  }
  if (!seen.type && in_digest) {
    part.type = "message";
    part.subtype = "rfc822";
  } else if (!seen.type) {
    part.params = {{.name = "charset", .value = "us-ascii"}};
  }
  set_kind(part);
}

std::string boundary_of(const Part& part) {
  std::string_view boundary = part.param("boundary").value_or(std::string_view{});
  boundary = boundary.substr(0, kMaxBoundary);
  while (boundary.ends_with(' ') || boundary.ends_with('\t')) boundary.remove_suffix(1);
  return std::string{boundary};
}

}  // namespace postern::mime
