#include "log/sink.hpp"

#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace postern::log {
namespace {

namespace fs = std::filesystem;

std::string contents(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class SinkTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "postern-log-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    dir_ = pattern;
  }
  void TearDown() override { fs::remove_all(dir_); }
  fs::path dir_;
};

TEST_F(SinkTest, AppendsToAFileAndFollowsARotation) {
  const fs::path path = dir_ / "postern.log";
  std::ofstream(path) << "before\n";
  auto sink = FileSink::open(path);
  ASSERT_TRUE(sink.has_value());
  (*sink)->write(Level::info, "one\n");
  EXPECT_EQ(contents(path), "before\none\n");

  fs::rename(path, dir_ / "postern.log.1");
  (*sink)->write(Level::info, "two\n");
  ASSERT_TRUE((*sink)->reopen().has_value());
  (*sink)->write(Level::info, "three\n");
  EXPECT_EQ(contents(dir_ / "postern.log.1"), "before\none\ntwo\n");
  EXPECT_EQ(contents(path), "three\n");
}

TEST_F(SinkTest, KeepsTheOldFileWhenReopeningFails) {
  const fs::path sub = dir_ / "sub";
  fs::create_directory(sub);
  auto sink = FileSink::open(sub / "log");
  ASSERT_TRUE(sink.has_value());
  fs::rename(sub, dir_ / "moved");
  EXPECT_EQ((*sink)->reopen().error().code, Errc::io_failed);
  (*sink)->write(Level::info, "still\n");
  EXPECT_EQ(contents(dir_ / "moved" / "log"), "still\n");
}

TEST_F(SinkTest, SaysWhichFileCannotBeOpened) {
  const auto sink = FileSink::open(dir_ / "none" / "log");
  ASSERT_FALSE(sink.has_value());
  EXPECT_EQ(sink.error().code, Errc::io_failed);
  EXPECT_THAT(sink.error().detail, testing::HasSubstr("none/log: No such file"));
}

TEST_F(SinkTest, PrefixesPrioritiesForTheJournal) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  {
    DescriptorSink sink(ends[1], DescriptorSink::Prefix::journal);
    sink.write(Level::error, "bad\n");
    sink.write(Level::debug, "detail\n");
    EXPECT_EQ(sink.dropped(), 0U);
  }
  ::close(ends[1]);
  std::array<char, 64> buffer{};
  const auto n = ::read(ends[0], buffer.data(), buffer.size());
  ASSERT_GT(n, 0);
  EXPECT_EQ(std::string(buffer.data(), static_cast<std::size_t>(n)), "<3>bad\n<7>detail\n");
  ::close(ends[0]);
}

TEST_F(SinkTest, CountsLinesItCannotWrite) {
  const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  ASSERT_GE(full, 0);
  DescriptorSink sink(full);
  sink.write(Level::info, "lost\n");
  EXPECT_EQ(sink.dropped(), 1U);
  ::close(full);
}

}  // namespace
}  // namespace postern::log
