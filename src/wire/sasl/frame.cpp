#include "sasl/frame.hpp"

#include "text/base64.hpp"
#include "vocab/try.hpp"

namespace postern::sasl {
namespace {

Result<std::string> decode(std::string_view encoded) {
  if (encoded.size() > kMaxEncoded) return fail(Errc::line_too_long, "SASL message");
  auto data = text::from_base64(encoded);
  if (!data) return fail(Errc::bad_syntax, "SASL message is not base64");
  return *std::move(data);
}

}  // namespace

Result<std::string> decode_initial_response(std::string_view argument) {
  if (argument == "=") return std::string{};
  if (argument.empty()) return fail(Errc::bad_syntax, "empty initial response without =");
  return decode(argument);
}

Result<ClientLine> decode_response(std::string_view line) {
  if (line == "*") return ClientLine{.cancelled = true};
  POSTERN_TRY(std::string data, decode(line));
  return ClientLine{.data = std::move(data)};
}

std::string encode_challenge(std::string_view data) {
  return text::to_base64(data);
}

std::string encode_initial_response(std::string_view data) {
  return data.empty() ? "=" : text::to_base64(data);
}

std::string encode_response(std::string_view data) {
  return text::to_base64(data);
}

Result<std::string> decode_challenge(std::string_view text) {
  return decode(text);
}

}  // namespace postern::sasl
