#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "search/query.hpp"
#include "store/mailbox_view.hpp"
#include "store/message.hpp"

namespace postern::search {

/// What is known of a message so far; what is missing may have to be read.
struct Facts {
  const store::Entry* entry = nullptr;           ///< Always there.
  const store::StoredMessage* record = nullptr;  ///< The metadata record.
  std::optional<std::string_view> header;        ///< The served header, raw.
  std::optional<std::string_view> body;          ///< Folded text of the parts.
};

/// Kleene's logic: `unknown` asks for more facts.
enum class Answer : std::uint8_t { no, yes, unknown };

/// Whether a message is looked for, as far as `facts` tell. `query` is folded (`folded`). Pure.
[[nodiscard]] Answer judge(const Query& query, const Facts& facts);

/// `query` with its texts folded, once before many `judge`s.
[[nodiscard]] Query folded(Query query);

}  // namespace postern::search
