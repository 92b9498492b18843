// What cannot be undone is tried in a child process.
#include "server/privileges.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/descriptor.hpp"

namespace postern::server {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

/// The number `work` gives in a process of its own.
int in_child(const std::function<int()>& work) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(work());
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool can_open(const std::string& path, int flags) {
  return static_cast<bool>(Descriptor{::open(path.c_str(), flags | O_CLOEXEC, 0600)});
}

class PrivilegesTest : public ::testing::Test {
 protected:
  PrivilegesTest() {
    std::string pattern = fs::temp_directory_path().string() + "/postern_XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    for (const auto* const name : {"data", "data/a", "data/b", "logs", "other"})
      fs::create_directory(path(name));
    for (const auto* const name : {"data/a/file", "logs/log", "other/file"})
      std::ofstream{path(name)} << "text";
  }
  ~PrivilegesTest() override { fs::remove_all(folder_); }
  [[nodiscard]] std::string path(const std::string& name) const { return folder_ + '/' + name; }

  std::string folder_;
};

TEST(Privileges, FindsUsersThatAreNotRoot) {
  EXPECT_THAT(find_account("no-such-user").error().detail, HasSubstr("\"no-such-user\""));
  EXPECT_THAT(find_account("root").error().detail, HasSubstr("is root"));
  const auto nobody = find_account("nobody");
  ASSERT_TRUE(nobody);
  EXPECT_EQ(nobody->user, ::getpwnam("nobody")->pw_uid);
  EXPECT_THAT(nobody->groups, ::testing::Contains(nobody->group));
  EXPECT_THAT(nobody->groups, ::testing::Not(::testing::Contains(0U)));
}

TEST_F(PrivilegesTest, MakesTheDirectoryForItsOwner) {
  ASSERT_TRUE(prepare_directory(path("new/store"), nullptr));
  EXPECT_EQ(fs::status(path("new/store")).permissions(), fs::perms::owner_all);
  EXPECT_THAT(prepare_directory(path("other/file/store"), nullptr).error().detail,
              HasSubstr(path("other/file/store")));
  if (::geteuid() != 0) GTEST_SKIP() << "the rest needs root";
  const auto nobody = find_account("nobody").value();
  ASSERT_TRUE(prepare_directory(path("new/store"), &nobody));
  struct stat found{};
  ASSERT_EQ(::stat(path("new/store").c_str(), &found), 0);
  EXPECT_EQ(found.st_uid, nobody.user);
}

TEST_F(PrivilegesTest, BecomesSomebodyForGood) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  const auto nobody = find_account("nobody").value();
  EXPECT_EQ(in_child([&] {
              if (!become(nobody)) return 1;
              if (::getuid() != nobody.user || ::geteuid() != nobody.user) return 2;
              return ::setresuid(0, 0, 0) == 0 ? 3 : 0;
            }),
            0);
}

TEST_F(PrivilegesTest, RootKeepsFilesAlone) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  ASSERT_EQ(::chown(path("other").c_str(), 12'345, 12'345), 0);
  ASSERT_EQ(::chmod(path("other").c_str(), 0700), 0);
  EXPECT_EQ(in_child([&] {
              if (!keep_only_file_access()) return 1;
              if (!can_open(path("other/file"), O_RDWR)) return 2;
              if (::chown(path("logs/log").c_str(), 12'345, 12'345) == 0) return 3;
              // The bare call: the library's would change a sanitizer's own thread as well.
              return ::syscall(SYS_setuid, 12'345) == 0 ? 4 : 0;
            }),
            0);
}

TEST_F(PrivilegesTest, LandlockHoldsFilesToWhatIsAllowed) {
  const Allowed allowed{
      .read = {path("other")}, .append = {path("logs")}, .change = {path("data")}};
  const int version = in_child([&] {
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    return landlock({.change = {path("data")}});
  });
  if (version == 0) GTEST_SKIP() << "this kernel has no Landlock";
  EXPECT_EQ(in_child([&] {
              ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
              if (landlock(allowed) != version) return 1;
              if (!can_open(path("data/a/new"), O_RDWR | O_CREAT)) return 2;
              if (::unlink(path("data/a/new").c_str()) != 0) return 3;
              if (!can_open(path("other/file"), O_RDONLY)) return 4;
              if (can_open(path("other/file"), O_WRONLY)) return 5;
              if (can_open(path("other/new"), O_WRONLY | O_CREAT)) return 6;
              if (!can_open(path("logs/new"), O_WRONLY | O_CREAT | O_APPEND)) return 7;
              if (::unlink(path("logs/log").c_str()) == 0) return 8;
              if (can_open("/etc/passwd", O_RDONLY)) return 9;
              if (::rename(path("data/a/file").c_str(), path("other/file").c_str()) == 0) return 10;
              return 0;
            }),
            0);
  if (version < 2) return;
  EXPECT_EQ(in_child([&] {
              ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
              if (landlock(allowed) != version) return 1;
              return ::rename(path("data/a/file").c_str(), path("data/b/file").c_str());
            }),
            0)
      << "moved between folders of the store";
}

TEST_F(PrivilegesTest, LandlockWithoutTheStoreHoldsNothing) {
  EXPECT_EQ(in_child([&] {
              ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
              return landlock({.change = {path("missing")}});
            }),
            0);
}

TEST(Landlock, EveryVersionIsSaidToLackWhatComesLater) {
  EXPECT_EQ(landlock_lacks(0), "all of Landlock");
  EXPECT_EQ(landlock_lacks(kNewestLandlock), "");
  for (int version = 1; version < kNewestLandlock; ++version) {
    EXPECT_THAT(std::string{landlock_lacks(version)}, HasSubstr("signals")) << version;
    EXPECT_LT(landlock_lacks(version + 1).size(), landlock_lacks(version).size()) << version;
  }
}

TEST(Seccomp, ForbidsOtherTrades) {
  for (const auto trade : {Trade::server, Trade::supervisor}) {
    const int done = in_child([trade] {
      ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
      if (!seccomp(trade)) return 77;
      if (::setuid(::getuid()) == 0) return 1;
      if (::chroot("/") == 0) return 2;
      char name[] = "/bin/false";  // if it runs, its status is a failure
      char* const words[] = {name, nullptr};
      ::execv(name, words);
      const Descriptor socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
      return static_cast<bool>(socket) == (trade == Trade::server) ? 0 : 3;
    });
    if (done == 77) GTEST_SKIP() << "this kernel has no filters";
    EXPECT_EQ(done, 0);
  }
}

}  // namespace
}  // namespace postern::server
