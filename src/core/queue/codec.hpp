#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "queue/message.hpp"
#include "vocab/ids.hpp"
#include "vocab/result.hpp"
#include "vocab/time.hpp"

// Keys and records of space `queue` (docs/formats/keys.md).
namespace postern::queue {

/// Where held messages stand in the due index: at the end of time.
inline constexpr Timestamp kHeldDue = Timestamp::max();

[[nodiscard]] std::string message_key(QueueId id);
[[nodiscard]] std::string due_key(Timestamp due, QueueId id);
/// Every message; every entry of the due index.
[[nodiscard]] std::string messages_prefix();
[[nodiscard]] std::string due_prefix();
/// Error `corrupt`: no such key.
[[nodiscard]] Result<QueueId> parse_message_key(std::string_view key);
[[nodiscard]] Result<std::pair<Timestamp, QueueId>> parse_due_key(std::string_view key);

[[nodiscard]] std::string order_key(QueueId id);
[[nodiscard]] std::string orders_prefix();
/// Error `corrupt`: no such key.
[[nodiscard]] Result<QueueId> parse_order_key(std::string_view key);

[[nodiscard]] std::string encode(const Message& message);
/// Errors: `corrupt`; `unsupported` for a record of a later release.
[[nodiscard]] Result<Message> decode_message(QueueId id, std::string_view bytes);

[[nodiscard]] std::string encode(const Order& order);
/// Errors: `corrupt`; `unsupported` for a record of a later release.
[[nodiscard]] Result<Order> decode_order(std::string_view bytes);

}  // namespace postern::queue
