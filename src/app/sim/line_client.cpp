#include "sim/line_client.hpp"

#include "text/ascii.hpp"
#include "vocab/try.hpp"

namespace postern::sim {
namespace {

constexpr Duration kPatience = std::chrono::minutes{2};

}  // namespace

Task<Result<void>> LineClient::begin_tls() {
  co_return co_await stream_->connect_tls(nullptr, {.server_name = "mx.example"}, kPatience);
}

Task<Result<void>> LineClient::send(std::string octets) {
  co_return co_await stream_->write(octets, kPatience);
}

std::optional<std::string> LineClient::take_line() {
  const auto end = buffer_.find("\r\n");
  if (end == std::string::npos) return std::nullopt;
  std::string out = buffer_.substr(0, end);
  buffer_.erase(0, end + 2);
  return out;
}

Task<Result<std::string>> LineClient::line() {
  POSTERN_CO_TRY(auto line, co_await line_within(kPatience));
  if (!line) co_return fail(Errc::peer_timeout);
  co_return *std::move(line);
}

Task<Result<std::optional<std::string>>> LineClient::line_within(Duration silence) {
  for (;;) {
    if (auto line = take_line()) co_return line;
    const auto octets = co_await stream_->read(silence);
    if (!octets && octets.error().code == Errc::peer_timeout) co_return std::nullopt;
    if (!octets) co_return std::unexpected(octets.error());
    buffer_ += *octets;
  }
}

Task<Result<std::pair<int, std::string>>> LineClient::reply() {
  for (;;) {
    POSTERN_CO_TRY(auto line, co_await this->line());
    const auto code = text::parse_number<unsigned>(std::string_view{line}.substr(0, 3));
    if (!code) co_return fail(Errc::bad_syntax, line);
    if (line.size() < 4 || line[3] != '-') co_return std::pair{static_cast<int>(*code), line};
  }
}

Task<Result<int>> LineClient::command(std::string line) {
  POSTERN_CO_CHECK(co_await send(std::move(line) + "\r\n"));
  POSTERN_CO_TRY(const auto got, co_await reply());
  co_return got.first;
}

}  // namespace postern::sim
