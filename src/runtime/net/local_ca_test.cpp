#include "net/local_ca.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "net/tls_context.hpp"
#include "net/tls_names.hpp"

namespace postern::net {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

std::string read_file(const std::string& path) {
  std::ifstream in{path};
  return {std::istreambuf_iterator<char>{in}, {}};
}

class LocalCaTest : public ::testing::Test {
 protected:
  LocalCaTest() {
    std::string pattern = ::testing::TempDir() + "local_ca_XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
  }
  ~LocalCaTest() override { std::filesystem::remove_all(directory_); }
  LocalCaFiles make(std::vector<std::string> names, Duration later = {}) {
    return ensure_local_ca({directory_, std::move(names), {text::IpAddress::v4({127, 0, 0, 1})}},
                           now_ + later, random_)
        .value();
  }
  std::string directory_;
  SystemRandom random_;
  Timestamp now_{std::chrono::seconds{1'790'000'000}};
};

TEST_F(LocalCaTest, MakesAPrivateSetOfFilesThatServes) {
  const auto files = make({"localhost", "mail.test"});
  for (const auto& file : {files.ca_file, files.chain_file, files.key_file}) {
    struct stat info{};
    ASSERT_EQ(::stat(file.c_str(), &info), 0) << file;
    EXPECT_EQ(info.st_mode & 0777U, 0600U) << file;
  }
  EXPECT_TRUE(TlsContext::server({.certificates = {{files.chain_file, files.key_file}}}));
  EXPECT_TRUE(TlsContext::client({.system_trust = false, .trust_files = {files.ca_file}}));
}

TEST_F(LocalCaTest, KeepsWhatIsFineAndRenewsWhatIsNot) {
  const auto files = make({"localhost"});
  const auto ca = read_file(files.ca_file);
  const auto leaf = read_file(files.chain_file);
  make({"localhost"}, 24h * 300);
  EXPECT_EQ(read_file(files.chain_file), leaf);
  make({"localhost"}, 24h * 380);  // ends soon
  const auto renewed = read_file(files.chain_file);
  EXPECT_NE(renewed, leaf);
  make({"localhost", "other.test"}, 24h * 380);  // does not cover
  EXPECT_NE(read_file(files.chain_file), renewed);
  EXPECT_EQ(read_file(files.ca_file), ca);
  std::ofstream{files.key_file} << "garbage";  // does not fit
  make({"localhost", "other.test"}, 24h * 380);
  EXPECT_THAT(read_file(files.key_file), HasSubstr("PRIVATE KEY"));
  make({"localhost"}, 24h * 3600);  // the CA itself runs out
  EXPECT_NE(read_file(files.ca_file), ca);
}

TEST_F(LocalCaTest, RefusesWhatCannotBeCertified) {
  for (const auto* name : {"", "a b", "a,DNS:evil", "ex\xC3\xA4mple", "a..b"}) {
    const auto got = ensure_local_ca({directory_, {name}, {}}, now_, random_);
    ASSERT_FALSE(got) << name;
    EXPECT_EQ(got.error().code, Errc::bad_config);
  }
  const auto lost = ensure_local_ca({directory_ + "/none", {"localhost"}, {}}, now_, random_);
  EXPECT_EQ(lost.error().code, Errc::io_failed);
  EXPECT_THAT(lost.error().detail, HasSubstr("/none/local-ca.key"));
}

TEST(TlsNames, WildcardsCoverOneLabel) {
  EXPECT_TRUE(covers("mail.example", "mail.example"));
  EXPECT_TRUE(covers("*.example", "mail.example"));
  EXPECT_FALSE(covers("*.example", "a.mail.example"));
  EXPECT_FALSE(covers("*.example", "example"));
  EXPECT_FALSE(covers("*.example", ".example"));
  EXPECT_FALSE(covers("m*.example", "mail.example"));
  EXPECT_EQ(canonical_host("Mail.Example."), "mail.example");
}

}  // namespace
}  // namespace postern::net
