#include "server/sealed.hpp"

#include <fstream>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

namespace postern::server {
namespace {

TEST(Sealed, KeepsWhatItIsGivenAndNothingElse) {
  for (const auto& text : {std::string{}, std::string{"text"}, std::string(kMaxFile, 'x')}) {
    const auto memory = seal(text).value();
    EXPECT_EQ(contents(memory).value(), text);
    EXPECT_EQ(contents(memory).value(), text) << "again, from its beginning";
    EXPECT_LT(::write(memory.get(), "y", 1), 0);
    EXPECT_NE(::ftruncate(memory.get(), 1 << 21), 0);
    EXPECT_EQ(::mmap(nullptr, 1, PROT_READ | PROT_WRITE, MAP_SHARED, memory.get(), 0), MAP_FAILED);
  }
}

TEST(Sealed, TakesNothingThatCouldChange) {
  Descriptor open{::memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
  ASSERT_EQ(::write(open.get(), "text", 4), 4);
  EXPECT_EQ(contents(open).error().code, Errc::bad_syntax);
  ASSERT_EQ(::fcntl(open.get(), F_ADD_SEALS, F_SEAL_WRITE), 0);
  EXPECT_EQ(contents(open).error().code, Errc::bad_syntax) << "it can still be cut";
  const Descriptor file{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
  EXPECT_EQ(contents(file).error().code, Errc::bad_syntax);
  EXPECT_EQ(contents(Descriptor{}).error().code, Errc::bad_syntax);
}

TEST(Sealed, IsBounded) {
  EXPECT_EQ(contents(seal(std::string(kMaxFile + 1, 'x')).value()).error().code, Errc::too_large);
  EXPECT_EQ(read_file("/dev/zero").error().code, Errc::too_large);
  EXPECT_EQ(read_file("/no/such/file").error().code, Errc::io_failed);
  EXPECT_EQ(read_file("/no/such/file").error().detail, "No such file or directory");
}

}  // namespace
}  // namespace postern::server
