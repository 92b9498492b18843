#include "server/landlock.hpp"

#include <algorithm>
#include <cstdint>
#include <filesystem>

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "server/descriptor.hpp"

namespace postern::server {
namespace {

// The headers of Debian 12 end at version 2; the rest as in linux/landlock.h of Linux 6.12.
constexpr std::uint64_t kRefer = std::uint64_t{1} << 13U;     // 2: between folders
constexpr std::uint64_t kTruncate = std::uint64_t{1} << 14U;  // 3
constexpr std::uint64_t kIoctlDev = std::uint64_t{1} << 15U;  // 5
constexpr std::uint64_t kBindTcp = 1;                         // 4
constexpr std::uint64_t kScopeAbstract = 1;                   // 6
constexpr std::uint64_t kScopeSignal = 2;                     // 6
constexpr int kRuleNetPort = 2;                               // 4
struct Attributes {
  std::uint64_t files = 0;
  std::uint64_t net = 0;
  std::uint64_t scoped = 0;
};
struct PortRule {
  std::uint64_t access = 0;
  std::uint64_t port = 0;
};

constexpr std::uint64_t kRead = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t kAppend =
    kRead | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG;
constexpr std::uint64_t kChange = kAppend | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                                  LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR |
                                  LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_SYM |
                                  kRefer | kTruncate;
constexpr std::uint64_t kNever = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
                                 LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
                                 kIoctlDev;
/// What a rule about a file that is no folder may name.
constexpr std::uint64_t kOfFiles = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE |
                                   LANDLOCK_ACCESS_FS_WRITE_FILE | kTruncate | kIoctlDev;

Attributes handled_by(int version, bool abstract_sockets) {
  Attributes out{.files = kRead | kAppend | kChange | kNever};
  if (version < 2) out.files &= ~kRefer;
  if (version < 3) out.files &= ~kTruncate;
  if (version < 5) out.files &= ~kIoctlDev;
  if (version >= 4) out.net = kBindTcp;
  if (version >= 6) out.scoped = kScopeSignal | (abstract_sockets ? 0 : kScopeAbstract);
  return out;
}

bool add_rule(const Descriptor& rules, int kind, const void* rule) {
  return ::syscall(SYS_landlock_add_rule, rules.get(), kind, rule, 0) == 0;
}

bool allow(const Descriptor& rules, const std::string& path, std::uint64_t access) {
  const Descriptor at{::open(path.c_str(), O_PATH | O_CLOEXEC)};
  struct stat found{};
  if (!at || ::fstat(at.get(), &found) != 0) return false;
  landlock_path_beneath_attr rule{};
  rule.allowed_access = S_ISDIR(found.st_mode) ? access : access & kOfFiles;
  rule.parent_fd = at.get();
  return add_rule(rules, LANDLOCK_RULE_PATH_BENEATH, &rule);
}

bool allow_all(const Descriptor& rules, const Allowed& allowed, std::uint64_t handled) {
  for (const auto& path : allowed.read) (void)allow(rules, path, kRead & handled);
  for (const auto& path : allowed.append) (void)allow(rules, path, kAppend & handled);
  return std::ranges::all_of(allowed.change, [&](const std::string& path) {
    return allow(rules, path, kChange & handled);
  });
}

int version_here() {
  const auto version =
      ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  return version < 0 ? 0 : std::min(static_cast<int>(version), kNewestLandlock);
}

}  // namespace

int landlock(const Allowed& allowed) {
  const int version = version_here();
  if (version == 0) return 0;
  const auto handled = handled_by(version, allowed.abstract_sockets);
  const Descriptor rules{
      static_cast<int>(::syscall(SYS_landlock_create_ruleset, &handled, sizeof handled, 0))};
  if (!rules || !allow_all(rules, allowed, handled.files)) return 0;
  const PortRule ephemeral{.access = kBindTcp, .port = 0};
  if (handled.net != 0 && !add_rule(rules, kRuleNetPort, &ephemeral)) return 0;
  return ::syscall(SYS_landlock_restrict_self, rules.get(), 0) == 0 ? version : 0;
}

std::string_view landlock_lacks(int version) {
  if (version <= 0) return "all of Landlock";
  if (version < 2) return "moving files between folders, truncation, TCP ports, devices, signals";
  if (version < 3) return "truncation, TCP ports, devices, signals";
  if (version < 4) return "TCP ports, devices, signals";
  if (version < 5) return "devices, signals";
  if (version < 6) return "signals";
  return "";
}

}  // namespace postern::server
