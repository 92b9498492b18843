#include "imapd/flag_names.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "text/ascii.hpp"

namespace postern::imapd {
namespace {

using store::Flags;
using store::SpecialUse;

constexpr std::array<std::pair<std::uint64_t, std::string_view>, 5> kSystem{{
    {Flags::kAnswered, "\\Answered"},
    {Flags::kFlagged, "\\Flagged"},
    {Flags::kDeleted, "\\Deleted"},
    {Flags::kSeen, "\\Seen"},
    {Flags::kDraft, "\\Draft"},
}};

constexpr std::array<std::pair<SpecialUse, std::string_view>, 7> kUses{{
    {SpecialUse::archive, "\\Archive"},
    {SpecialUse::drafts, "\\Drafts"},
    {SpecialUse::junk, "\\Junk"},
    {SpecialUse::sent, "\\Sent"},
    {SpecialUse::trash, "\\Trash"},
    {SpecialUse::flagged, "\\Flagged"},
    {SpecialUse::all, "\\All"},
}};

}  // namespace

std::vector<std::string> all_flag_names(const store::Keywords& table) {
  std::vector<std::string> out;
  for (const auto& [bit, word] : kSystem) out.emplace_back(word);
  out.insert(out.end(), table.begin(), table.end());
  return out;
}

std::optional<store::NamedFlags> named_flags(std::span<const std::string> words) {
  store::NamedFlags out;
  for (const auto& word : words) {
    if (!word.starts_with('\\')) {
      out.keywords.push_back(word);
      continue;
    }
    const auto* const known =
        std::ranges::find_if(kSystem, [&](const auto& row) { return row.second == word; });
    if (known == kSystem.end()) return std::nullopt;
    out.system |= known->first;
  }
  return out;
}

std::string_view to_word(SpecialUse use) {
  const auto* const row = std::ranges::find(kUses, use, &decltype(kUses)::value_type::first);
  return row == kUses.end() ? std::string_view{} : row->second;
}

std::optional<SpecialUse> special_use_from(std::string_view word) {
  for (const auto& [use, name] : kUses) {
    if (text::iequals(name, word)) return use;
  }
  return std::nullopt;
}

std::string object_id(MailboxId id) {
  return "F" + std::to_string(id.value());
}

}  // namespace postern::imapd
