#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "async/random.hpp"
#include "queue/message.hpp"
#include "report/dsn.hpp"
#include "vocab/time.hpp"

// Who is told what: RFC 3461 §4.1 and §5.2, and never anybody who may have had nothing to do with
// the message.
namespace postern::queue {

/// What a failure leads to.
enum class Tell : std::uint8_t {
  nobody,  ///< The sender does not want to know.
  sender,  ///< By a DSN.
  person,  ///< A visible hold: the sender is null or not proven, so a DSN would go astray.
};
[[nodiscard]] Tell tell_failure(const Message& message, const Recipient& recipient);
/// Why it is a person's matter, for `held_why`.
[[nodiscard]] std::string why_held(const Message& message, const Recipient& recipient);
[[nodiscard]] bool tell_delay(const Message& message, const Recipient& recipient);
/// `dsn_passed_on`: the next hop takes care of it (RFC 3461 §5.2.1).
[[nodiscard]] bool tell_success(const Message& message, const Recipient& recipient,
                                bool dsn_passed_on);

/// The reports about `recipients` (indexes into the message's), all with the same kind of news:
/// failures and successes from their state, delay where they wait. `original` is borrowed.
[[nodiscard]] report::DsnRequest dsn_request(const Message& message,
                                             const std::vector<std::size_t>& recipients,
                                             std::string_view hostname, std::string_view original,
                                             Timestamp now, Random& random);

}  // namespace postern::queue
