#include "imapd/list_names.hpp"

#include <map>

#include "store/mailbox_name.hpp"

namespace postern::imapd {

std::vector<ListName> list_names(std::span<const store::MailboxInfo> infos) {
  std::map<std::string_view, ListName> tree;
  for (const auto& info : infos) {
    const std::string_view name{info.name};
    auto& own = tree[name];
    own.name = name;
    own.info = &info;
    for (auto at = name.find(store::kSeparator); at != std::string_view::npos;
         at = name.find(store::kSeparator, at + 1)) {
      auto& parent = tree[name.substr(0, at)];
      parent.name = name.substr(0, at);
      parent.children = true;
      parent.subscribed_below = parent.subscribed_below || info.subscribed;
    }
  }
  std::vector<ListName> out;
  out.reserve(tree.size());
  for (const auto& [name, entry] : tree) out.push_back(entry);
  return out;
}

}  // namespace postern::imapd
