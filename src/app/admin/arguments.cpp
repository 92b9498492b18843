#include <boost/json.hpp>
#include <fmt/chrono.h>
#include <fmt/format.h>

#include "admin/verbs.hpp"
#include "text/ascii.hpp"

namespace postern::admin {
namespace {

std::unexpected<Error> wrong(std::string_view key, std::string_view what) {
  return fail(Errc::bad_syntax, fmt::format("\"{}\" {}", key, what));
}

}  // namespace

Result<std::string> take_text(const json::object& request, std::string_view key) {
  const auto* const found = request.if_contains(key);
  if (found == nullptr || found->is_null()) return std::string{};
  const auto* const text = found->if_string();
  if (text == nullptr) return wrong(key, "must be a text");
  return std::string{*text};
}

Result<std::string> need_text(const json::object& request, std::string_view key) {
  auto text = take_text(request, key);
  if (text && text->empty()) return wrong(key, "is missing");
  return text;
}

Result<std::optional<bool>> take_flag(const json::object& request, std::string_view key) {
  const auto* const found = request.if_contains(key);
  if (found == nullptr || found->is_null()) return std::optional<bool>{};
  const auto* const flag = found->if_bool();
  if (flag == nullptr) return wrong(key, "must be true or false");
  return std::optional{*flag};
}

Result<std::uint64_t> take_number(const json::object& request, std::string_view key,
                                  std::uint64_t otherwise) {
  const auto* const found = request.if_contains(key);
  if (found == nullptr || found->is_null()) return otherwise;
  json::error_code error;
  const auto number = found->to_number<std::uint64_t>(error);
  if (error) return wrong(key, "must be a whole number, 0 or more");
  return number;
}

Result<std::vector<std::string>> take_texts(const json::object& request, std::string_view key) {
  std::vector<std::string> out;
  const auto* const found = request.if_contains(key);
  if (found == nullptr || found->is_null()) return out;
  const auto* const list = found->if_array();
  if (list == nullptr) return wrong(key, "must be a list of texts");
  for (const auto& one : *list) {
    const auto* const text = one.if_string();
    if (text == nullptr) return wrong(key, "must be a list of texts");
    out.emplace_back(*text);
  }
  return out;
}

std::string to_hex(std::uint64_t id) {
  return fmt::format("{:016x}", id);
}

Result<std::uint64_t> from_hex(std::string_view text) {
  constexpr std::size_t kDigits = 16;
  std::uint64_t out = 0;
  for (const char c : text) {
    const int digit = text::hex_value(c);
    if (digit < 0) return fail(Errc::bad_syntax, "an id has hexadecimal digits");
    out = out << 4U | static_cast<std::uint64_t>(digit);
  }
  if (text.size() != kDigits) return fail(Errc::bad_syntax, "an id has 16 digits");
  return out;
}

std::string to_text(Timestamp time) {
  const auto second = std::chrono::floor<std::chrono::seconds>(time);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z", second, (time - second).count());
}

}  // namespace postern::admin
