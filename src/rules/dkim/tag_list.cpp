#include "dkim/tag_list.hpp"

#include <algorithm>

#include "text/ascii.hpp"

namespace postern::dkim {
namespace {

constexpr std::size_t kUsualTags = 16;

bool is_blank(char c) {
  return text::is_wsp(c) || c == '\r' || c == '\n';
}

bool is_name(std::string_view name) {
  return !name.empty() && text::is_alpha(name.front()) &&
         std::ranges::all_of(name, [](char c) { return text::is_alnum(c) || c == '_'; });
}

/// Looks at all of it: with nothing to leave early for, many octets are looked at together.
bool is_value(std::string_view value) {
  bool odd = false;
  for (const char c : value) odd |= text::is_control(c) && !is_blank(c);
  return !odd;
}

}  // namespace

/// One for each first letter of names of one letter, and of longer ones: the tags of signatures and
/// keys each have their own but for rare ones.
std::size_t TagList::slot_of(std::string_view name) {
  const unsigned letter = static_cast<unsigned char>(name.front()) & 0x1fU;
  return name.size() == 1 ? letter : letter + kSlots / 2;
}

/// False: it is there already.
bool TagList::add(const Tag& tag) {
  auto& slot = slots_.at(slot_of(tag.name));
  if (slot != 0 && find(tag.name) != nullptr) return false;
  tags_.push_back(tag);
  if (slot == 0) {
    slot = static_cast<std::uint8_t>(tags_.size());
  } else {
    shared_ = true;
  }
  return true;
}

Result<TagList> TagList::parse(std::string_view text) {
  TagList out;
  out.tags_.reserve(kUsualTags);
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find(';', at), text.size());
    const auto piece = text.substr(at, end - at);
    const bool last = end >= text.size() || text::trim(text.substr(end + 1)).empty();
    const auto equals = piece.find('=');
    if (equals == piece.npos) return fail(Errc::bad_syntax, "a tag without =");
    Tag tag{.name = text::trim(piece.substr(0, equals)),
            .value = text::trim(piece.substr(equals + 1)),
            .begin = at + equals + 1,
            .end = end};
    if (!is_name(tag.name)) return fail(Errc::bad_syntax, "a malformed tag name");
    if (!is_value(tag.value)) return fail(Errc::bad_syntax, "a control character in a tag");
    if (out.tags_.size() == kMaxTags) return fail(Errc::bad_syntax, "too many tags");
    if (!out.add(tag)) return fail(Errc::bad_syntax, "the same tag twice");
    if (last) break;
    at = end + 1;
  }
  if (out.tags_.empty()) return fail(Errc::bad_syntax, "no tags");
  return out;
}

const Tag* TagList::find(std::string_view name) const {
  if (name.empty()) return nullptr;
  const std::uint8_t slot = slots_.at(slot_of(name));
  if (slot == 0) return nullptr;
  const Tag& tag = tags_.at(slot - 1U);
  if (tag.name == name) return &tag;
  return shared_ ? look_through(name) : nullptr;
}

const Tag* TagList::look_through(std::string_view name) const {
  const auto at = std::ranges::find(tags_, name, &Tag::name);
  return at == tags_.end() ? nullptr : &*at;
}

std::string without_blanks(std::string_view value) {
  std::string out;
  out.reserve(value.size());
  while (!value.empty()) {
    const auto word = value.substr(
        0, static_cast<std::size_t>(std::ranges::find_if(value, is_blank) - value.begin()));
    out += word;
    value.remove_prefix(std::min(word.size() + 1, value.size()));
  }
  return out;
}

std::vector<std::string_view> split_list(std::string_view value) {
  auto out = text::split(value, ':');
  for (auto& piece : out) piece = text::trim(piece);
  return out;
}

Result<std::string> from_quoted_printable(std::string_view value) {
  std::string out;
  out.reserve(value.size());
  for (std::size_t at = 0; at < value.size(); ++at) {
    const char c = value.at(at);
    if (is_blank(c)) continue;
    if (c != '=') {
      out += c;
      continue;
    }
    const auto digits = value.substr(at + 1, 2);
    const bool upper = std::ranges::none_of(digits, [](char d) { return d >= 'a' && d <= 'f'; });
    if (digits.size() < 2 || !upper || text::hex_value(digits.front()) < 0 ||
        text::hex_value(digits.back()) < 0)
      return fail(Errc::bad_syntax, "malformed quoted-printable");
    out += static_cast<char>(text::hex_value(digits.front()) * 16 + text::hex_value(digits.back()));
    at += 2;
  }
  return out;
}

}  // namespace postern::dkim
