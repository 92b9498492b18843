#include "sasl/server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sasl/client.hpp"
#include "sasl/prep.hpp"
#include "sasl/scram_message.hpp"
#include "sasl/scram_server.hpp"

namespace postern::sasl {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const Channel kClear{};
const Channel kTls12{.encrypted = true};
const Channel kTls13{.encrypted = true, .tls_exporter = std::string(32, 'e')};

TEST(Server, TheOfferDependsOnTheChannel) {
  EXPECT_THAT(offered_mechanisms(kClear), IsEmpty());
  EXPECT_THAT(offered_mechanisms(kTls12), ElementsAre("SCRAM-SHA-256", "PLAIN", "LOGIN"));
  EXPECT_THAT(offered_mechanisms(kTls13),
              ElementsAre("SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "PLAIN", "LOGIN"));
  EXPECT_THAT(offered_mechanisms(kTls13, {.login = false, .scram = false}), ElementsAre("PLAIN"));
}

TEST(Server, OnlyWhatIsOfferedIsMade) {
  for (const Channel& channel : {kClear, kTls12, kTls13}) {
    const auto offered = offered_mechanisms(channel);
    for (const std::string_view name : {"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "PLAIN", "LOGIN",
                                        "ANONYMOUS", "CRAM-MD5", "EXTERNAL", ""}) {
      const auto made = make_server_mechanism(name, channel, "nonce");
      EXPECT_EQ(made.has_value(), std::ranges::find(offered, name) != offered.end()) << name;
      if (made) {
        EXPECT_EQ((*made)->name(), name);
      } else {
        EXPECT_EQ(made.error().code, Errc::unsupported) << name;
      }
    }
  }
  EXPECT_EQ((*make_server_mechanism("plain", kTls12, "nonce"))->name(), "PLAIN");
  EXPECT_EQ(make_server_mechanism("PLAIN", kTls12, "a,b").error().code, Errc::bad_config);
  EXPECT_EQ(make_server_mechanism("PLAIN", kTls12, "").error().code, Errc::bad_config);
}

TEST(Client, TakesTheStrongest) {
  using Names = std::vector<std::string_view>;
  const Names all{"login", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"};
  EXPECT_EQ(strongest_mechanism(all, kTls13), kScramPlusName);
  EXPECT_EQ(strongest_mechanism(all, kTls12), kScramName);
  EXPECT_EQ(strongest_mechanism(Names{"LOGIN", "PLAIN"}, kTls12), "PLAIN");
  EXPECT_EQ(strongest_mechanism(Names{"login"}, kTls12), "LOGIN");
  EXPECT_EQ(strongest_mechanism(Names{"PLAIN", "LOGIN"}, kClear), std::nullopt);
  EXPECT_EQ(strongest_mechanism(Names{"CRAM-MD5"}, kTls13), std::nullopt);
}

TEST(Client, RefusesWhatCannotBeSent) {
  const auto made = [](std::string user, std::string password) {
    const ClientLogin login{.user = std::move(user), .password = Secret{std::move(password)}};
    return make_client_mechanism("PLAIN", login, kTls12, "x").has_value();
  };
  EXPECT_TRUE(made("u", "p"));
  EXPECT_FALSE(made("", "p"));
  EXPECT_FALSE(made("u", ""));
  EXPECT_FALSE(made(std::string{"u\0v", 3}, "p"));
  EXPECT_FALSE(made("u", std::string(kMaxField + 1, 'p')));
  EXPECT_FALSE(make_client_mechanism(
      "CRAM-MD5", {.user = "u", .password = Secret{std::string{"p"}}}, kTls12, "x"));
}

constexpr std::string_view kUser = "gr\u00fcn@example.org";
constexpr std::string_view kPassword = "p\u00e4ss w\u00f6rd";

Answer directory_says(const Step& step) {
  if (const auto* const check = std::get_if<CheckPassword>(&step)) {
    return PasswordVerdict{.good = check->user == kUser && check->password.reveal() == kPassword};
  }
  const auto& find = std::get<FindScramKeys>(step);
  if (find.user != kUser) return fake_scram_credentials("key", find.user, 4096);
  const std::string form = *prepare_scram_password(kPassword);
  return ScramCredentials{.salt = "0123456789abcdef",
                          .iterations = 4096,
                          .keys = crypto::derive_scram_keys(form, "0123456789abcdef", 4096),
                          .known = true};
}

// Both sides with each other, until the server has decided.
Step converse(std::string_view name, std::string user, std::string password, bool initial) {
  const ClientLogin login{.user = std::move(user), .password = Secret{std::move(password)}};
  const auto client =
      *make_client_mechanism(name, login, kTls13, make_scram_nonce("client nonce bytes"));
  const auto server = *make_server_mechanism(name, kTls13, make_scram_nonce("server nonce bytes"));
  std::optional<std::string> response;
  if (initial) response = client->initial_response();
  Step step = server->start(response);
  for (int round = 0; round < 10; ++round) {
    if (const auto* const challenge = std::get_if<Challenge>(&step)) {
      const auto answer = client->answer(challenge->data);
      if (!answer) return Failed{answer.error().code, answer.error().detail};
      step = server->step(*answer);
    } else if (std::holds_alternative<Authenticated>(step)) {
      EXPECT_TRUE(client->may_succeed());
      return step;
    } else if (std::holds_alternative<Failed>(step)) {
      return step;
    } else {
      step = server->resume(directory_says(step));
    }
  }
  ADD_FAILURE() << "no end";
  return step;
}

TEST(ClientAndServer, AgreeInEveryMechanism) {
  for (const std::string_view name : {"SCRAM-SHA-256-PLUS", "PLAIN", "LOGIN"}) {
    for (const bool initial : {true, false}) {
      const Step good = converse(name, "Gru\u0308n@example.org", std::string{kPassword}, initial);
      ASSERT_TRUE(std::holds_alternative<Authenticated>(good)) << name;
      EXPECT_EQ(std::get<Authenticated>(good).user, kUser);
      for (const auto& [user, password] :
           {std::pair{std::string{kUser}, std::string{"wrong"}},
            std::pair{std::string{"nobody"}, std::string{kPassword}}}) {
        const Step bad = converse(name, user, password, initial);
        ASSERT_TRUE(std::holds_alternative<Failed>(bad)) << name;
        EXPECT_EQ(std::get<Failed>(bad).code, Errc::auth_failed) << name;
      }
    }
  }
}

// A man in the middle who hides -PLUS is found out by the "y".
TEST(ClientAndServer, ADowngradeIsRefused) {
  const Step step = converse("SCRAM-SHA-256", std::string{kUser}, std::string{kPassword}, true);
  ASSERT_TRUE(std::holds_alternative<Failed>(step));
  EXPECT_EQ(std::get<Failed>(step).detail, "server-does-support-channel-binding");
}

}  // namespace
}  // namespace postern::sasl
