#pragma once

#include <string>
#include <string_view>

#include "vocab/result.hpp"

namespace postern::store {

inline constexpr char kSeparator = '/';
inline constexpr std::size_t kMaxLevels = 20;
inline constexpr std::size_t kMaxLevelOctets = 255;

/// `name` (UTF-8) as mailboxes are named here: NFC, "INBOX" in capitals when the first level is
/// that in any case. `bad_syntax`: not UTF-8, an empty level, controls, a level of more than 255
/// octets, more than 20 levels.
[[nodiscard]] Result<std::string> normal_mailbox_name(std::string_view name);

/// Whether `name` lies below `parent` in the hierarchy.
[[nodiscard]] bool is_child_of(std::string_view name, std::string_view parent);

}  // namespace postern::store
