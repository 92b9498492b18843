#include "kv/directory_lock.hpp"

#include <array>
#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace postern::kv {

namespace {

std::string owner_of(int descriptor) {
  std::array<char, 32> text{};
  const ssize_t count = ::pread(descriptor, text.data(), text.size(), 0);
  const std::string_view id{text.data(), count > 0 ? static_cast<std::size_t>(count) : 0};
  return id.empty() ? "another process" : "process " + std::string{id.substr(0, id.find('\n'))};
}

std::unexpected<Error> refused(Errc code, const std::filesystem::path& path, int error) {
  return fail(code, path.string() + ": " + std::generic_category().message(error) +
                        "; check that the directory exists and belongs to the server's user");
}

}  // namespace

Result<DirectoryLock> DirectoryLock::take(const std::filesystem::path& directory, Mode mode) {
  const bool owner = mode == Mode::owner;
  std::error_code error;
  if (owner) std::filesystem::create_directories(directory, error);
  if (error) return refused(Errc::io_failed, directory, error.value());
  const auto path = directory / "lock";
  const int flags = owner ? O_RDWR | O_CREAT : O_RDONLY;
  DirectoryLock lock{::open(path.c_str(), flags | O_CLOEXEC, 0600)};
  if (lock.descriptor_ < 0)
    return refused(errno == ENOENT ? Errc::not_found : Errc::io_failed, path, errno);
  if (::flock(lock.descriptor_, (owner ? LOCK_EX : LOCK_SH) | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return refused(Errc::io_failed, path, errno);
    return fail(Errc::conflict, "the store " + directory.string() + " is in use by " +
                                    owner_of(lock.descriptor_) +
                                    "; stop it first, or ask it over its control socket");
  }
  if (!owner) return lock;
  const std::string id = std::to_string(::getpid()) + "\n";
  const bool noted =
      ::ftruncate(lock.descriptor_, 0) == 0 &&
      ::pwrite(lock.descriptor_, id.data(), id.size(), 0) == static_cast<ssize_t>(id.size());
  // On a full disk the id is missing from a later message; the lock itself holds.
  (void)noted;
  return lock;
}

DirectoryLock::~DirectoryLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace postern::kv
