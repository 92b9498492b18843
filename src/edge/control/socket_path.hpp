#pragma once

#include <filesystem>
#include <string>

#include <sys/socket.h>
#include <sys/un.h>

#include "vocab/result.hpp"

namespace postern::control {

/// The address of a socket file. A path that does not fit into `sockaddr_un` (108 octets, unix(7))
/// is reached through a descriptor of its folder, which lives as long as this.
class SocketPath {
 public:
  /// `not_found`: the folder is missing. `not_permitted`: it may not be entered. `bad_config`: the
  /// file's name alone is too long.
  [[nodiscard]] static Result<SocketPath> of(const std::filesystem::path& path);
  SocketPath(SocketPath&& other) noexcept;
  SocketPath& operator=(SocketPath&&) = delete;
  ~SocketPath();

  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] sockaddr_un address() const;

 private:
  SocketPath(std::string text, int folder) : text_{std::move(text)}, folder_{folder} {}
  std::string text_;
  int folder_ = -1;
};

/// What happened at connect(2) or bind(2), for operators.
[[nodiscard]] std::unexpected<Error> socket_failure(Errc code, const std::filesystem::path& path,
                                                    int error);

}  // namespace postern::control
