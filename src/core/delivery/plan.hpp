#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "delivery/delivery.hpp"

// Who of a transaction's recipients is served by which copy.
namespace postern::delivery {

/// Accounts in one commit (store::MailStore::deliver).
inline constexpr std::size_t kMaxCopies = 64;

/// One copy into one account.
struct Copy {
  AccountId account;
  std::string address;        ///< The account's primary address.
  std::size_t recipient = 0;  ///< The first that leads there: an index into the transaction's.
};

struct Plan {
  std::vector<Copy> copies;
  std::vector<Copy> repeated;  ///< Not made: the account has its copy for an earlier recipient.
  /// Into the queue: remote recipients, and local ones that must wait.
  std::vector<queue::Recipient> onward;
  std::size_t waiting = 0;  ///< How many of `onward` are local accounts that cannot take it now.
  /// Of each of `onward`, in order.
  struct Origin {
    std::size_t recipient = 0;  ///< An index into the transaction's.
    AccountId account = {};     ///< Of ours that has to wait; 0: none.
    bool elsewhere = false;     ///< It is no account of ours.
  };
  std::vector<Origin> origins;
  /// The first recipient that leads elsewhere.
  [[nodiscard]] std::optional<std::size_t> first_elsewhere() const;
};

/// Resolves every recipient. Those that exist no more are onward as they were, so that their
/// senders are told; `not_found` if no recipient exists.
[[nodiscard]] Result<Plan> make_plan(const directory::Directory& directory,
                                     const std::vector<Recipient>& recipients);

/// Moves copies for which `is_aside` (parallel to `copies`) is true to `onward`.
void set_aside(Plan& plan, const std::vector<bool>& is_aside,
               const std::vector<Recipient>& recipients);

/// Where one member of an alias is told the message, elsewhere; `one`: the alias has no other.
[[nodiscard]] queue::Recipient to_member(smtp::Address address, const Recipient& recipient,
                                         bool one);
/// A local account that has to wait, under its own address `account`: whoever else an alias led to
/// is served otherwise.
[[nodiscard]] queue::Recipient to_account(const std::string& account, const Recipient& recipient);

/// What readers of a copy see before the body: Return-Path (RFC 5321 §4.4), Delivered-To, Received.
[[nodiscard]] std::string copy_prefix(const queue::Envelope& envelope,
                                      const smtp::Address& delivered_to, std::string_view received);

/// Our Received field with "for", if there is one recipient: with more it would tell each of the
/// others (RFC 5321 §7.2).
[[nodiscard]] std::string received_for(std::string_view received,
                                       const std::vector<Recipient>& recipients, bool smtputf8);

}  // namespace postern::delivery
