#include "net/memory_stream.hpp"

#include <gtest/gtest.h>

#include "async/manual_core.hpp"

namespace postern::net {
namespace {

using namespace std::chrono_literals;

Task<> read_all(Stream& stream, std::string& out, std::optional<Errc>& end) {
  for (;;) {
    const auto got = co_await stream.read(10s);
    if (!got) {
      end = got.error().code;
      co_return;
    }
    out += *got;
  }
}

Task<> write_and_tell(Stream& stream, std::string bytes, std::optional<Result<void>>& out) {
  out = co_await stream.write(bytes, 10s);
}

Task<> shake(Stream& stream, bool server, TlsClientOptions options,
             std::optional<Result<void>>& out) {
  if (server) {
    out = co_await stream.accept_tls(nullptr, 10s);
  } else {
    out = co_await stream.connect_tls(nullptr, std::move(options), 10s);
  }
}

class MemoryStreamTest : public ::testing::Test {
 protected:
  void connect(const MemoryOptions& options = {}) {
    auto pair = make_memory_pair(machine_.core(), options);
    client_ = std::move(pair.client);
    server_ = std::move(pair.server);
  }
  void start_reading() { machine_.group().spawn(read_all(*server_, got_, end_)); }
  void shake_both(const TlsClientOptions& options) {
    machine_.group().spawn(shake(*client_, false, options, client_shook_));
    machine_.group().spawn(shake(*server_, true, {}, server_shook_));
    machine_.poll();
  }
  ManualCore machine_;
  std::unique_ptr<Stream> client_;
  std::unique_ptr<Stream> server_;
  std::string got_;
  std::optional<Errc> end_;
  std::optional<Result<void>> client_shook_;
  std::optional<Result<void>> server_shook_;
};

TEST_F(MemoryStreamTest, CarriesBytesAndTheEnd) {
  connect();
  start_reading();
  EXPECT_TRUE(machine_.run(client_->write("hello", 1s)));
  machine_.poll();
  EXPECT_EQ(got_, "hello");
  EXPECT_FALSE(end_);
  client_->close();
  machine_.poll();
  EXPECT_EQ(end_, Errc::peer_closed);
  EXPECT_EQ(machine_.run(client_->read(1s)).error().code, Errc::peer_closed);
}

TEST_F(MemoryStreamTest, ReadsTimeOutInTheCoresTime) {
  connect();
  start_reading();
  machine_.advance(9s);
  EXPECT_FALSE(end_);
  machine_.advance(1s);
  EXPECT_EQ(end_, Errc::peer_timeout);
}

TEST_F(MemoryStreamTest, WritesWaitForAReaderAndTimeOutWithoutProgress) {
  connect({.capacity = 10});
  std::optional<Result<void>> wrote;
  machine_.group().spawn(write_and_tell(*client_, std::string(25, 'x'), wrote));
  machine_.advance(8s);
  EXPECT_EQ(machine_.run(server_->read(1s)).value().size(), 10U);
  machine_.advance(8s);  // progress began the limit anew
  EXPECT_FALSE(wrote);
  machine_.advance(3s);
  ASSERT_TRUE(wrote);
  EXPECT_EQ(wrote->error().code, Errc::peer_timeout);
}

TEST_F(MemoryStreamTest, WakesOnceAndStopsForGood) {
  connect();
  start_reading();
  machine_.poll();
  server_->wake();
  machine_.poll();
  EXPECT_EQ(end_, Errc::woken);
  server_->wake();
  EXPECT_EQ(machine_.run(server_->read(1s)).error().code, Errc::woken);
  EXPECT_TRUE(machine_.run(client_->write("still here", 1s)));
  EXPECT_EQ(machine_.run(server_->read(1s)).value(), "still here");
  server_->stop(Errc::shutting_down);
  EXPECT_EQ(machine_.run(server_->read(1s)).error().code, Errc::shutting_down);
  EXPECT_EQ(machine_.run(server_->write("x", 1s)).error().code, Errc::shutting_down);
}

TEST_F(MemoryStreamTest, AgreesOnTls) {
  connect();
  shake_both({.server_name = "mail.example"});
  ASSERT_TRUE(client_shook_ && *client_shook_ && server_shook_ && *server_shook_);
  EXPECT_EQ(server_->tls()->server_name, "mail.example");
  EXPECT_TRUE(client_->tls()->peer_verified);
  EXPECT_FALSE(server_->tls()->peer_verified);
  EXPECT_EQ(client_->tls_exporter("a", 32), server_->tls_exporter("a", 32));
  EXPECT_NE(client_->tls_exporter("a", 32), server_->tls_exporter("b", 32));
  EXPECT_TRUE(machine_.run(client_->write("secret", 1s)));
  EXPECT_EQ(machine_.run(server_->read(1s)).value(), "secret");
}

TEST_F(MemoryStreamTest, InjectedClearTextFailsTheHandshake) {
  connect();
  EXPECT_TRUE(machine_.run(client_->write("RSET\r\n", 1s)));
  shake_both({});
  ASSERT_TRUE(client_shook_ && server_shook_);
  EXPECT_EQ(server_shook_->error().code, Errc::tls_failed);
  EXPECT_EQ(client_shook_->error().code, Errc::tls_failed);
  EXPECT_EQ(machine_.run(client_->write("x", 1s)).error().code, Errc::tls_failed);
}

TEST_F(MemoryStreamTest, AClientMayDemandVerification) {
  connect({.tls_verifies = false});
  shake_both({.server_name = "mail.example", .require_verified = true});
  EXPECT_EQ(client_shook_->error().code, Errc::tls_failed);
  connect({.tls_verifies = false});
  shake_both({.server_name = "mail.example"});
  ASSERT_TRUE(*client_shook_);
  EXPECT_FALSE(client_->tls()->peer_verified);
  EXPECT_NE(client_->tls()->verify_error, "");
}

TEST_F(MemoryStreamTest, TheLineCanBeCut) {
  connect({.cut_after = 7});
  start_reading();
  EXPECT_TRUE(machine_.run(client_->write("12345", 1s)));
  EXPECT_EQ(machine_.run(client_->write("67890", 1s)).error().code, Errc::peer_closed);
  machine_.poll();
  EXPECT_EQ(got_, "1234567");
  EXPECT_EQ(end_, Errc::peer_closed);
}

TEST_F(MemoryStreamTest, BytesCanComeLateAndInPieces) {
  connect({.max_chunk = 3, .delay = 2s});
  EXPECT_TRUE(machine_.run(client_->write("0123456789", 1s)));
  client_->close();
  start_reading();
  machine_.advance(1s);
  EXPECT_EQ(got_, "");
  machine_.advance(1s);
  EXPECT_EQ(got_, "0123456789");
  EXPECT_EQ(end_, Errc::peer_closed);
  connect({.max_chunk = 3});
  EXPECT_TRUE(machine_.run(client_->write("0123456789", 1s)));
  EXPECT_LE(machine_.run(server_->read(1s)).value().size(), 3U);
}

}  // namespace
}  // namespace postern::net
