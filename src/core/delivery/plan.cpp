#include "delivery/plan.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace postern::delivery {
namespace {

queue::Recipient onward_to(smtp::Address address, const Recipient& recipient) {
  return {.address = std::move(address), .orcpt = recipient.orcpt, .notify = recipient.notify};
}

/// How the sender named whom we forward to another address (RFC 3461 §4.2).
std::string original_of(const Recipient& recipient) {
  if (!recipient.orcpt.empty()) return recipient.orcpt;
  const auto* const type = recipient.address.needs_smtputf8() ? "utf-8;" : "rfc822;";
  return type + smtp::to_wire(recipient.address, false);
}

/// Gathers a plan recipient by recipient.
class Planner {
 public:
  explicit Planner(const directory::Directory& directory) : directory_{directory} {}

  void take(const Recipient& recipient, std::size_t index) {
    using Kind = directory::Resolution::Kind;
    auto found = directory_.resolve(recipient.address);
    if (found.kind == Kind::not_local)
      return add(onward_to(recipient.address, recipient), {.recipient = index, .elsewhere = true});
    if (found.kind != Kind::found) {
      lost_.emplace_back(onward_to(recipient.address, recipient), index);
      return;
    }
    for (auto& local : found.accounts) {
      auto& into = accounts_.insert(local.account).second ? plan_.copies : plan_.repeated;
      into.push_back(
          {.account = local.account, .address = std::move(local.address), .recipient = index});
    }
    const bool one = found.accounts.size() + found.remote.size() == 1;
    for (auto& address : found.remote) {
      add(to_member(std::move(address), recipient, one), {.recipient = index, .elsewhere = true});
    }
  }

  Result<Plan> finish(std::size_t recipients) {
    if (lost_.size() == recipients) return fail(Errc::not_found, "no recipient exists any more");
    for (auto& [recipient, index] : lost_) add(std::move(recipient), {.recipient = index});
    return std::move(plan_);
  }

 private:
  void add(queue::Recipient recipient, Plan::Origin origin) {
    const auto name = recipient.address.domain.ascii + '\0' + recipient.address.local;
    if (!names_.insert(name).second) return;
    plan_.onward.push_back(std::move(recipient));
    plan_.origins.push_back(origin);
  }

  const directory::Directory& directory_;
  Plan plan_;
  std::vector<std::pair<queue::Recipient, std::size_t>> lost_;
  std::unordered_set<AccountId> accounts_;
  std::unordered_set<std::string> names_;
};

}  // namespace

std::optional<std::size_t> Plan::first_elsewhere() const {
  const auto found = std::ranges::find(origins, true, &Origin::elsewhere);
  if (found == origins.end()) return std::nullopt;
  return found->recipient;
}

/// With several members, success of one says nothing about the alias: RFC 3461 §5.2.7.3 (c).
queue::Recipient to_member(smtp::Address address, const Recipient& recipient, bool one) {
  auto out = onward_to(std::move(address), recipient);
  out.orcpt = original_of(recipient);
  if (!one && (out.notify.bits & queue::Notify::kSuccess) != 0) {
    out.notify.bits &= static_cast<std::uint8_t>(~queue::Notify::kSuccess);
    if (out.notify.bits == 0) out.notify.bits = queue::Notify::kNever;
  }
  return out;
}

queue::Recipient to_account(const std::string& account, const Recipient& recipient) {
  auto own = smtp::parse_address(account, {.utf8 = true, .loose_dots = true, .long_local = true});
  auto out = onward_to(own ? *std::move(own) : recipient.address, recipient);
  out.orcpt = original_of(recipient);
  return out;
}

Result<Plan> make_plan(const directory::Directory& directory,
                       const std::vector<Recipient>& recipients) {
  Planner planner{directory};
  for (std::size_t i = 0; i < recipients.size(); ++i) planner.take(recipients.at(i), i);
  auto plan = planner.finish(recipients.size());
  if (!plan || plan->copies.size() <= kMaxCopies) return plan;
  // Not `waiting`: nothing is wrong with these.
  for (std::size_t i = kMaxCopies; i < plan->copies.size(); ++i) {
    const auto& copy = plan->copies.at(i);
    plan->onward.push_back(to_account(copy.address, recipients.at(copy.recipient)));
    plan->origins.push_back({.recipient = copy.recipient, .account = copy.account});
  }
  plan->copies.resize(kMaxCopies);
  return plan;
}

void set_aside(Plan& plan, const std::vector<bool>& is_aside,
               const std::vector<Recipient>& recipients) {
  std::vector<Copy> staying;
  for (std::size_t i = 0; i < plan.copies.size(); ++i) {
    auto& copy = plan.copies.at(i);
    if (!is_aside.at(i)) {
      staying.push_back(std::move(copy));
      continue;
    }
    plan.onward.push_back(to_account(copy.address, recipients.at(copy.recipient)));
    plan.origins.push_back({.recipient = copy.recipient, .account = copy.account});
    ++plan.waiting;
  }
  plan.copies = std::move(staying);
}

std::string copy_prefix(const queue::Envelope& envelope, const smtp::Address& delivered_to,
                        std::string_view received) {
  std::string out = "Return-Path: " + smtp::to_path(envelope.from, envelope.smtputf8) + "\r\n";
  const auto& to = delivered_to;
  out += "Delivered-To: ";
  out += to.is_bare_postmaster() ? "postmaster" : smtp::to_wire(to, envelope.smtputf8);
  out += "\r\n";
  out += received;
  return out;
}

std::string received_for(std::string_view received, const std::vector<Recipient>& recipients,
                         bool smtputf8) {
  // The date comes last, after the only semicolon that no comment can hold.
  const auto date = received.rfind(';');
  if (recipients.size() != 1 || date == std::string_view::npos) return std::string{received};
  const auto& to = recipients.front().address;
  if (to.is_bare_postmaster()) return std::string{received};
  std::string out{received.substr(0, date)};
  out += "\r\n\tfor " + smtp::to_path(to, smtputf8);
  out += received.substr(date);
  return out;
}

}  // namespace postern::delivery
