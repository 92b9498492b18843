#pragma once

#include <optional>
#include <string_view>

#include "smtp/reply.hpp"

namespace postern::report {

/// What a refusal means, in words for the person whose mail it was and for the operator.
/// All views are of literals.
struct Explanation {
  std::string_view id;      ///< Stable name: for logs, traces and links of the manual.
  std::string_view cause;   ///< One or two sentences.
  std::string_view advice;  ///< What to do, and whose turn it is.
  std::string_view link;    ///< Form or page that helps; may be empty.
};

/// The explanation of a remote server's refusal, if it is a known one. Matches on enhanced status
/// and on words of the text (ASCII, any case); the more telling rules come first. Replies that are
/// no refusal (2xx, 3xx) have none.
[[nodiscard]] std::optional<Explanation> explain(const smtp::Reply& reply);

}  // namespace postern::report
