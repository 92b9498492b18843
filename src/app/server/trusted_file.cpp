#include "server/trusted_file.hpp"

#include <array>
#include <cerrno>
#include <climits>
#include <deque>
#include <filesystem>
#include <optional>
#include <ranges>
#include <string_view>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/descriptor.hpp"
#include "server/sealed.hpp"
#include "vocab/try.hpp"

namespace postern::server {
namespace {

/// As many as Linux follows.
constexpr int kMostLinks = 40;

std::unexpected<Error> failed(int error) {
  return fail(Errc::io_failed, std::generic_category().message(error));
}

Result<struct stat> status_of(const Descriptor& file) {
  struct stat out{};
  if (::fstat(file.get(), &out) != 0) return failed(errno);
  return out;
}

/// On the way to a file, from the root on, one name at a time; each is held open while it is
/// judged.
class Walk {
 public:
  explicit Walk(const std::string& path) { go_on_with(path); }
  Result<Descriptor> to_the_end();

 private:
  void go_on_with(std::string_view path);
  Result<void> enter(Descriptor folder, const struct stat& status);
  Result<void> follow(const Descriptor& link, const struct stat& status);
  Result<void> heed(uid_t owner, std::string_view what);
  Result<Descriptor> open_file(const std::string& name, const struct stat& status) const;

  std::deque<std::string> left_;
  Descriptor at_;
  std::string where_;
  std::optional<uid_t> guide_;  ///< The unprivileged user who has a say in where this leads.
  std::string guided_by_;       ///< What of theirs it was.
  int links_ = 0;
};

void Walk::go_on_with(std::string_view path) {
  std::deque<std::string> names;
  if (path.starts_with('/')) names.emplace_back("/");
  for (const auto part : path | std::views::split('/')) {
    const std::string name{part.begin(), part.end()};
    if (!name.empty() && name != ".") names.push_back(name);
  }
  left_.insert(left_.begin(), names.begin(), names.end());
}

Result<void> Walk::heed(uid_t owner, std::string_view what) {
  if (owner == 0) return {};
  if (guide_ && *guide_ != owner) {
    return fail(Errc::not_permitted,
                fmt::format("users {} and {} both decide where it leads (at {} and {})", *guide_,
                            owner, guided_by_, what));
  }
  guide_ = owner;
  guided_by_ = what;
  return {};
}

Result<void> Walk::enter(Descriptor folder, const struct stat& status) {
  POSTERN_CHECK(heed(status.st_uid, where_));
  const bool sticky = (status.st_mode & S_ISVTX) != 0;
  const bool group = (status.st_mode & S_IWGRP) != 0 && status.st_gid != 0;
  const bool others = (status.st_mode & S_IWOTH) != 0;
  if (!sticky && (group || others)) {
    return fail(Errc::not_permitted,
                fmt::format("others than its owner may write in {}: chmod go-w", where_));
  }
  at_ = std::move(folder);
  return {};
}

Result<void> Walk::follow(const Descriptor& link, const struct stat& status) {
  POSTERN_CHECK(heed(status.st_uid, where_));
  if (++links_ > kMostLinks) return failed(ELOOP);
  std::array<char, PATH_MAX> target{};
  const auto size = ::readlinkat(link.get(), "", target.data(), target.size());
  if (size < 0) return failed(errno);
  go_on_with({target.data(), static_cast<std::size_t>(size)});
  return {};
}

Result<Descriptor> Walk::open_file(const std::string& name, const struct stat& status) const {
  if (!S_ISREG(status.st_mode)) return fail(Errc::not_permitted, where_ + " is no ordinary file");
  if (guide_ && *guide_ != status.st_uid) {
    return fail(Errc::not_permitted,
                fmt::format("user {} decides where it leads (at {}) and does not own {}: give that "
                            "place to root",
                            *guide_, guided_by_, where_));
  }
  Descriptor out{
      ::openat(at_.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)};
  if (!out) return failed(errno);
  POSTERN_TRY(const auto opened, status_of(out));
  if (opened.st_dev != status.st_dev || opened.st_ino != status.st_ino)
    return fail(Errc::not_permitted, where_ + " changed while it was looked at");
  return out;
}

Result<Descriptor> Walk::to_the_end() {
  while (!left_.empty()) {
    const std::string name = std::move(left_.front());
    left_.pop_front();
    if (name == "/") where_.clear();
    where_ += where_.ends_with('/') || name == "/" ? name : '/' + name;
    Descriptor next{
        ::openat(at_ ? at_.get() : AT_FDCWD, name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC)};
    if (!next) return failed(errno);
    POSTERN_TRY(const auto status, status_of(next));
    if (S_ISDIR(status.st_mode)) {
      POSTERN_CHECK(enter(std::move(next), status));
    } else if (S_ISLNK(status.st_mode)) {
      POSTERN_CHECK(follow(next, status));
      where_.erase(where_.size() - name.size() - 1);
    } else if (left_.empty()) {
      return open_file(name, status);
    } else {
      return failed(ENOTDIR);
    }
  }
  return failed(EISDIR);
}

}  // namespace

Result<std::string> read_trusted_file(const std::string& path) {
  std::error_code unknown;
  const auto whole = std::filesystem::absolute(path, unknown);
  if (unknown) return failed(unknown.value());
  Walk walk{whole.string()};
  POSTERN_TRY(const auto file, walk.to_the_end());
  return read_open_file(file);
}

}  // namespace postern::server
