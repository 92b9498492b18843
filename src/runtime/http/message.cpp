#include "http/message.hpp"

#include <algorithm>
#include <array>

#include "text/ascii.hpp"
#include "vocab/try.hpp"

namespace postern::http {
namespace {

constexpr std::array<std::string_view, 6> kOurs{
    "host", "user-agent", "connection", "accept-encoding", "content-length", "transfer-encoding"};

std::string_view word_of(Method method) {
  switch (method) {
    case Method::get:  return "GET";
    case Method::head: return "HEAD";
    case Method::post: return "POST";
  }
  return "";
}

/// A token of RFC 9110 §5.6.2.
bool is_name(std::string_view name) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !name.empty() &&
         std::ranges::all_of(name, [=](char c) { return text::is_alnum(c) || kMarks.contains(c); });
}

Result<void> check(const Field& field) {
  const bool ours = std::ranges::any_of(
      kOurs, [&](std::string_view name) { return text::iequals(name, field.name); });
  if (ours || !is_name(field.name) || std::ranges::any_of(field.value, text::is_control))
    return fail(Errc::bad_syntax, "a header field that cannot be sent: " + field.name);
  return {};
}

}  // namespace

std::optional<std::string_view> Response::header(std::string_view name) const {
  const auto at = std::ranges::find_if(
      headers, [name](const Field& field) { return text::iequals(field.name, name); });
  if (at == headers.end()) return std::nullopt;
  return at->value;
}

Result<std::string> print(const Request& request, const Url& url, std::string_view user_agent) {
  std::string out{word_of(request.method)};
  out += ' ' + url.target + " HTTP/1.1\r\nHost: " + url.authority() +
         "\r\nUser-Agent: " + std::string{user_agent} +
         "\r\nConnection: close\r\nAccept-Encoding: identity\r\n";
  for (const auto& field : request.headers) {
    POSTERN_CHECK(check(field));
    out += field.name + ": " + field.value + "\r\n";
  }
  if (request.method == Method::post || !request.body.empty())
    out += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  return out + "\r\n" + request.body;
}

}  // namespace postern::http
