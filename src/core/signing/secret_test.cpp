#include "signing/secret.hpp"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "text/base64.hpp"

namespace postern::signing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class SecretTest : public ::testing::Test {
 protected:
  SecretTest() {
    folder_ = fs::path{::testing::TempDir()} / ("secret-" + text::to_hex(random_.bytes(8)));
    fs::create_directory(folder_);
  }
  ~SecretTest() override {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  Result<InstallationSecret> load() { return load_or_make_secret(file(), random_); }
  [[nodiscard]] std::string file() const { return (folder_ / "secret.key").string(); }
  void write(const std::string& text) const {
    std::ofstream{file()} << text;
    fs::permissions(file(), fs::perms::owner_read | fs::perms::owner_write);
  }

  SystemRandom random_;
  fs::path folder_;
};

TEST_F(SecretTest, IsMadeOnceForItsOwnerAlone) {
  const auto first = load();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->reveal().size(), 32U);
  EXPECT_EQ(fs::status(file()).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(load()->reveal(), first->reveal());
  EXPECT_EQ(std::distance(fs::directory_iterator{folder_}, {}), 1);
  fs::remove(file());
  EXPECT_NE(load()->reveal(), first->reveal());
}

TEST_F(SecretTest, SaysWhatIsWrong) {
  write("not a secret\n");
  EXPECT_THAT(load().error().detail, HasSubstr("64 hexadecimal digits"));
  write(text::to_hex(random_.bytes(31)));
  EXPECT_EQ(load().error().code, Errc::bad_config);
  write(text::to_hex(random_.bytes(32)) + "\n");
  EXPECT_TRUE(load());
  fs::permissions(file(), fs::perms::group_read, fs::perm_options::add);
  EXPECT_THAT(load().error().detail, HasSubstr("chmod 600"));
  fs::remove(file());
  fs::create_directory(file());
  EXPECT_EQ(load().error().code, Errc::bad_config);
}

TEST_F(SecretTest, SurvivesAHalfMadeOne) {
  std::ofstream{file() + ".new"} << "half";
  EXPECT_TRUE(load());
  EXPECT_TRUE(load());
}

TEST_F(SecretTest, DoesNotGoWhereItCannot) {
  const auto nowhere = load_or_make_secret((folder_ / "no" / "secret.key").string(), random_);
  EXPECT_EQ(nowhere.error().code, Errc::io_failed);
}

TEST_F(SecretTest, ItsIdTellsNothing) {
  const InstallationSecret a{random_.bytes(32)};
  const InstallationSecret b{random_.bytes(32)};
  EXPECT_EQ(id_of(a), id_of(a));
  EXPECT_NE(id_of(a), id_of(b));
  EXPECT_EQ(id_of(a).size(), 16U);
}

}  // namespace
}  // namespace postern::signing
