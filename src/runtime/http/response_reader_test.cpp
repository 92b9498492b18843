#include "http/response_reader.hpp"

#include <gtest/gtest.h>

#include "http/pieces_fixture.hpp"

namespace postern::http {
namespace {

Response read_each_way(std::string_view octets, ResponseLimits limits = {}) {
  const auto at_once = read_in_pieces(octets, octets.size(), limits);
  for (const std::size_t piece : {1U, 2U, 7U}) {
    const auto pieces = read_in_pieces(octets, piece, limits);
    EXPECT_EQ(pieces.has_value(), at_once.has_value()) << piece << ' ' << octets;
    if (pieces && at_once) EXPECT_EQ(*pieces, *at_once) << piece;
  }
  EXPECT_TRUE(at_once) << octets << ": " << at_once.error().detail;
  return at_once.value_or(Response{});
}

Errc error_of(std::string_view octets, ResponseLimits limits = {}) {
  const auto at_once = read_in_pieces(octets, octets.size() + 1, limits);
  const auto bytewise = read_in_pieces(octets, 1, limits);
  EXPECT_FALSE(at_once || bytewise) << octets;
  if (at_once || bytewise) return Errc::woken;
  EXPECT_EQ(at_once.error().code, bytewise.error().code) << octets;
  return at_once.error().code;
}

TEST(ResponseReader, ReadsABodyOfALength) {
  const auto got = read_each_way(
      "HTTP/1.1 200 OK\r\nContent-Type: text/plain;charset=utf-8 \r\nContent-Length: 5\r\n"
      "X: a\r\nx:  b\t\r\n\r\nhello and what follows");
  EXPECT_EQ(got.status, 200U);
  EXPECT_TRUE(got.good());
  EXPECT_EQ(got.body, "hello");
  EXPECT_EQ(got.header("content-type"), "text/plain;charset=utf-8");
  EXPECT_EQ(got.header("X"), "a");
  EXPECT_EQ(got.headers.back(), (Field{"x", "b"}));
  EXPECT_EQ(got.header("Y"), std::nullopt);
}

TEST(ResponseReader, ReadsABodyInChunks) {
  const auto got = read_each_way(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;name=\"v\"\r\nhello\r\n"
      "00A\r\n, chunks!\n\r\n0\r\nTrailer: t\r\n\r\n");
  EXPECT_EQ(got.body, "hello, chunks!\n");
}

TEST(ResponseReader, ReadsUpToTheEndOfTheConnection) {
  EXPECT_EQ(read_each_way("HTTP/1.0 200 OK\r\nServer: old\r\n\r\nall of it").body, "all of it");
  EXPECT_EQ(read_each_way("HTTP/1.1 200 OK\r\n\r\n").body, "");
}

TEST(ResponseReader, KnowsWhatHasNoBody) {
  EXPECT_EQ(read_each_way("HTTP/1.1 204 No Content\r\nContent-Length: 7\r\n\r\nno body").body, "");
  EXPECT_EQ(read_each_way("HTTP/1.1 304 Not Modified\r\n\r\n").status, 304U);
  const auto got =
      read_each_way("HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n", {.want_body = false});
  EXPECT_EQ(got.header("Content-Length"), "9999999");
}

TEST(ResponseReader, StepsOverInterimResponses) {
  const std::string interim = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n";
  const auto got =
      read_each_way(interim + interim + "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok");
  EXPECT_EQ(got.status, 201U);
  EXPECT_EQ(got.body, "ok");
  EXPECT_EQ(got.header("Link"), std::nullopt);
  std::string many;
  for (int i = 0; i < 9; ++i) many += interim;
  EXPECT_EQ(error_of(many), Errc::bad_syntax);
  EXPECT_EQ(error_of("HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n"), Errc::bad_syntax);
}

TEST(ResponseReader, RefusesWhatIsNoResponse) {
  for (const std::string_view octets :
       {"220 mx.example ESMTP\r\n\r\n", "HTTP/2 200\r\n\r\n", "HTTP/1.1 2OO OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nNo colon\r\n\r\n", "HTTP/1.1 200 OK\r\n: no name\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: a\001\r\n\r\n", "HTTP/1.1 200 OK\nX: y\n\n\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\na"})
    EXPECT_EQ(error_of(octets), Errc::bad_syntax) << octets;
}

TEST(ResponseReader, SaysWhenItIsCutShort) {
  for (const std::string_view octets :
       {"", "HTT", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nX: y\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n"})
    EXPECT_EQ(error_of(octets), Errc::peer_closed) << octets;
}

TEST(ResponseReader, TakesNoMoreThanItsLimits) {
  const ResponseLimits limits{.header_octets = 100, .body_octets = 10};
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  const auto of_length = [&](std::string_view octets) {
    return ok + "Content-Length: " + std::string{octets} + "\r\n\r\n0123456789a";
  };
  EXPECT_EQ(read_each_way(of_length("10"), limits).body, "0123456789");
  EXPECT_EQ(error_of(of_length("11"), limits), Errc::too_large);
  EXPECT_EQ(error_of(of_length("10000000000"), limits), Errc::too_large);
}

TEST(ResponseReader, BoundsEveryPart) {
  const ResponseLimits limits{.header_octets = 100, .body_octets = 10};
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  const std::string chunked = ok + "Transfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(error_of(ok + "X: " + std::string(200, 'h'), limits), Errc::too_large);
  EXPECT_EQ(error_of(ok + "X: " + std::string(200, 'h') + "\r\n\r\n", limits), Errc::too_large);
  EXPECT_EQ(error_of(ok + "\r\n" + std::string(11, 'b'), limits), Errc::too_large);
  EXPECT_EQ(error_of(chunked + "6\r\naaaaaa\r\n6\r\nbbbbbb\r\n0\r\n\r\n", limits), Errc::too_large);
  EXPECT_EQ(error_of(chunked + "1;" + std::string(200, 'x'), limits), Errc::too_large);
  std::string crumbs = chunked;
  for (int i = 0; i < 9; ++i) crumbs += "1;extension=of-no-use\r\na\r\n";
  EXPECT_EQ(error_of(crumbs, limits), Errc::too_large);
}

}  // namespace
}  // namespace postern::http
