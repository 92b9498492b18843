#include "server/bundle.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/sealed.hpp"

namespace postern::server {
namespace {

using ::testing::HasSubstr;
using Word = Message::Kind;

class BundleTest : public ::testing::Test {
 protected:
  BundleTest() {
    std::string pattern = std::filesystem::temp_directory_path().string() + "/postern_XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    write("cert", "a chain");
    write("key", "a key");
  }
  ~BundleTest() override { std::filesystem::remove_all(folder_); }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream{path(name)} << text;
  }
  [[nodiscard]] std::string path(const std::string& name) const { return folder_ + '/' + name; }
  void write_config(const std::string& more = {}) const {
    write("postern.toml", "hostname = \"mx.test\"\n" + more +
                              "[storage]\ndirectory = \"/var/lib/x\"\n[tls]\ncertificate = \"" +
                              path("cert") + "\"\nkey = \"" + path("key") +
                              "\"\n[[tls.more]]\ncertificate = \"" + path("cert") + "\"\nkey = \"" +
                              path("key") + "\"\n");
  }
  static Parcel end() { return {.message = {.kind = Word::end}}; }

  std::string folder_;
};

TEST_F(BundleTest, TheServerReadsWhatTheSupervisorRead) {
  write_config();
  auto out = read_bundle(path("postern.toml"));
  ASSERT_TRUE(out) << out.error().detail;
  EXPECT_EQ(out->parcels.size(), 3U) << "the configuration, and each file once";
  Incoming in;
  for (auto& parcel : out->parcels) EXPECT_FALSE(in.take(std::move(parcel)).value());
  std::filesystem::remove(path("key"));
  ASSERT_TRUE(in.take(end()).value());
  EXPECT_EQ(in.config()->hostname, "mx.test");
  EXPECT_EQ(in.reader()(path("key")).value(), "a key");
  EXPECT_EQ(in.reader()(path("cert")).value(), "a chain");
  EXPECT_EQ(in.reader()("/etc/shadow").error().code, Errc::not_found);
}

TEST_F(BundleTest, WhatIsWrongIsNamed) {
  write_config("nonsense = 1\n");
  EXPECT_THAT(read_bundle(path("postern.toml")).error().detail,
              HasSubstr(path("postern.toml") + ":2: unknown key nonsense"));
  write_config();
  std::filesystem::remove(path("key"));
  const auto gone = read_bundle(path("postern.toml"));
  ASSERT_FALSE(gone);
  EXPECT_THAT(gone.error().detail,
              ::testing::AllOf(HasSubstr(path("postern.toml") + ":"), HasSubstr(path("key")),
                               HasSubstr("No such file")));
  EXPECT_THAT(read_bundle(path("none.toml")).error().detail, HasSubstr("none.toml"));
}

TEST_F(BundleTest, TakesNothingButParts) {
  Incoming in;
  EXPECT_EQ(in.take({.message = {.kind = Word::stop}}).error().code, Errc::bad_sequence);
  EXPECT_EQ(in.take({.message = {.kind = Word::socket, .text = "finger"}}).error().code,
            Errc::bad_syntax);
  Parcel open{.message = {.kind = Word::file, .text = "name"},
              .descriptor = Descriptor{::open("/dev/null", O_RDONLY | O_CLOEXEC)}};
  EXPECT_EQ(in.take(std::move(open)).error().code, Errc::bad_syntax);
  EXPECT_EQ(in.config().error().code, Errc::bad_config) << "none came";
}

TEST_F(BundleTest, SocketsAreHandedOnOnce) {
  Incoming in;
  Parcel socket{.message = {.kind = Word::socket, .text = "imaps"},
                .descriptor = Descriptor{::open("/dev/null", O_RDONLY | O_CLOEXEC)}};
  const int number = socket.descriptor.get();
  ASSERT_FALSE(in.take(std::move(socket)).value());
  const auto sockets = in.take_sockets();
  ASSERT_EQ(sockets.size(), 1U);
  EXPECT_EQ(sockets.front().kind, Kind::imaps);
  EXPECT_EQ(sockets.front().descriptor, number);
  EXPECT_TRUE(in.take_sockets().empty());
  ::close(number);
}

}  // namespace
}  // namespace postern::server
