#include "net/private_file.hpp"

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vocab/try.hpp"

namespace postern::net {
namespace {

std::unexpected<Error> refused(const std::string& path) {
  return fail(Errc::io_failed, path + ": " + std::generic_category().message(errno));
}

class File {
 public:
  File(const std::string& path, int flags)
      : value_{::open(path.c_str(), flags | O_CLOEXEC, 0600)} {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (value_ >= 0) ::close(value_);
  }
  [[nodiscard]] int get() const { return value_; }

 private:
  int value_;
};

Result<void> fill(const std::string& path, std::string_view text) {
  const File file{path, O_WRONLY | O_CREAT | O_EXCL};
  if (file.get() < 0) return refused(path);
  while (!text.empty()) {
    const ssize_t put = ::write(file.get(), text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return refused(path);
    text.remove_prefix(static_cast<std::size_t>(put));
  }
  if (::fchmod(file.get(), 0600) != 0 || ::fsync(file.get()) != 0) return refused(path);
  return {};
}

}  // namespace

Result<void> write_private_file(const std::string& path, std::string_view text) {
  const std::string fresh = path + ".new";
  (void)::unlink(fresh.c_str());  // left by a crash
  if (auto filled = fill(fresh, text); !filled) {
    (void)::unlink(fresh.c_str());
    return filled;
  }
  if (::rename(fresh.c_str(), path.c_str()) != 0) return refused(path);
  const File folder{std::filesystem::path{path}.parent_path().string(), O_RDONLY | O_DIRECTORY};
  if (folder.get() < 0 || ::fsync(folder.get()) != 0) return refused(path);
  return {};
}

}  // namespace postern::net
