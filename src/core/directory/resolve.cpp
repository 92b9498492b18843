#include <algorithm>
#include <unordered_set>
#include <utility>

#include "directory/view.hpp"

namespace postern::directory {
namespace {

/// Addresses looked at for one resolution: aliases may nest wide without ending anywhere.
constexpr std::size_t kMaxVisited = 1000;

/// One resolution under way.
class Resolver {
 public:
  explicit Resolver(const View& view) : view_{view} {}

  Resolution run(const smtp::Address& address) {
    if (address.is_bare_postmaster()) {
      to_administrator("postmaster", 0);
    } else if (view_.domain(address.domain.ascii) == nullptr) {
      out_.kind = Resolution::Kind::not_local;
      return std::move(out_);
    } else {
      follow(address, {}, 0);
      // Whatever became of the address itself: row A13.
      if (const auto* const name = reserved(address); name != nullptr && !found())
        to_administrator(name, 0);
    }
    finish();
    return std::move(out_);
  }

 private:
  struct Hit {
    const AddressEntry* entry = nullptr;
    std::string subaddress;
  };

  /// The longest name that exists: the whole local part, or what stands before a separator
  /// (RFC 5233 §1).
  [[nodiscard]] Hit find(const Domain& domain, const std::string& local) const {
    Hit hit{.entry = view_.addresses.find(address_name(domain, local)), .subaddress = {}};
    auto at = domain.separators.empty() ? std::string::npos : local.size();
    while (hit.entry == nullptr && at != std::string::npos && at > 0) {
      at = local.find_last_of(domain.separators, at - 1);
      if (at == std::string::npos || at == 0) break;
      hit = {.entry = view_.addresses.find(address_name(domain, local.substr(0, at))),
             .subaddress = local.substr(at + 1)};
    }
    return hit;
  }

  void follow(const smtp::Address& address, const std::string& subaddress, int step) {
    const auto* domain = view_.domain(address.domain.ascii);
    if (domain == nullptr) return add_remote(address);
    if (!domain->domain().alias_of.empty()) domain = view_.domain(domain->domain().alias_of);
    if (domain == nullptr) return;
    if (!visited_.insert(address_name(domain->domain(), address.local)).second) return;
    if (step > kMaxSteps || visited_.size() > kMaxVisited) {
      overflow_ = true;
      return;
    }
    const auto hit = find(domain->domain(), address.local);
    const auto& sub = hit.subaddress.empty() ? subaddress : hit.subaddress;
    if (hit.entry == nullptr) {
      fall_back(*domain, address, step);
    } else if (hit.entry->alias) {
      follow_alias(*hit.entry->alias, sub, step);
    } else {
      add_account(hit.entry->account, sub);
    }
  }

  void follow_alias(const AliasEntry& alias, const std::string& subaddress, int step) {
    if (!alias.record.alias.refusal.empty()) {
      refuse(alias.record.alias.refusal);
      return;
    }
    for (const auto& member : alias.members) {
      if (overflow_) return;
      follow(member, subaddress, step + 1);
    }
  }

  /// RFC 2142 §4 names abuse@, RFC 5321 §4.5.1 postmaster.
  [[nodiscard]] static const char* reserved(const smtp::Address& address) {
    for (const auto* const name : {"postmaster", "abuse"}) {
      if (text::iequals(address.local, name)) return name;
    }
    return nullptr;
  }
  [[nodiscard]] bool found() const { return !out_.accounts.empty() || !out_.remote.empty(); }

  void fall_back(const DomainEntry& domain, const smtp::Address& address, int step) {
    if (const auto* const name = reserved(address)) return to_administrator(name, step);
    if (!domain.catch_all) return;
    out_.catch_all = out_.catch_all || step == 0;
    follow(*domain.catch_all, {}, step + 1);
  }

  /// To the administrator: to that name in his domain if it exists, else to his account.
  void to_administrator(std::string_view name, int step) {
    const auto* const admin = view_.accounts.find(view_.administrator);
    if (admin == nullptr) return;
    auto address = parse_name(admin->account().address);
    const auto* const domain = address ? view_.domain(address->domain.ascii) : nullptr;
    if (domain != nullptr &&
        view_.addresses.find(address_name(domain->domain(), name)) != nullptr) {
      address->local = name;
      follow(*address, {}, step + 1);
    }
    if (!found()) add_account(admin->account().id, {});
  }

  void add_account(AccountId id, const std::string& subaddress) {
    const auto* const entry = view_.accounts.find(id);
    if (entry == nullptr) return;
    if (entry->account().disabled) return refuse({});
    const auto known = std::ranges::find(out_.accounts, id, &Resolution::Local::account);
    if (known != out_.accounts.end() || full()) return;
    out_.accounts.push_back(
        {.account = id, .address = entry->account().address, .subaddress = subaddress});
  }

  void add_remote(const smtp::Address& address) {
    const auto name = address.domain.ascii + '\0' + address.local;
    if (visited_.insert(name).second && !full()) out_.remote.push_back(address);
  }

  [[nodiscard]] bool full() {
    overflow_ = overflow_ || out_.accounts.size() + out_.remote.size() >= kMaxTargets;
    return overflow_;
  }

  void refuse(std::string text) {
    disabled_ = true;
    if (out_.text.empty()) out_.text = std::move(text);
  }

  void finish() {
    if (overflow_) {
      out_ = {.kind = Resolution::Kind::disabled,
              .text = "This address leads to too many others",
              .accounts = {},
              .remote = {}};
    } else if (found()) {
      out_.kind = Resolution::Kind::found;
      out_.text.clear();
    } else {
      out_.kind = disabled_ ? Resolution::Kind::disabled : Resolution::Kind::unknown;
    }
  }

  const View& view_;
  Resolution out_;
  std::unordered_set<std::string> visited_;
  bool disabled_ = false;
  bool overflow_ = false;
};

}  // namespace

Resolution resolve(const View& view, const smtp::Address& address) {
  return Resolver{view}.run(address);
}

}  // namespace postern::directory
