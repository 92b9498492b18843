#include "feedback/archive.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

namespace postern::feedback {
namespace {

using namespace std::string_literals;

std::string le(std::uint32_t value, int octets) {
  std::string out;
  for (int i = 0; i < octets; ++i) out += static_cast<char>((value >> (8 * i)) & 0xffU);
  return out;
}

struct ZipMember {
  std::string name;
  std::string content;
  bool deflate = true;
  bool streamed = false;
  bool encrypted = false;
  std::uint32_t method_override = 0;
  bool wrong_checksum = false;
  std::string packed_size = {};  ///< Instead of the true one.
};

/// A local header with its data.
std::string zip(const ZipMember& member) {
  // The raw deflate stream within a gzip member of ours: between its header and checksum.
  const auto wrapped = gzip(member.content);
  const auto data = member.deflate ? wrapped.substr(10, wrapped.size() - 18) : member.content;
  const auto sum =
      static_cast<std::uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(member.content.data()),
                                       static_cast<uInt>(member.content.size())));
  const std::uint32_t flags = (member.streamed ? 8U : 0U) | (member.encrypted ? 1U : 0U);
  const std::uint32_t method =
      member.method_override != 0 ? member.method_override : (member.deflate ? 8U : 0U);
  const auto size = [&](std::size_t n) {
    return le(member.streamed ? 0 : static_cast<std::uint32_t>(n), 4);
  };
  return "PK\x03\x04" + le(20, 2) + le(flags, 2) + le(method, 2) + le(0, 4) +
         le(member.streamed ? 0 : sum + (member.wrong_checksum ? 1 : 0), 4) +
         (member.packed_size.empty() ? size(data.size()) : member.packed_size) +
         size(member.content.size()) + le(static_cast<std::uint32_t>(member.name.size()), 2) +
         le(0, 2) + member.name + data;
}

std::string unpacked(std::string_view bytes) {
  const auto out = unpack(bytes);
  return out ? *out : "error: " + out.error().detail;
}

TEST(FeedbackArchive, GzipRoundTrips) {
  for (const auto& text : {""s, "a"s, "<feedback/>"s, std::string(300'000, 'x')}) {
    EXPECT_EQ(unpacked(gzip(text)), text);
    EXPECT_EQ(gzip(text), gzip(text));
  }
  EXPECT_LT(gzip(std::string(300'000, 'x')).size(), 1000U);
}

TEST(FeedbackArchive, PlainIsGivenBack) {
  EXPECT_EQ(unpacked("<feedback/>"), "<feedback/>");
  EXPECT_EQ(unpacked(""), "");
  EXPECT_EQ(unpacked("PK"), "PK");
}

TEST(FeedbackArchive, GzipMayGoOnAndBeFollowedByAnything) {
  EXPECT_EQ(unpacked(gzip("a") + gzip("b")), "ab");
  EXPECT_EQ(unpacked(gzip("a") + "\r\n"), "a");
}

TEST(FeedbackArchive, WrappingsMayBeDouble) {
  EXPECT_EQ(unpacked(gzip(gzip("a"))), "a");
  EXPECT_EQ(unpacked(zip({"a.xml.gz", gzip("a")})), "a");
  EXPECT_EQ(unpacked(gzip(zip({"a.xml", "a"}))), "a");
  EXPECT_EQ(unpacked(gzip(gzip(gzip("a")))), "error: wrapped too often");
}

TEST(FeedbackArchive, CutOffAndDamagedIsAnError) {
  const auto whole = gzip("some text that is long enough to be cut at many places");
  for (std::size_t size = 2; size < whole.size(); ++size) {
    const auto out = unpack(std::string_view{whole}.substr(0, size));
    ASSERT_FALSE(out) << size;
    EXPECT_EQ(out.error().code, Errc::bad_syntax);
  }
  auto damaged = whole;
  damaged.at(damaged.size() - 8) ^= 1;  // its checksum
  EXPECT_EQ(unpacked(damaged), "error: gzip: damaged");
}

TEST(FeedbackArchive, ZipMembers) {
  EXPECT_EQ(unpacked(zip({"a.xml", "deflated"})), "deflated");
  EXPECT_EQ(unpacked(zip({"a.xml", "stored", false})), "stored");
  EXPECT_EQ(unpacked(zip({"", "streamed", true, true})), "streamed");
  EXPECT_EQ(unpacked(zip({"a.xml", "x"}) + zip({"b.xml", "y"})), "x");
  EXPECT_EQ(unpacked(zip({"folder/", "", false}) + zip({"folder/b.XML", "y"})), "y");
  EXPECT_EQ(unpacked(zip({"readme.txt", "x"}) + zip({"b.json", "y"})), "y");
  EXPECT_EQ(unpacked(zip({"readme.txt", "x"}) + "PK\x01\x02"), "x");
  EXPECT_EQ(unpacked(zip({"../../etc/passwd", "x"})), "x");
  EXPECT_EQ(unpacked(zip({"\0/\n"s, "x"})), "x");
}

TEST(FeedbackArchive, ZipErrors) {
  EXPECT_EQ(unpacked(zip({"a.xml", "x", true, false, true})), "error: zip: encrypted");
  EXPECT_EQ(unpacked(zip({.name = "a.xml", .content = "x", .method_override = 12})),
            "error: zip: a method that is not known");
  EXPECT_EQ(unpacked(zip({"a.xml", "x", false, true})), "error: zip: a method that is not known");
  EXPECT_EQ(unpacked(zip({.name = "a.xml", .content = "x", .wrong_checksum = true})),
            "error: zip: wrong checksum");
  EXPECT_EQ(
      unpacked(zip({.name = "a.xml", .content = "x", .deflate = false, .packed_size = le(9, 4)})),
      "error: zip: cut off");
  EXPECT_EQ(unpacked(zip({.name = "a.xml", .content = "x", .packed_size = le(0xffffffff, 4)})),
            "error: zip: ZIP64");
  EXPECT_EQ(unpacked("PK\x03\x04"), "error: zip: no file within");
  EXPECT_EQ(unpacked(zip({"folder/", "", false})), "error: zip: no file within");
  const auto whole = zip({"a.xml", "some text"});
  for (std::size_t size = 4; size < whole.size(); ++size)
    EXPECT_FALSE(unpack(std::string_view{whole}.substr(0, size))) << size;
}

TEST(FeedbackArchive, ManyMembersAreNotSearchedForEver) {
  std::string many;
  for (int i = 0; i < 1000; ++i) many += zip({"a.txt", std::to_string(i)});
  EXPECT_EQ(unpacked(many + zip({"a.xml", "report"})), "0");
}

TEST(FeedbackArchive, BombsAreDefused) {
  const std::string large(kMaxUnpacked + 1, '\0');
  const auto code = [](std::string_view bytes) { return unpack(bytes).error().code; };
  EXPECT_EQ(code(gzip(large)), Errc::too_large);
  EXPECT_EQ(code(zip({"a.xml", large})), Errc::too_large);
  EXPECT_EQ(code(zip({"a.xml", large, true, true})), Errc::too_large);
  EXPECT_EQ(code(gzip(gzip(large))), Errc::too_large);
  EXPECT_EQ(code(std::string(kMaxPacked + 1, 'x')), Errc::too_large);
  EXPECT_EQ(unpacked(gzip(std::string(kMaxUnpacked, 'x'))).size(), kMaxUnpacked);
  // Members that hold nothing cost nothing.
  std::string empty;
  const auto one = gzip("");
  while (empty.size() + one.size() <= kMaxPacked) empty += one;
  EXPECT_EQ(unpacked(empty), "");
}

}  // namespace
}  // namespace postern::feedback
