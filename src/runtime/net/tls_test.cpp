// TLS between two of our streams over loopback: contexts and sessions together.
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/loopback_fixture.hpp"
#include "net/openssl_ptr.hpp"

namespace postern::net {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using Context = std::shared_ptr<const TlsContext>;

Task<Result<std::string>> read_some(Stream& stream, std::size_t octets) {
  std::string all;
  while (all.size() < octets) {
    const auto got = co_await stream.read(10s);
    if (!got) co_return std::unexpected{got.error()};
    all += *got;
  }
  co_return all;
}

Task<Result<void>> write_text(Stream& stream, std::string text) {
  co_return co_await stream.write(text, 10s);
}

struct Shook {
  Result<void> client;
  Result<void> server;
};

class TlsTest : public ::testing::Test, protected Loopback {
 protected:
  Shook shake(const Context& server_context, const Context& client_context,
              const TlsClientOptions& options) {
    const auto theirs = start(server->accept_tls(server_context, 10s));
    const auto ours = start(client->connect_tls(client_context, options, 10s));
    EXPECT_TRUE(until([&] { return theirs->has_value() && ours->has_value(); }));
    return {**ours, **theirs};
  }
  Context server_of(std::vector<CertificateFiles> files, TlsProfile profile = TlsProfile::modern,
                    bool tickets = true) {
    return TlsContext::server(
               {.profile = profile, .certificates = std::move(files), .tickets = tickets})
        .value();
  }
  /// Text both ways; it also carries the session tickets.
  void exchange() {
    EXPECT_TRUE(run(write_text(*client, "question")));
    EXPECT_EQ(run(read_some(*server, 8)).value(), "question");
    EXPECT_TRUE(run(write_text(*server, "answer")));
    EXPECT_EQ(run(read_some(*client, 6)).value(), "answer");
  }
  TestCertificates certificates_{{"mail.test"}};
};

TEST_F(TlsTest, ShakesHandsInBothProfiles) {
  for (const auto profile : {TlsProfile::modern, TlsProfile::relay}) {
    reconnect();
    const auto shook = shake(server_of({certificates_.certificate()}, profile),
                             certificates_.trusting_client(profile), {.server_name = "mail.test"});
    ASSERT_TRUE(shook.client && shook.server);
    for (const auto* end : {client.get(), server.get()}) {
      EXPECT_EQ(end->tls()->version, "TLSv1.3");
      EXPECT_EQ(end->tls()->cipher, "TLS_AES_128_GCM_SHA256");
      EXPECT_THAT(end->tls()->group, HasSubstr("x25519"));
      EXPECT_EQ(end->tls()->server_name, "mail.test");
    }
    EXPECT_TRUE(client->tls()->peer_verified);
    const auto binding = client->tls_exporter("EXPORTER-Channel-Binding", 32);
    ASSERT_TRUE(binding);
    EXPECT_EQ(binding, server->tls_exporter("EXPORTER-Channel-Binding", 32));
    exchange();
    client->close();
    EXPECT_EQ(run(read_some(*server, 1)).error().detail, "close_notify");
  }
}

TEST_F(TlsTest, ChecksTheServersName) {
  const auto context = server_of({certificates_.certificate()});
  ASSERT_TRUE(
      shake(context, certificates_.trusting_client(), {.server_name = "other.test"}).client);
  EXPECT_FALSE(client->tls()->peer_verified);
  EXPECT_NE(client->tls()->verify_error, "");
  reconnect();
  ASSERT_TRUE(shake(context, certificates_.trusting_client(), {.server_name = "127.0.0.1"}).client);
  EXPECT_TRUE(client->tls()->peer_verified);
  EXPECT_EQ(server->tls()->server_name, "");
  reconnect();
  const auto strict = shake(context, certificates_.trusting_client(),
                            {.server_name = "other.test", .require_verified = true});
  EXPECT_EQ(strict.client.error().code, Errc::tls_failed);
  EXPECT_EQ(strict.server.error().code, Errc::tls_failed);
  EXPECT_EQ(client->tls(), nullptr);
  EXPECT_EQ(run(write_text(*client, "x")).error().code, Errc::tls_failed);
}

TEST_F(TlsTest, DistrustsWhatItHasNoAnchorFor) {
  const TestCertificates stranger{{"mail.test"}};
  const auto shook = shake(server_of({stranger.certificate()}), certificates_.trusting_client(),
                           {.server_name = "mail.test", .require_verified = true});
  EXPECT_EQ(shook.client.error().code, Errc::tls_failed);
  EXPECT_THAT(shook.client.error().detail, HasSubstr("certificate"));
}

TEST_F(TlsTest, ChoosesTheCertificateByName) {
  const TestCertificates other{{"other.test", "*.wild.test"}};
  const auto context = server_of({certificates_.certificate(), other.certificate()});
  const struct {
    const char* name;
    const TestCertificates& owner;
    bool verified;
  } cases[] = {{"mail.test", certificates_, true},     {"other.test", other, true},
               {"other.test.", other, true},           {"OTHER.test", other, true},
               {"a.wild.test", other, true},           {"a.b.wild.test", certificates_, false},
               {"unknown.test", certificates_, false}, {"", certificates_, false}};
  for (const auto& one : cases) {
    reconnect();
    const auto shook = shake(context, one.owner.trusting_client(), {.server_name = one.name});
    ASSERT_TRUE(shook.client && shook.server) << one.name;
    EXPECT_EQ(client->tls()->peer_verified, one.verified) << one.name;
    const bool distrusted = client->tls()->verify_error.find("issuer") != std::string::npos;
    EXPECT_FALSE(distrusted) << one.name << ": " << client->tls()->verify_error;
  }
}

TEST_F(TlsTest, InjectedClearTextFailsTheHandshake) {
  EXPECT_TRUE(run(write_text(*client, "RSET\r\n")));
  const auto theirs = start(server->accept_tls(server_of({certificates_.certificate()}), 10s));
  const auto ours = start(client->connect_tls(certificates_.trusting_client(), {}, 10s));
  ASSERT_TRUE(until([&] { return theirs->has_value(); }));
  EXPECT_EQ((*theirs)->error().code, Errc::tls_failed);
  server->close();
  ASSERT_TRUE(until([&] { return ours->has_value(); }));
  EXPECT_EQ((*ours)->error().code, Errc::tls_failed);
  EXPECT_EQ(server->tls(), nullptr);
}

TEST_F(TlsTest, HandshakesTimeOutAndStop) {
  const auto context = server_of({certificates_.certificate()});
  const auto silent = start(server->accept_tls(context, 10s));
  machine.advance(10s);
  ASSERT_TRUE(until([&] { return silent->has_value(); }));
  EXPECT_EQ((*silent)->error().code, Errc::peer_timeout);
  reconnect();
  const auto stopped = start(server->accept_tls(context, 10s));
  server->wake();  // wakes reads alone
  machine.poll();
  EXPECT_FALSE(stopped->has_value());
  server->stop(Errc::shutting_down);
  ASSERT_TRUE(until([&] { return stopped->has_value(); }));
  EXPECT_EQ((*stopped)->error().code, Errc::shutting_down);
  reconnect();
  const auto left = start(server->accept_tls(context, 10s));
  client->close();
  ASSERT_TRUE(until([&] { return left->has_value(); }));
  EXPECT_EQ((*left)->error().code, Errc::tls_failed);
}

TEST_F(TlsTest, ResumesWithTicketsAndNeverWithout) {
  const auto remembering = certificates_.trusting_client();
  for (const bool tickets : {true, false}) {
    const auto context = server_of({certificates_.certificate()}, TlsProfile::modern, tickets);
    std::vector<bool> resumed;
    for (int i = 0; i < 3; ++i) {
      reconnect();
      ASSERT_TRUE(shake(context, remembering, {.server_name = "mail.test"}).client);
      EXPECT_EQ(client->tls()->resumed, server->tls()->resumed);
      EXPECT_TRUE(client->tls()->peer_verified);
      resumed.push_back(client->tls()->resumed);
      exchange();
    }
    EXPECT_EQ(resumed, (std::vector<bool>{false, tickets, tickets}));
  }
}

TEST_F(TlsTest, AMebibyteBothWaysAtOnce) {
  ASSERT_TRUE(
      shake(server_of({certificates_.certificate()}), certificates_.trusting_client(), {}).client);
  const std::string text(1 << 20, 'm');
  const auto up = start(write_text(*client, text));
  const auto down = start(write_text(*server, text));
  const auto upped = start(read_some(*server, text.size()));
  const auto downed = start(read_some(*client, text.size()));
  ASSERT_TRUE(until([&] { return *up && *down && *upped && *downed; }));
  EXPECT_EQ((*upped)->value(), text);
  EXPECT_EQ((*downed)->value(), text);
}

TEST_F(TlsTest, WakesAndLosesNothing) {
  ASSERT_TRUE(
      shake(server_of({certificates_.certificate()}), certificates_.trusting_client(), {}).client);
  const auto waiting = start(read_some(*server, 4));
  server->wake();
  ASSERT_TRUE(until([&] { return waiting->has_value(); }));
  EXPECT_EQ((*waiting)->error().code, Errc::woken);
  EXPECT_TRUE(run(write_text(*client, "kept")));
  EXPECT_EQ(run(read_some(*server, 4)).value(), "kept");
}

TEST_F(TlsTest, AResetIsAValue) {
  ASSERT_TRUE(
      shake(server_of({certificates_.certificate()}), certificates_.trusting_client(), {}).client);
  EXPECT_TRUE(run(write_text(*server, "never read")));
  machine.poll();
  client.reset();  // with unread input: a reset
  EXPECT_EQ(run(read_some(*server, 1)).error().code, Errc::peer_closed);
  EXPECT_FALSE(run(write_text(*server, "x")));
  EXPECT_FALSE(run(write_text(*server, "x")));
}

TEST_F(TlsTest, ProfilesOfferWhatTheySay) {
  const auto suites = [](const Context& context) {
    const SslPtr ssl{context->new_ssl()};
    std::string all;
    const auto* const list = SSL_get_ciphers(ssl.get());
    for (int i = 0; i < sk_SSL_CIPHER_num(list); ++i)
      all += std::string{SSL_CIPHER_get_name(sk_SSL_CIPHER_value(list, i))} + "\n";
    return all;
  };
  const auto modern = suites(certificates_.trusting_client(TlsProfile::modern));
  const auto relay = suites(certificates_.trusting_client(TlsProfile::relay));
  EXPECT_THAT(modern, MatchesRegex("((TLS|ECDHE)[A-Za-z0-9_-]*(GCM|CHACHA20)[A-Z0-9_-]*\n)+"));
  EXPECT_THAT(relay, HasSubstr("\nDHE-RSA-AES128-SHA\n"));
  EXPECT_THAT(relay, MatchesRegex("((TLS|ECDHE|DHE)[A-Za-z0-9_-]*\n)+"));  // no static RSA
  EXPECT_TRUE(relay.starts_with(modern));
}

TEST_F(TlsTest, TellsWhatIsWrongWithFiles) {
  const TestCertificates other{{"other.test"}};
  const auto trouble = [](CertificateFiles files) {
    const auto got = TlsContext::server({.certificates = {std::move(files)}});
    EXPECT_FALSE(got);
    EXPECT_EQ(got.error().code, Errc::bad_config);
    return got ? "" : got.error().detail;
  };
  EXPECT_THAT(trouble({"/nowhere.pem", other.files.key_file}),
              ::testing::AllOf(HasSubstr("/nowhere.pem"), HasSubstr("No such file")));
  EXPECT_THAT(trouble({other.files.chain_file, "/nowhere.key"}), HasSubstr("/nowhere.key"));
  EXPECT_THAT(trouble({other.files.chain_file, certificates_.files.key_file}),
              ::testing::AllOf(HasSubstr(certificates_.files.key_file), HasSubstr("mismatch")));
  const std::string garbage = other.files.key_file + ".garbage";
  std::ofstream{garbage} << "not PEM\n";
  EXPECT_THAT(trouble({garbage, other.files.key_file}), HasSubstr("no start line"));
  EXPECT_EQ(TlsContext::server({}).error().code, Errc::bad_config);
  const auto trust = TlsContext::client({.trust_files = {"/nowhere.pem"}});
  EXPECT_THAT(trust.error().detail, HasSubstr("/nowhere.pem"));
}

TEST_F(TlsTest, ReadsFilesThroughWhoeverMay) {
  std::vector<std::string> asked;
  const auto read = [&](const std::string& file) -> Result<std::string> {
    asked.push_back(file);
    std::ifstream in{file == "chain" ? certificates_.files.chain_file
                                     : certificates_.files.key_file};
    if (file == "locked") return fail(Errc::not_permitted, "locked away");
    return std::string{std::istreambuf_iterator<char>{in}, {}};
  };
  const auto context = TlsContext::server({.certificates = {{"chain", "key"}}, .read = read});
  ASSERT_TRUE(context);
  EXPECT_THAT(asked, ::testing::ElementsAre("chain", "key"));
  const auto shook = shake(*context, certificates_.trusting_client(),
                           {.server_name = "mail.test", .require_verified = true});
  EXPECT_TRUE(shook.client);
  EXPECT_TRUE(shook.server);
  const auto locked = TlsContext::server({.certificates = {{"chain", "locked"}}, .read = read});
  ASSERT_FALSE(locked);
  EXPECT_EQ(locked.error().detail, "key locked for certificate chain: locked away");
}

}  // namespace
}  // namespace postern::net
