#include "server/privileges.hpp"

#include <array>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <string_view>

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <linux/landlock.h>
#include <pwd.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace postern::server {
namespace {

constexpr std::uint64_t kRead = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t kWrite = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                                 LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR |
                                 LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |
                                 LANDLOCK_ACCESS_FS_MAKE_SYM;
constexpr std::uint64_t kNever = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
                                 LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK;

bool allow_below(int ruleset, const char* path, std::uint64_t access) {
  const int fd = ::open(path, O_PATH | O_CLOEXEC);
  if (fd < 0) return false;
  landlock_path_beneath_attr rule{};
  rule.allowed_access = access;
  rule.parent_fd = fd;
  const bool good =
      ::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
  ::close(fd);
  return good;
}

/// Landlock of ABI 1 is enough for what we ask: newer kernels hold us to the same.
bool landlock(const std::string& directory) {
  landlock_ruleset_attr attributes{};
  attributes.handled_access_fs = kRead | kWrite | kNever;
  const auto made = ::syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0);
  if (made < 0) return false;
  const int ruleset = static_cast<int>(made);
  // Certificates may lie anywhere and are read again on reload: reading stays; writing does not.
  const bool good = allow_below(ruleset, "/", kRead) &&
                    allow_below(ruleset, directory.c_str(), kRead | kWrite) &&
                    ::syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
  ::close(ruleset);
  return good;
}

/// What no part of a mail server does; everything else stays, since libraries change their ways.
bool seccomp() {
  constexpr std::array kForbidden = {"execve",
                                     "execveat",
                                     "ptrace",
                                     "process_vm_readv",
                                     "process_vm_writev",
                                     "mount",
                                     "umount2",
                                     "pivot_root",
                                     "chroot",
                                     "init_module",
                                     "finit_module",
                                     "delete_module",
                                     "kexec_load",
                                     "kexec_file_load",
                                     "reboot",
                                     "swapon",
                                     "swapoff",
                                     "bpf",
                                     "perf_event_open",
                                     "userfaultfd",
                                     "keyctl",
                                     "add_key",
                                     "request_key",
                                     "unshare",
                                     "setns",
                                     "settimeofday",
                                     "clock_settime",
                                     "clock_adjtime",
                                     "adjtimex",
                                     "acct",
                                     "quotactl",
                                     "iopl",
                                     "ioperm",
                                     "io_uring_setup",
                                     "io_uring_enter",
                                     "setuid",
                                     "setgid",
                                     "setreuid",
                                     "setregid",
                                     "setresuid",
                                     "setresgid",
                                     "setgroups",
                                     "personality",
                                     "kcmp",
                                     "open_by_handle_at"};
  const scmp_filter_ctx filter = ::seccomp_init(SCMP_ACT_ALLOW);
  if (filter == nullptr) return false;
  bool good = ::seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1) == 0;
  for (const char* const name : kForbidden) {
    const int number = ::seccomp_syscall_resolve_name(name);
    if (number == __NR_SCMP_ERROR) continue;
    good = good && ::seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), number, 0) == 0;
  }
  good = good && ::seccomp_load(filter) == 0;
  ::seccomp_release(filter);
  return good;
}

}  // namespace

Result<void> drop_to_user(const std::string& user, const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) {
    return fail(Errc::bad_config,
                fmt::format("{}: cannot be made: {}", directory, error.message()));
  }
  std::filesystem::permissions(directory, std::filesystem::perms::owner_all, error);
  if (::geteuid() != 0 || user.empty()) return {};
  const passwd* const entry = ::getpwnam(user.c_str());  // NOLINT(concurrency-mt-unsafe): no thread
  if (entry == nullptr) {
    return fail(Errc::bad_config,
                fmt::format("user \"{}\" does not exist: make it (adduser --system {}) or change "
                            "`user`",
                            user, user));
  }
  if (::chown(directory.c_str(), entry->pw_uid, entry->pw_gid) != 0 ||
      ::initgroups(user.c_str(), entry->pw_gid) != 0 || ::setgid(entry->pw_gid) != 0 ||
      ::setuid(entry->pw_uid) != 0)
    return fail(Errc::bad_config, fmt::format("cannot become user \"{}\"", user));
  if (::setuid(0) == 0) return fail(Errc::bad_config, "privileges came back after setuid");
  return {};
}

void confine(const std::string& directory, const log::Logger& logger) {
  const bool no_new_privileges = ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
  const bool files = no_new_privileges && landlock(directory);
  const bool calls = no_new_privileges && seccomp();
  logger.info("confined", {{"user", static_cast<std::int64_t>(::geteuid())},
                           {"no_new_privs", no_new_privileges},
                           {"landlock", files},
                           {"seccomp", calls}});
}

}  // namespace postern::server
