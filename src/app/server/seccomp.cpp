#include "server/seccomp.hpp"

#include <array>
#include <cerrno>
#include <span>

#include <seccomp.h>

namespace postern::server {
namespace {

/// What no part of a mail server does; everything else stays, since libraries change their ways.
constexpr std::array kForbidden = {
    // other programs and other processes
    "execve", "execveat", "process_vm_readv", "process_vm_writev", "pidfd_getfd", "process_madvise",
    "kcmp", "personality", "unshare", "setns", "setuid", "setgid", "setreuid", "setregid",
    "setresuid", "setresgid", "setfsuid", "setfsgid", "setgroups", "capset",
    // the system
    "mount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree", "fsopen", "fsmount",
    "fsconfig", "fspick", "mount_setattr", "init_module", "finit_module", "delete_module",
    "kexec_load", "kexec_file_load", "reboot", "swapon", "swapoff", "settimeofday", "clock_settime",
    "clock_adjtime", "adjtimex", "acct", "quotactl", "quotactl_fd", "iopl", "ioperm", "sethostname",
    "setdomainname", "syslog", "vhangup", "mknod", "mknodat", "open_by_handle_at",
    "name_to_handle_at", "fanotify_init",
    // corners of the kernel that are attacked more than used
    "bpf", "perf_event_open", "userfaultfd", "keyctl", "add_key", "request_key", "io_uring_setup",
    "io_uring_enter", "io_uring_register", "modify_ldt", "lookup_dcookie", "vmsplice"};

/// LeakSanitizer looks at its own process with it.
#if !__has_feature(address_sanitizer)
constexpr std::array kForbiddenTracing = {"ptrace"};
#else
constexpr std::array<const char*, 0> kForbiddenTracing = {};
#endif

constexpr std::array kNoNetwork = {"socket", "socketpair", "bind",   "listen",
                                   "accept", "accept4",    "connect"};

bool forbid(scmp_filter_ctx filter, std::span<const char* const> names) {
  bool good = true;
  for (const char* const name : names) {
    const int number = ::seccomp_syscall_resolve_name(name);
    if (number == __NR_SCMP_ERROR) continue;  // libseccomp is older than the call
    good = good && ::seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), number, 0) == 0;
  }
  return good;
}

}  // namespace

bool seccomp(Trade trade) {
  const scmp_filter_ctx filter = ::seccomp_init(SCMP_ACT_ALLOW);
  if (filter == nullptr) return false;
  const bool good = ::seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1) == 0 &&
                    forbid(filter, kForbidden) && forbid(filter, kForbiddenTracing) &&
                    (trade == Trade::server || forbid(filter, kNoNetwork)) &&
                    ::seccomp_load(filter) == 0;
  ::seccomp_release(filter);
  return good;
}

}  // namespace postern::server
