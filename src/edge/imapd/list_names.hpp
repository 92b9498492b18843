#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/mailbox_view.hpp"

// The tree of mailbox names that LIST and LSUB walk. Pure.
namespace postern::imapd {

/// A name of the hierarchy. Borrows from the infos.
struct ListName {
  std::string_view name;
  const store::MailboxInfo* info = nullptr;  ///< Null: only a parent of others.
  bool children = false;
  bool subscribed_below = false;  ///< A mailbox under it is subscribed to.
};

/// All mailboxes and the parents that do not exist, sorted. `infos` outlives the result.
/// O(n log n) in all levels of all names.
[[nodiscard]] std::vector<ListName> list_names(std::span<const store::MailboxInfo> infos);

}  // namespace postern::imapd
