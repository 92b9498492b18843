#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "vocab/ids.hpp"

namespace postern::imapd {

/// How many connections are logged in to each account. Thread-safe; its memory is bounded by the
/// connections there are.
class AccountPlaces {
 public:
  /// A login; null when the account has `limit` connections already (0: there is no limit). Let go
  /// at the connection's end, which may come after the end of this.
  [[nodiscard]] std::shared_ptr<void> enter(AccountId account, std::uint32_t limit);

 private:
  struct State {
    std::mutex mutex;
    std::unordered_map<AccountId, std::uint32_t> counts;  ///< None of them 0.
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace postern::imapd
