#include "server/privileges.hpp"

#include <array>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace postern::server {
namespace {

std::unexpected<Error> failed(const std::string& what, int error) {
  return fail(Errc::bad_config,
              fmt::format("{}: {}", what, std::generic_category().message(error)));
}

}  // namespace

Result<Account> find_account(const std::string& name) {
  const passwd* const entry = ::getpwnam(name.c_str());  // NOLINT(concurrency-mt-unsafe): no thread
  if (entry == nullptr) {
    return fail(Errc::bad_config,
                fmt::format("user \"{}\" does not exist: make it (adduser --system {}) or change "
                            "`user`",
                            name, name));
  }
  if (entry->pw_uid == 0)
    return fail(Errc::bad_config, fmt::format("user \"{}\" is root: `user` names another", name));
  Account out{.user = entry->pw_uid, .group = entry->pw_gid, .groups = {}};
  int count = 64;
  out.groups.resize(static_cast<std::size_t>(count));
  if (::getgrouplist(name.c_str(), out.group, out.groups.data(), &count) < 0) {
    out.groups.resize(static_cast<std::size_t>(count));  // it said how many there are
    ::getgrouplist(name.c_str(), out.group, out.groups.data(), &count);
  }
  out.groups.resize(static_cast<std::size_t>(count));
  return out;
}

Result<void> prepare_directory(const std::string& directory, const Account* owner) {
  namespace fs = std::filesystem;
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) {
    return fail(Errc::bad_config,
                fmt::format("{}: cannot be made: {}", directory, error.message()));
  }
  fs::permissions(directory, fs::perms::owner_all, error);
  if (owner != nullptr && ::chown(directory.c_str(), owner->user, owner->group) != 0)
    return failed(directory + ": cannot be given to `user`", errno);
  return {};
}

Result<void> become(const Account& account) {
  if (::setgroups(account.groups.size(), account.groups.data()) != 0 ||
      ::setresgid(account.group, account.group, account.group) != 0 ||
      ::setresuid(account.user, account.user, account.user) != 0)
    return failed("cannot become `user`", errno);
  if (::setuid(0) == 0 || ::setgid(0) == 0)
    return fail(Errc::bad_config, "privileges came back after setuid");
  return {};
}

bool keep_only_file_access() {
  constexpr std::uint32_t kKept = (1U << CAP_DAC_OVERRIDE) | (1U << CAP_DAC_READ_SEARCH);
  __user_cap_header_struct head{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{};
  if (::syscall(SYS_capget, &head, sets.data()) != 0) return false;
  for (auto& half : sets) {
    const std::uint32_t kept = &half == &sets.front() ? half.permitted & kKept : 0U;
    half = {.effective = kept, .permitted = kept, .inheritable = 0};
  }
  return ::syscall(SYS_capset, &head, sets.data()) == 0;
}

void confine(const Allowed& allowed, Trade trade, const log::Logger& logger) {
  const bool no_new_privileges = ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
  const int files = no_new_privileges ? landlock(allowed) : 0;
  const bool calls = no_new_privileges && seccomp(trade);
  const auto lacking = landlock_lacks(files);
  logger.info("confined", {{"user", static_cast<std::int64_t>(::geteuid())},
                           {"no_new_privs", no_new_privileges},
                           {"landlock", files},
                           {"landlock_lacks", lacking.empty() ? "nothing" : lacking},
                           {"seccomp", calls}});
  if (files == 0 || !calls)
    logger.warn("this kernel confines only in part: the server can do more than it needs");
}

std::vector<std::string> library_files() {
  return {"/etc/ssl",
          "/etc/pki",  // where other systems than Debian keep what /etc/ssl points to
          "/etc/ca-certificates",
          "/var/lib/ca-certificates",
          "/etc/crypto-policies",
          "/usr/lib",
          "/usr/local/lib",
          "/lib",
          "/lib64",
          "/usr/share",
          "/etc/hosts",
          "/etc/localtime",
          "/dev/null",
          "/dev/urandom",
          "/usr/local/share",
          "/proc/self",
          "/etc/ld.so.cache",
          "/dev/random",
          "/sys/devices",
          "/sys/dev/block",
          "/proc/sys/kernel/random"};
}

}  // namespace postern::server
