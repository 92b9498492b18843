// A private key that lives elsewhere (SSL_MODE_ASYNC): the handshake waits for its keeper. OpenSSL
// runs it as a job then, and any callback within may pause the job until a descriptor has an
// answer.
#include <array>

#include <gtest/gtest.h>
#include <openssl/async.h>
#include <openssl/ssl.h>
#include <unistd.h>

#include "net/loopback_fixture.hpp"
#include "net/openssl_ptr.hpp"

namespace postern::net {
namespace {

using namespace std::chrono_literals;

/// Asked for the certificate, it lets the handshake pause until there is an octet in a pipe.
class Keeper {
 public:
  explicit Keeper(const TlsContext& context) {
    if (::pipe(pipe_.data()) != 0) std::abort();
    const SslPtr any{context.new_ssl()};
    SSL_CTX* const shared = SSL_get_SSL_CTX(any.get());
    SSL_CTX_set_mode(shared, SSL_MODE_ASYNC);
    SSL_CTX_set_cert_cb(shared, &ask, this);
  }
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;
  ~Keeper() {
    ::close(pipe_[0]);
    ::close(pipe_[1]);
  }
  void answer() const { EXPECT_EQ(::write(pipe_[1], "!", 1), 1); }
  [[nodiscard]] int asked() const { return asked_; }

 private:
  static int ask(SSL* /*ssl*/, void* self) {
    auto& keeper = *static_cast<Keeper*>(self);
    ++keeper.asked_;
    ASYNC_JOB* const job = ASYNC_get_current_job();
    if (job == nullptr) return 0;
    ASYNC_WAIT_CTX* const wait = ASYNC_get_wait_ctx(job);
    ASYNC_WAIT_CTX_set_wait_fd(wait, &keeper, keeper.pipe_[0], nullptr, nullptr);
    ASYNC_pause_job();
    ASYNC_WAIT_CTX_clear_fd(wait, &keeper);
    return 1;
  }

  std::array<int, 2> pipe_{-1, -1};
  int asked_ = 0;
};

class TlsAsyncTest : public ::testing::Test, protected Loopback {
 protected:
  TestCertificates certificates_{{"mail.test"}};
  std::shared_ptr<const TlsContext> context_ =
      TlsContext::server({.certificates = {certificates_.certificate()}}).value();
  Keeper keeper_{*context_};
};

TEST_F(TlsAsyncTest, WaitsForTheKeeper) {
  const auto theirs = start(server->accept_tls(context_, 10s));
  const auto ours = start(client->connect_tls(certificates_.trusting_client(), {}, 10s));
  ASSERT_TRUE(until([&] { return keeper_.asked() == 1; }));
  for (int i = 0; i < 100; ++i) machine.poll();
  EXPECT_FALSE(theirs->has_value());
  keeper_.answer();
  ASSERT_TRUE(until([&] { return theirs->has_value() && ours->has_value(); }));
  EXPECT_TRUE(**theirs);
  EXPECT_TRUE(**ours);
  EXPECT_EQ(keeper_.asked(), 1);
}

}  // namespace
}  // namespace postern::net
