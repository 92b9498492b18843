#include "admin/owner.hpp"

#include <cerrno>
#include <optional>
#include <system_error>
#include <vector>

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vocab/try.hpp"

namespace postern::admin {
namespace {

struct Owner {
  uid_t user = 0;
  gid_t group = 0;
};

std::unexpected<Error> refused(const std::string& what) {
  return fail(Errc::io_failed, what + ": " + std::generic_category().message(errno));
}

Result<Owner> find_user(const std::string& name) {
  constexpr std::size_t kBuffer = 16'384;
  std::vector<char> buffer(kBuffer);
  passwd entry{};
  passwd* found = nullptr;
  ::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (found == nullptr) return fail(Errc::bad_config, "there is no user " + name);
  return Owner{entry.pw_uid, entry.pw_gid};
}

std::optional<Owner> owner_of(const std::string& directory) {
  struct stat found{};
  if (::stat(directory.c_str(), &found) != 0) return std::nullopt;
  return Owner{found.st_uid, found.st_gid};
}

}  // namespace

Result<void> become_owner(const std::string& directory, const std::string& user, bool make) {
  if (::geteuid() != 0) return {};
  auto owner = owner_of(directory);
  if (!user.empty()) {
    POSTERN_TRY(const auto wanted, find_user(user));
    if (!owner && make && ::mkdir(directory.c_str(), S_IRWXU) != 0) return refused(directory);
    const bool theirs = owner && owner->user == wanted.user;
    if ((owner || make) && !theirs && ::chown(directory.c_str(), wanted.user, wanted.group) != 0)
      return refused(directory);
    owner = wanted;
  }
  if (!owner || owner->user == 0) return {};
  if (::setgroups(0, nullptr) != 0 || ::setgid(owner->group) != 0 || ::setuid(owner->user) != 0)
    return refused("cannot become the owner of " + directory);
  return {};
}

}  // namespace postern::admin
