#include "sasl/scram_server.hpp"

#include <fstream>
#include <vector>

#include <gtest/gtest.h>

#include "sasl/client.hpp"
#include "sasl/prep.hpp"
#include "text/ascii.hpp"
#include "text/base64.hpp"

namespace postern::sasl {
namespace {

template <class T>
const T& as(const Step& step) {
  if (const auto* const failed = std::get_if<Failed>(&step)) {
    ADD_FAILURE() << to_string(failed->code) << ' ' << failed->detail;
  }
  return std::get<T>(step);
}

std::string objection(const Step& step) {
  const auto* const failed = std::get_if<Failed>(&step);
  return failed == nullptr ? "(none)" : failed->detail;
}

struct Exchange {
  std::string mechanism, user, password, client_nonce, server_nonce, salt;
  std::uint32_t iterations = 0;
  std::string gs2_header, binding, client_first, server_first, client_final, server_final,
      stored_key, server_key;

  [[nodiscard]] bool plus() const { return mechanism.ends_with("-PLUS"); }
  [[nodiscard]] Channel channel() const { return {.encrypted = true, .tls_exporter = binding}; }
  [[nodiscard]] ScramCredentials credentials() const {
    const std::string form = *prepare_scram_password(password);
    return {.salt = salt,
            .iterations = iterations,
            .keys = crypto::derive_scram_keys(form, salt, iterations),
            .known = true};
  }
};

std::vector<Exchange> exchanges() {
  std::vector<Exchange> all;
  std::ifstream file{POSTERN_TEST_DATA "/sasl/scram.tsv"};
  for (std::string line; std::getline(file, line);) {
    const auto f = text::split(line, '\t');
    const auto field = [&f](std::size_t i) { return std::string{f.at(i)}; };
    all.push_back({field(0), field(1), field(2), field(3), field(4), *text::from_base64(f.at(5)),
                   *text::parse_number<std::uint32_t>(f.at(6)), field(7),
                   *text::from_base64(f.at(8)), field(9), field(10), field(11), field(12),
                   field(13), field(14)});
  }
  return all;
}

TEST(ScramServer, RecordedExchanges) {
  const auto all = exchanges();
  ASSERT_EQ(all.size(), 6U);
  for (const Exchange& e : all) {
    ScramServer server{e.plus(), e.channel(), e.server_nonce};
    EXPECT_EQ(server.name(), e.mechanism);
    const Step asked = server.start(e.client_first);
    EXPECT_EQ(as<FindScramKeys>(asked).user, *prepare_user(e.user));
    EXPECT_EQ(as<FindScramKeys>(asked).authzid, e.gs2_header.contains("a=admin") ? "admin" : "");
    const ScramCredentials credentials = e.credentials();
    EXPECT_EQ(text::to_base64(crypto::view(credentials.keys.stored_key)), e.stored_key);
    EXPECT_EQ(text::to_base64(crypto::view(credentials.keys.server_key)), e.server_key);
    EXPECT_EQ(as<Challenge>(server.resume(credentials)).data, e.server_first);
    EXPECT_EQ(as<Challenge>(server.step(e.client_final)).data, e.server_final);
    EXPECT_EQ(as<Authenticated>(server.step("")).user, *prepare_user(e.user));
  }
}

TEST(ScramClient, RecordedExchanges) {
  for (const Exchange& e : exchanges()) {
    const ClientLogin login{.user = e.user,
                            .password = Secret{e.password},
                            .authzid = e.gs2_header.contains("a=admin") ? "admin" : ""};
    const auto client = make_client_mechanism(e.mechanism, login, e.channel(), e.client_nonce);
    ASSERT_TRUE(client);
    EXPECT_EQ((*client)->initial_response(), e.client_first);
    EXPECT_FALSE((*client)->may_succeed());
    EXPECT_EQ(*(*client)->answer(e.server_first), e.client_final);
    EXPECT_FALSE((*client)->may_succeed());
    EXPECT_EQ(*(*client)->answer(e.server_final), "");
    EXPECT_TRUE((*client)->may_succeed());
    EXPECT_FALSE((*client)->answer(""));
    EXPECT_FALSE((*client)->may_succeed());
  }
}

class ScramExample : public testing::Test {
 protected:
  const Exchange example_ = exchanges().at(0);
  const ScramCredentials credentials_ = example_.credentials();

  // The Step after the client's last message, which is the example's with `from` made `to`.
  Step after(std::string_view from, std::string_view to, bool known = true) {
    ScramServer server{false, {.encrypted = true}, example_.server_nonce};
    (void)server.start(example_.client_first);
    ScramCredentials credentials = credentials_;
    credentials.known = known;
    (void)server.resume(credentials);
    std::string message = example_.client_final;
    const std::size_t at = message.find(from);
    EXPECT_NE(at, message.npos);
    message.replace(at, from.size(), to);
    return server.step(message);
  }
};

TEST_F(ScramExample, TamperedLastMessages) {
  EXPECT_EQ(objection(after("c=biws", "c=biws")), "(none)");
  EXPECT_EQ(objection(after("c=biws", "c=eSws")), "channel-bindings-dont-match");
  EXPECT_EQ(objection(after("r=rOpr", "r=sOpr")), "other-error: nonce");
  EXPECT_EQ(objection(after("NlF$k0", "NlF$k")), "other-error: nonce");
  EXPECT_EQ(objection(after("p=dHz", "p=dHy")), "invalid-proof");
  EXPECT_EQ(objection(after("p=dHzbZapWIk4j", "p=")), "invalid-proof");
  EXPECT_EQ(objection(after("AndVQ=", "AndVQ")), "invalid-proof");
  EXPECT_EQ(objection(after(",p=", ",x=y,p=")), "invalid-proof");  // the proof covers extensions
  EXPECT_EQ(objection(after(",p=", ",m=y,p=")), "extensions-not-supported");
  EXPECT_EQ(objection(after(",p=", ",,p=")), "invalid-encoding");
  EXPECT_EQ(objection(after(",p=", ";p=")), "invalid-encoding");
  EXPECT_EQ(objection(after("c=biws,", "")), "invalid-encoding");
}

TEST_F(ScramExample, AnUnknownUserFailsOnlyAtTheEndAndLikeAWrongPassword) {
  EXPECT_EQ(objection(after("c=biws", "c=biws", false)), "invalid-proof");
}

TEST_F(ScramExample, NothingMayFollowTheServersSignature) {
  ScramServer server{false, {.encrypted = true}, example_.server_nonce};
  (void)server.start(example_.client_first);
  (void)server.resume(credentials_);
  (void)server.step(example_.client_final);
  EXPECT_EQ(objection(server.step("x")), "data after server-final");
}

std::string first_objection(bool plus, std::string_view exporter, std::string_view message) {
  return objection(
      ScramServer{plus, {.encrypted = true, .tls_exporter = std::string{exporter}}, "nonce"}.start(
          message));
}

TEST(ScramServer, ChannelBindingIsNegotiatedAsTheRfcSays) {
  EXPECT_EQ(first_objection(false, "", "n,,n=u,r=x"), "(none)");
  EXPECT_EQ(first_objection(false, "", "y,,n=u,r=x"), "(none)");
  EXPECT_EQ(first_objection(false, "key", "n,,n=u,r=x"), "(none)");
  EXPECT_EQ(first_objection(false, "key", "y,,n=u,r=x"), "server-does-support-channel-binding");
  EXPECT_EQ(first_objection(false, "key", "p=tls-exporter,,n=u,r=x"),
            "channel-binding-not-supported");
  EXPECT_EQ(first_objection(true, "key", "p=tls-exporter,,n=u,r=x"), "(none)");
  EXPECT_EQ(first_objection(true, "key", "p=tls-unique,,n=u,r=x"),
            "unsupported-channel-binding-type");
  EXPECT_EQ(first_objection(true, "key", "n,,n=u,r=x"), "channel-bindings-dont-match");
  EXPECT_EQ(first_objection(true, "key", "y,,n=u,r=x"), "server-does-support-channel-binding");
}

TEST(ScramServer, BadFirstMessages) {
  EXPECT_EQ(first_objection(false, "", "n,,m=x,n=u,r=x"), "extensions-not-supported");
  EXPECT_EQ(first_objection(false, "", "n,,n=u=2X,r=x"), "invalid-username-encoding");
  EXPECT_EQ(first_objection(false, "", "n,,n=u=,r=x"), "invalid-username-encoding");
  EXPECT_EQ(first_objection(false, "", "n,,n=,r=x"), "invalid-username-encoding");
  EXPECT_EQ(first_objection(false, "", "n,,n=a b,r=x"), "invalid-username-encoding");
  EXPECT_EQ(first_objection(false, "", "n,b=x,n=u,r=x"), "invalid-username-encoding");
  EXPECT_EQ(first_objection(false, "", "n,a,n=u,r=x"), "invalid-username-encoding");
  for (const std::string_view bad :
       {"", "n", "n,", "n,,", "x,,n=u,r=x", "p=,,n=u,r=x", "n,,n=u", "n,,n=u,r=", "n,,n=u,r=a b",
        "n,,r=x,n=u", "n,,n=u,r=x,", "n,,n=u,r=x,1=y", "n,,n=u,r=x,z=", "n,,n=u\xff,r=x",
        "n n=u,r=x"}) {
    EXPECT_EQ(first_objection(false, "", bad), "invalid-encoding") << bad;
  }
  EXPECT_EQ(first_objection(false, "", "n,,n=u,r=x,z=ignored"), "(none)");
  EXPECT_EQ(first_objection(false, "", std::string_view{"n,,n=u\0,r=x", 11}), "invalid-encoding");
  EXPECT_EQ(first_objection(false, "", "n,,n=u,r=" + std::string(5000, 'x')), "invalid-encoding");
}

TEST(ScramServer, NamesWithCommasAndEquals) {
  ScramServer server{false, {.encrypted = true}, "nonce"};
  const Step asked = server.start("n,a=b=2Cc,n=a=3Db,r=x");
  EXPECT_EQ(as<FindScramKeys>(asked).user, "a=b");
  EXPECT_EQ(as<FindScramKeys>(asked).authzid, "b,c");
}

TEST(ScramServer, FakeCredentialsAreStableAndDifferByUser) {
  const std::string key(32, 'k');
  const auto one = fake_scram_credentials(key, "a", 4096);
  EXPECT_EQ(one.salt, fake_scram_credentials(key, "a", 4096).salt);
  EXPECT_NE(one.salt, fake_scram_credentials(key, "b", 4096).salt);
  EXPECT_NE(one.salt, fake_scram_credentials(std::string(32, 'l'), "a", 4096).salt);
  EXPECT_EQ(one.salt.size(), 16U);
  EXPECT_EQ(one.iterations, 4096U);
  EXPECT_FALSE(one.known);
}

Errc refusal(std::string_view server_first) {
  const ClientLogin login{.user = "user", .password = Secret{std::string{"pencil"}}};
  const auto client = make_client_mechanism(kScramName, login, {}, "abc");
  (void)(*client)->initial_response();
  const auto got = (*client)->answer(server_first);
  EXPECT_FALSE((*client)->may_succeed());
  return got ? Errc::shutting_down : got.error().code;
}

TEST(ScramClient, RefusesBadServers) {
  EXPECT_EQ(refusal("r=abcdef,s=c2FsdA==,i=4096"), Errc::shutting_down);
  EXPECT_EQ(refusal("r=abdef,s=c2FsdA==,i=4096"), Errc::auth_failed);
  EXPECT_EQ(refusal("r=abc,s=c2FsdA==,i=4096"), Errc::auth_failed);
  EXPECT_EQ(refusal("r=abcdef,s=c2FsdA==,i=4095"), Errc::policy_reject);
  EXPECT_EQ(refusal("r=abcdef,s=c2FsdA==,i=4000000000"), Errc::policy_reject);
  EXPECT_EQ(refusal("r=abcdef,s=c2FsdA==,i=99999999999"), Errc::bad_syntax);
  EXPECT_EQ(refusal("m=x,r=abcdef,s=c2FsdA==,i=4096"), Errc::bad_syntax);
  EXPECT_EQ(refusal("r=abcdef,s=,i=4096"), Errc::bad_syntax);
  EXPECT_EQ(refusal(""), Errc::bad_syntax);
}

TEST(ScramClient, DoesNotBelieveAServerWithoutOurKeys) {
  const Exchange e = exchanges().at(0);
  const ClientLogin login{.user = e.user, .password = Secret{e.password}};
  for (const std::string_view final :
       {"v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", "v=AAAA", "e=other-error", "e=", "v="}) {
    const auto client = make_client_mechanism(e.mechanism, login, {}, e.client_nonce);
    ASSERT_TRUE((*client)->answer(""));  // a server that does not take initial responses
    ASSERT_TRUE((*client)->answer(e.server_first));
    EXPECT_FALSE((*client)->answer(final)) << final;
    EXPECT_FALSE((*client)->may_succeed()) << final;
  }
}

TEST(ScramClient, SaysThatItCouldHaveBound) {
  const ClientLogin login{.user = "u", .password = Secret{std::string{"p"}}};
  const Channel bound{.encrypted = true, .tls_exporter = "key"};
  EXPECT_EQ((*make_client_mechanism(kScramName, login, bound, "x"))->initial_response(),
            "y,,n=u,r=x");
  EXPECT_EQ((*make_client_mechanism(kScramPlusName, login, bound, "x"))->initial_response(),
            "p=tls-exporter,,n=u,r=x");
  EXPECT_FALSE(make_client_mechanism(kScramPlusName, login, {}, "x"));
}

}  // namespace
}  // namespace postern::sasl
