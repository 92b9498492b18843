#include "server/trusted_file.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace postern::server {
namespace {

using ::testing::HasSubstr;

/// Somebody who is not root: us, or whom we as root can give files to.
uid_t stranger() {
  constexpr uid_t kNobodys = 54'321;
  return ::geteuid() == 0 ? kNobodys : ::geteuid();
}

class TrustedFileTest : public ::testing::Test {
 protected:
  TrustedFileTest() {
    std::string pattern = std::filesystem::temp_directory_path().string() + "/postern_XXXXXX";
    folder_ = std::filesystem::canonical(::mkdtemp(pattern.data())).string();
    std::filesystem::create_directory(path("archive"));
    std::filesystem::create_directory(path("live"));
    std::ofstream{path("archive/key1.pem")} << "a key";
    std::filesystem::create_symlink("../archive/key1.pem", path("live/key.pem"));
    std::filesystem::create_symlink(path("live/key.pem"), path("absolute"));
    std::filesystem::create_symlink("live", path("folder"));
  }
  ~TrustedFileTest() override { std::filesystem::remove_all(folder_); }
  [[nodiscard]] std::string path(const std::string& name) const { return folder_ + '/' + name; }
  void give(const std::string& name) const {
    ASSERT_EQ(::lchown(path(name).c_str(), stranger(), static_cast<gid_t>(-1)), 0);
  }
  void allow(const std::string& name, mode_t mode) const {
    ASSERT_EQ(::chmod(path(name).c_str(), mode), 0);
  }
  [[nodiscard]] Errc error(const std::string& name) const {
    const auto got = read_trusted_file(path(name));
    EXPECT_FALSE(got) << name;
    return got ? Errc{} : got.error().code;
  }

  std::string folder_;
};

TEST_F(TrustedFileTest, LinksLikeCertbotsAreFollowed) {
  for (const auto* name : {"archive/key1.pem", "live/key.pem", "absolute", "folder/key.pem",
                           "folder/../archive/key1.pem", "live/./key.pem"})
    EXPECT_EQ(read_trusted_file(path(name)).value_or("no"), "a key") << name;
}

TEST_F(TrustedFileTest, WhoOwnsTheFileMayLeadToIt) {
  give("live");
  give("live/key.pem");
  give("archive");
  give("archive/key1.pem");
  if (::geteuid() == 0) EXPECT_EQ(read_trusted_file(path("live/key.pem")).value_or("no"), "a key");
  EXPECT_EQ(read_trusted_file(path("archive/key1.pem")).value_or("no"), "a key");
}

TEST_F(TrustedFileTest, NobodyLeadsToWhatIsNotTheirs) {
  std::filesystem::remove(path("live/key.pem"));
  std::filesystem::create_symlink("/etc/passwd", path("live/key.pem"));
  give("live/key.pem");
  const auto by_link = read_trusted_file(path("live/key.pem"));
  ASSERT_FALSE(by_link);
  EXPECT_EQ(by_link.error().code, Errc::not_permitted);
  EXPECT_THAT(by_link.error().detail, HasSubstr("does not own /etc/passwd"));
  if (::geteuid() != 0) return;
  give("archive");
  EXPECT_EQ(error("archive/key1.pem"), Errc::not_permitted) << "it could be a hard link";
  EXPECT_EQ(error("absolute"), Errc::not_permitted);
}

TEST_F(TrustedFileTest, FoldersInWhichOthersWriteAreRefused) {
  allow("archive", 0777);
  EXPECT_EQ(error("live/key.pem"), Errc::not_permitted);
  allow("archive", 01777);
  EXPECT_EQ(read_trusted_file(path("live/key.pem")).value_or("no"), "a key");
  allow("archive", 0755);
  allow("live", 0757);
  EXPECT_EQ(error("live/key.pem"), Errc::not_permitted);
  allow("live", 0755);
  if (::geteuid() != 0) return;
  ASSERT_EQ(::chown(path("archive").c_str(), 0, 54'321), 0);
  allow("archive", 0775);
  EXPECT_EQ(error("live/key.pem"), Errc::not_permitted);
  ASSERT_EQ(::chown(path("archive").c_str(), 0, 0), 0);
  EXPECT_EQ(read_trusted_file(path("live/key.pem")).value_or("no"), "a key");
}

TEST_F(TrustedFileTest, WhatIsNoFileFails) {
  std::filesystem::create_symlink("loop", path("loop"));
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  EXPECT_EQ(error("loop"), Errc::io_failed);
  EXPECT_EQ(error("pipe"), Errc::not_permitted);
  EXPECT_EQ(error("live"), Errc::io_failed);
  EXPECT_EQ(error("archive/key1.pem/x"), Errc::io_failed);
  EXPECT_EQ(error("nothing"), Errc::io_failed);
  EXPECT_EQ(read_trusted_file("/dev/zero").error().code, Errc::not_permitted);
}

}  // namespace
}  // namespace postern::server
