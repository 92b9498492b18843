#include <algorithm>
#include <utility>
#include <vector>

#include "imap/list_match.hpp"
#include "imap/print_list.hpp"
#include "imapd/commands.hpp"
#include "imapd/flag_names.hpp"
#include "imapd/list_names.hpp"
#include "imapd/status.hpp"
#include "store/mailbox_name.hpp"
#include "vocab/try.hpp"

// LIST, plain and extended (RFC 9051 §6.3.9, RFC 5258, RFC 5819, RFC 6154), LSUB (RFC 3501 §6.3.9)
// and NAMESPACE (RFC 9051 §6.3.10).
namespace postern::imapd {
namespace {

using store::kSeparator;
using store::SpecialUse;
using Patterns = std::vector<imap::ListPattern>;

bool matches(const Patterns& patterns, std::string_view name) {
  return std::ranges::any_of(patterns, [&](const auto& pattern) { return pattern.matches(name); });
}

SpecialUse use_of(const ListName& name) {
  return name.info == nullptr ? SpecialUse::none : name.info->special_use;
}
bool is_subscribed(const ListName& name) {
  return name.info != nullptr && name.info->subscribed;
}

/// Whether the selection options choose it (RFC 9051 §6.3.9.1): all of them must.
bool is_chosen(const ListName& name, const imap::List::Selection& select) {
  if (select.subscribed && !is_subscribed(name)) return false;
  return !select.special_use || use_of(name) != SpecialUse::none;
}

std::vector<std::string_view> attributes(const ListName& name, const imap::List& command) {
  std::vector<std::string_view> out;
  // \NonExistent implies \Noselect, but not to clients that have not heard of it.
  if (name.info == nullptr) out = {"\\NonExistent", "\\Noselect"};
  if (!command.extended || command.returns.children)
    out.emplace_back(name.children ? "\\HasChildren" : "\\HasNoChildren");
  const bool asked = command.select.subscribed || command.returns.subscribed;
  if (asked && is_subscribed(name)) out.emplace_back("\\Subscribed");
  // In plain LIST too: clients look there (RFC 6154 §2).
  if (const auto use = to_word(use_of(name)); !use.empty()) out.push_back(use);
  return out;
}

/// The line of `name`; whether there is one.
bool append_line(Connection& c, const ListName& name, const imap::List& command) {
  static constexpr std::string_view kSubscribed[] = {"SUBSCRIBED"};
  const bool below =
      command.select.recursive_match && command.select.subscribed && name.subscribed_below;
  if (!is_chosen(name, command.select) && !below) return false;
  const auto words = attributes(name, command);
  imap::ListLine line{.attributes = words, .delimiter = kSeparator, .name = name.name};
  if (below) line.child_info = kSubscribed;
  imap::append_list(c.out.buffer(), line, c.form());
  return true;
}

/// `LIST "" ""`: what separates levels, and the root (RFC 9051 §6.3.9).
void append_root(Connection& c, std::string_view word) {
  static constexpr std::string_view kNoselect[] = {"\\Noselect"};
  imap::append_list(c.out.buffer(),
                    {.word = word, .attributes = kNoselect, .delimiter = kSeparator, .name = ""},
                    c.form());
}

/// A line of LSUB: what is subscribed, and for a pattern that ends in `%` the parents of that.
void append_lsub(Connection& c, const ListName& name, bool parents) {
  static constexpr std::string_view kNoselect[] = {"\\Noselect"};
  imap::ListLine line{.word = "LSUB", .delimiter = kSeparator, .name = name.name};
  if (!is_subscribed(name)) {
    if (!parents || !name.subscribed_below) return;
    line.attributes = kNoselect;
  }
  imap::append_list(c.out.buffer(), line, c.form());
}

}  // namespace

Answered cmd_list(Connection& c, imap::List command) {
  if (!command.extended && command.patterns.size() == 1 && command.patterns.front().empty()) {
    append_root(c, "LIST");
    co_return ok("Listed");
  }
  POSTERN_CO_TRY(const auto infos, co_await c.account->mailboxes());
  Patterns patterns;
  for (const auto& pattern : command.patterns)
    patterns.emplace_back(command.reference + pattern, kSeparator);
  for (const auto& name : list_names(infos)) {
    if (!matches(patterns, name.name) || !append_line(c, name, command)) continue;
    if (name.info != nullptr && !command.returns.status.empty())
      POSTERN_CO_CHECK(co_await append_status(c, *name.info, command.returns.status));
    POSTERN_CO_CHECK(co_await c.out.drain_if_large());
  }
  co_return ok("Listed");
}

Answered cmd_lsub(Connection& c, imap::Lsub command) {
  if (command.pattern.empty()) {
    append_root(c, "LSUB");
    co_return ok("Listed");
  }
  POSTERN_CO_TRY(const auto infos, co_await c.account->mailboxes());
  const imap::ListPattern pattern{command.reference + command.pattern, kSeparator};
  const bool parents = command.pattern.ends_with('%');
  for (const auto& name : list_names(infos)) {
    if (pattern.matches(name.name)) append_lsub(c, name, parents);
    POSTERN_CO_CHECK(co_await c.out.drain_if_large());
  }
  co_return ok("Listed");
}

Answered cmd_namespace(Connection& c, imap::Namespace /*command*/) {
  imap::append_namespace(c.out.buffer(), kSeparator);
  co_return ok("All is yours");
}

}  // namespace postern::imapd
