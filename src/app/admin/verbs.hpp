#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/fwd.hpp>

#include "admin/services.hpp"
#include "async/task.hpp"
#include "vocab/ids.hpp"
#include "vocab/result.hpp"
#include "vocab/time.hpp"

// Inside admin: the table of requests, and how their arguments are read.
namespace postern::admin {

namespace json = boost::json;

/// One request. `run` borrows both arguments till its task ends.
struct Verb {
  std::string_view name;
  Task<Result<json::value>> (*run)(Services& services, const json::object& request);
};
[[nodiscard]] std::span<const Verb> domain_verbs();
[[nodiscard]] std::span<const Verb> account_verbs();
[[nodiscard]] std::span<const Verb> alias_verbs();
[[nodiscard]] std::span<const Verb> queue_verbs();
[[nodiscard]] std::span<const Verb> store_verbs();
[[nodiscard]] std::span<const Verb> trace_verbs();
[[nodiscard]] std::span<const Verb> dkim_verbs();
[[nodiscard]] std::span<const Verb> report_verbs();

/// `bad_syntax`: missing, empty or no text.
[[nodiscard]] Result<std::string> need_text(const json::object& request, std::string_view key);
/// Empty when it is missing. `bad_syntax`: no text.
[[nodiscard]] Result<std::string> take_text(const json::object& request, std::string_view key);
[[nodiscard]] Result<std::optional<bool>> take_flag(const json::object& request,
                                                    std::string_view key);
[[nodiscard]] Result<std::uint64_t> take_number(const json::object& request, std::string_view key,
                                                std::uint64_t otherwise);
/// Empty when it is missing. `bad_syntax`: no list of texts.
[[nodiscard]] Result<std::vector<std::string>> take_texts(const json::object& request,
                                                          std::string_view key);

/// What DNS must say for a signing key, and how far that is.
[[nodiscard]] json::object to_json(const signing::KeyRing::Listed& key);

/// 16 hexadecimal digits.
[[nodiscard]] std::string to_hex(std::uint64_t id);
[[nodiscard]] Result<std::uint64_t> from_hex(std::string_view text);
/// "2026-01-02T03:04:05.678901Z"
[[nodiscard]] std::string to_text(Timestamp time);

}  // namespace postern::admin
