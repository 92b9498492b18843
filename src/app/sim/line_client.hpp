#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "net/stream.hpp"
#include "vocab/result.hpp"

namespace postern::sim {

/// The client's end of a line protocol.
class LineClient {
 public:
  explicit LineClient(std::unique_ptr<net::Stream> stream) : stream_{std::move(stream)} {}

  [[nodiscard]] Task<Result<void>> begin_tls();
  [[nodiscard]] Task<Result<void>> send(std::string octets);
  /// The next line without CRLF.
  [[nodiscard]] Task<Result<std::string>> line();
  /// The same; nothing once nothing has come for so long.
  [[nodiscard]] Task<Result<std::optional<std::string>>> line_within(Duration silence);
  /// A whole SMTP reply: its code and last line.
  [[nodiscard]] Task<Result<std::pair<int, std::string>>> reply();
  /// Sends a command and gets its reply.
  [[nodiscard]] Task<Result<int>> command(std::string line);

 private:
  [[nodiscard]] std::optional<std::string> take_line();

  std::unique_ptr<net::Stream> stream_;
  std::string buffer_;
};

}  // namespace postern::sim
