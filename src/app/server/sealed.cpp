#include "server/sealed.hpp"

#include <cerrno>
#include <cstring>
#include <system_error>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "vocab/try.hpp"

namespace postern::server {
namespace {

constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

std::unexpected<Error> failed(int error) {
  return fail(Errc::io_failed, std::generic_category().message(error));
}

/// From where the descriptor stands to its end.
Result<std::string> read_all(int from) {
  // Once and for all, so that growing leaves no copies of a key behind.
  std::string text(kMaxFile + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const auto got = ::read(from, text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed(errno);
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > kMaxFile) {
    wipe(text);
    return fail(Errc::too_large, "larger than 1 MiB");
  }
  std::string out = text.substr(0, size);
  wipe(text);
  return out;
}

}  // namespace

Result<std::string> read_file(const std::string& path) {
  // A named pipe in a file's place must not hold up who reads it: the supervisor has one thread.
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)};
  if (!file) return failed(errno);
  return read_all(file.get());
}

Result<std::string> read_open_file(const Descriptor& file) {
  return read_all(file.get());
}

Result<Descriptor> seal(std::string_view content) {
  Descriptor out{::memfd_create("postern", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
  if (!out) return failed(errno);
  while (!content.empty()) {
    const auto took = ::write(out.get(), content.data(), content.size());
    if (took < 0 && errno == EINTR) continue;
    if (took < 0) return failed(errno);
    content.remove_prefix(static_cast<std::size_t>(took));
  }
  if (::fcntl(out.get(), F_ADD_SEALS, kSeals) != 0) return failed(errno);
  return out;
}

Result<std::string> contents(const Descriptor& sealed) {
  const int seals = ::fcntl(sealed.get(), F_GET_SEALS);
  if (seals < 0 || (seals & kSeals) != kSeals)
    return fail(Errc::bad_syntax, "not a sealed memory file");
  if (::lseek(sealed.get(), 0, SEEK_SET) != 0) return failed(errno);
  return read_all(sealed.get());
}

void wipe(std::string& text) {
  ::explicit_bzero(text.data(), text.size());
  text.clear();
}

}  // namespace postern::server
