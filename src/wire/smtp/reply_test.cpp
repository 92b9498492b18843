#include "smtp/reply.hpp"

#include <gtest/gtest.h>

#include "smtp/reply_reader.hpp"

namespace postern::smtp {
namespace {

using namespace std::string_view_literals;

TEST(SmtpReply, PrintsLines) {
  EXPECT_EQ(to_wire({250, EnhancedStatus{2, 1, 5}, "fine"}), "250 2.1.5 fine\r\n");
  EXPECT_EQ(to_wire({250, {}, "host\nSIZE 5\nDSN"}), "250-host\r\n250-SIZE 5\r\n250 DSN\r\n");
  EXPECT_EQ(to_wire({554, EnhancedStatus{5, 0, 0}, ""}), "554 5.0.0 \r\n");
  EXPECT_EQ(to_line({550, EnhancedStatus{5, 7, 26}, "a\nb"}), "550 5.7.26 a b");
}

TEST(SmtpReply, CannotBeInjected) {
  EXPECT_EQ(to_wire({550, {}, std::string{"a\r\n250 ok\rb\0c\x7f\xc3\xa4"sv}}),
            "550-a\r\n550 250 ok?b?c???\r\n");
}

TEST(SmtpReply, BreaksLongLines) {
  std::string words;
  for (int i = 0; i < 300; ++i) words += "word ";
  words += std::string(1200, 'x');
  const Reply reply{550, EnhancedStatus{5, 1, 1}, words};
  const auto wire = to_wire(reply);
  std::string_view input = wire;
  ReplyReader reader;
  const auto got = reader.take(input);
  ASSERT_TRUE(got && *got);
  EXPECT_TRUE(input.empty());
  std::size_t start = 0;
  for (auto end = wire.find("\r\n"); end != wire.npos; end = wire.find("\r\n", start)) {
    EXPECT_LE(end + 2 - start, 512U);
    start = end + 2;
  }
  EXPECT_TRUE((*got)->text.ends_with("xx"));
}

TEST(SmtpReply, ReadsEnhancedStatuses) {
  EXPECT_EQ(parse_enhanced_status("5.7.26"), (EnhancedStatus{5, 7, 26}));
  EXPECT_EQ(to_string(*parse_enhanced_status("4.999.999")), "4.999.999");
  for (const auto bad : {""sv, "5"sv, "5.7"sv, "5.7."sv, "3.1.1"sv, "5.7.1234"sv, "5.1234.1"sv,
                         "5..1"sv, "5.7.1."sv, "5,7,1"sv, "5.7.-1"sv, "10.7.1"sv})
    EXPECT_FALSE(parse_enhanced_status(bad)) << bad;
}

}  // namespace
}  // namespace postern::smtp
