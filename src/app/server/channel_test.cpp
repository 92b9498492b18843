#include "server/channel.hpp"

#include <array>
#include <cstring>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "server/sealed.hpp"

namespace postern::server {
namespace {

using Word = Message::Kind;

class ChannelTest : public ::testing::Test {
 protected:
  /// Past our own `send`: a peer that says what it likes, with as many descriptors as it likes.
  void send_raw(std::string text, int descriptors) {
    iovec part{.iov_base = text.data(), .iov_len = text.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(8 * sizeof(int))> room{};
    msghdr head{};
    head.msg_iov = &part;
    head.msg_iovlen = 1;
    if (descriptors > 0) {
      const auto size = static_cast<std::size_t>(descriptors) * sizeof(int);
      head.msg_control = room.data();
      head.msg_controllen = CMSG_SPACE(size);
      cmsghdr* const at = CMSG_FIRSTHDR(&head);
      at->cmsg_level = SOL_SOCKET;
      at->cmsg_type = SCM_RIGHTS;
      at->cmsg_len = CMSG_LEN(size);
      std::array<int, 8> numbers{};
      numbers.fill(some_file_.get());
      std::memcpy(CMSG_DATA(at), numbers.data(), size);
    }
    ASSERT_GE(::sendmsg(ends_.second.descriptor(), &head, MSG_NOSIGNAL), 0);
  }
  static int next_free() {
    const Descriptor probe{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
    return probe.get();
  }

  std::pair<Channel, Channel> ends_ = Channel::make().value();
  Descriptor some_file_{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
};

TEST_F(ChannelTest, CarriesWordsAndDescriptors) {
  const auto& [a, b] = ends_;
  EXPECT_FALSE(*a.receive());
  ASSERT_TRUE(*b.send({.message = {.kind = Word::stop}}));
  ASSERT_TRUE(*b.send({.message = {.kind = Word::file, .text = "/etc/key.pem"},
                       .descriptor = seal("secret").value()}));
  EXPECT_EQ(a.wait()->message.kind, Word::stop);
  const auto got = a.wait();
  ASSERT_TRUE(got);
  EXPECT_EQ(got->message.text, "/etc/key.pem");
  EXPECT_EQ(contents(got->descriptor).value(), "secret");
  EXPECT_NE(::fcntl(got->descriptor.get(), F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_FALSE(*a.receive());
}

TEST_F(ChannelTest, TheOthersEndIsTold) {
  ends_.second = std::move(Channel::make()->first);
  EXPECT_EQ(ends_.first.receive().error().code, Errc::peer_closed);
  EXPECT_EQ(ends_.first.send({.message = {.kind = Word::stop}}).error().code, Errc::peer_closed);
}

TEST_F(ChannelTest, DropsWhatMakesNoSenseAndKeepsNoDescriptor) {
  const int free_before = next_free();
  for (const auto& [text, descriptors] :
       std::initializer_list<std::pair<std::string, int>>{{"?", 0},
                                                          {"?", 1},
                                                          {"fname", 0},
                                                          {"fname", 2},
                                                          {"fname", 8},
                                                          {"e", 1},
                                                          {"r", 3},
                                                          {std::string(kMaxMessage + 1, 'x'), 0},
                                                          {std::string(kMaxMessage + 1, 'f'), 1}}) {
    SCOPED_TRACE(text.substr(0, 8) + std::to_string(descriptors));
    send_raw(text, descriptors);
    const auto got = ends_.first.receive();
    ASSERT_FALSE(got);
    EXPECT_THAT(got.error().code, ::testing::AnyOf(Errc::bad_syntax, Errc::too_large));
  }
  EXPECT_EQ(next_free(), free_before);
  send_raw("r", 0);
  EXPECT_EQ(ends_.first.wait()->message.kind, Word::ready);
}

TEST_F(ChannelTest, AFullChannelDoesNotBlock) {
  int sent = 0;
  while (*ends_.first.send({.message = {.kind = Word::refused, .text = std::string(9000, 'x')}}))
    ++sent;
  EXPECT_GT(sent, 0);
  EXPECT_EQ(ends_.second.wait()->message.text.size(), 9000U);
  EXPECT_TRUE(*ends_.first.send({.message = {.kind = Word::stop}}));
}

TEST_F(ChannelTest, AdoptsNothingButSuchASocket) {
  EXPECT_EQ(Channel::adopt(some_file_.get()).error().code, Errc::bad_config);
  EXPECT_EQ(Channel::adopt(-1).error().code, Errc::bad_config);
  const Descriptor stream{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  EXPECT_EQ(Channel::adopt(stream.get()).error().code, Errc::bad_config);
  const int copy = ::fcntl(ends_.second.descriptor(), F_DUPFD, 0);
  const auto adopted = Channel::adopt(copy);
  ASSERT_TRUE(adopted);
  EXPECT_NE(::fcntl(copy, F_GETFD) & FD_CLOEXEC, 0);
}

}  // namespace
}  // namespace postern::server
