#include <algorithm>

#include "imapd/section.hpp"
#include "mime/header.hpp"

namespace postern::imapd {
namespace {

using mime::Part;
using Text = imap::Section::Text;

/// The n-th part within `scope`: of a multipart its n-th child; anything else has one part, itself.
const Part* child_of(const Part& scope, std::uint32_t n) {
  if (scope.kind == Part::Kind::multipart)
    return n >= 1 && n <= scope.children.size() ? &scope.children.at(n - 1) : nullptr;
  return n == 1 ? &scope : nullptr;
}

/// Within what the numbers after `part` count; null: it has no parts.
const Part* scope_within(const Part& part) {
  if (part.kind == Part::Kind::multipart) return &part;
  if (part.kind == Part::Kind::message && !part.children.empty()) return &part.children.front();
  return nullptr;
}

}  // namespace

const Part* find_part(const Part& root, const std::vector<std::uint32_t>& numbers) {
  const Part* scope = &root;
  const Part* part = nullptr;
  for (const auto n : numbers) {
    if (part != nullptr) scope = scope_within(*part);
    if (scope == nullptr) return nullptr;
    part = child_of(*scope, n);
    if (part == nullptr) return nullptr;
  }
  return part;
}

std::optional<Octets> find_section(const store::StoredMessage& message, const Part& root,
                                   const imap::Section& section) {
  const auto served = [&](std::uint64_t begin, std::uint64_t end) {
    return Octets{message.to_served(begin), message.to_served(end)};
  };
  if (section.part.empty()) {  // the message itself, with the prefix in front
    const auto header_end = message.to_served(root.body_begin);
    switch (section.text) {
      case Text::whole:             return Octets{0, message.served_size()};
      case Text::text:              return Octets{header_end, message.served_size()};
      case Text::header:
      case Text::header_fields:
      case Text::header_fields_not: return Octets{0, header_end};
      case Text::mime:              return std::nullopt;
    }
  }
  const Part* const part = find_part(root, section.part);
  if (part == nullptr) return std::nullopt;
  if (section.text == Text::whole) return served(part->body_begin, part->body_end);
  if (section.text == Text::mime) return served(part->header_begin, part->body_begin);
  if (part->kind != Part::Kind::message || part->children.empty()) return std::nullopt;
  const Part& inner = part->children.front();
  if (section.text == Text::text) return served(inner.body_begin, inner.body_end);
  return served(inner.header_begin, inner.body_begin);
}

Octets cut(Octets octets, const std::optional<imap::Partial>& partial) {
  if (!partial) return octets;
  const auto begin = octets.begin + std::min(partial->offset, octets.size());
  return {begin, begin + std::min(partial->count, octets.end - begin)};
}

std::string filter_header(std::string_view header, const imap::Section& section) {
  const bool keep_named = section.text == Text::header_fields;
  std::string out;
  for (const auto& field : mime::Header{header}) {
    const bool named = std::ranges::any_of(section.fields,
                                           [&](const std::string& name) { return field.is(name); });
    if (named == keep_named) out += header.substr(field.begin, field.end - field.begin);
  }
  if (!out.empty() && !out.ends_with('\n')) out += "\r\n";
  return out + "\r\n";
}

}  // namespace postern::imapd
