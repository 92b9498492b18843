#include "sasl/plain.hpp"

#include <fstream>

#include <gtest/gtest.h>

#include "text/ascii.hpp"
#include "text/base64.hpp"

namespace postern::sasl {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

template <class T>
const T& as(const Step& step) {
  if (const auto* const failed = std::get_if<Failed>(&step)) {
    ADD_FAILURE() << to_string(failed->code) << ' ' << failed->detail;
  }
  return std::get<T>(step);
}

Errc failure(const Step& step) {
  const auto* const failed = std::get_if<Failed>(&step);
  return failed == nullptr ? Errc::shutting_down : failed->code;
}

TEST(Plain, TheRfcsExamples) {
  std::ifstream file{POSTERN_TEST_DATA "/sasl/plain.tsv"};
  int cases = 0;
  for (std::string line; std::getline(file, line); ++cases) {
    const auto fields = text::split(line, '\t');
    ASSERT_EQ(fields.size(), 5U);
    const auto message = text::from_base64(fields[1]);
    const auto plain = message ? parse_plain(*message) : std::nullopt;
    ASSERT_EQ(plain.has_value(), fields[0] == "good") << line;
    if (!plain) continue;
    EXPECT_EQ(plain->authzid, fields[2]);
    EXPECT_EQ(plain->user, fields[3]);
    EXPECT_EQ(plain->password, fields[4]);
  }
  EXPECT_EQ(cases, 6);
}

TEST(Plain, WithInitialResponse) {
  PlainServer server;
  const Step asked = server.start("\0Tim@Example.org\0tanstaaf"sv);
  const auto& check = as<CheckPassword>(asked);
  EXPECT_EQ(check.user, "tim@example.org");
  EXPECT_EQ(check.authzid, "");
  EXPECT_EQ(check.password.reveal(), "tanstaaf");
  const Step done = server.resume(PasswordVerdict{.good = true});
  EXPECT_EQ(as<Authenticated>(done).user, "tim@example.org");
  EXPECT_EQ(failure(server.step("again")), Errc::bad_sequence);
}

TEST(Plain, WithoutInitialResponseAnEmptyChallengeComesFirst) {
  PlainServer server;
  EXPECT_EQ(as<Challenge>(server.start(std::nullopt)).data, "");
  EXPECT_EQ(as<CheckPassword>(server.step("\0tim\0x"sv)).user, "tim");
  EXPECT_EQ(failure(server.resume(PasswordVerdict{.good = false})), Errc::auth_failed);
  EXPECT_EQ(failure(server.resume(PasswordVerdict{.good = true})), Errc::bad_sequence);
}

TEST(Plain, AuthorizationIdentity) {
  EXPECT_EQ(as<CheckPassword>(PlainServer{}.start("Boss\0tim\0x"sv)).authzid, "boss");
  // One's own name is no other identity.
  EXPECT_EQ(as<CheckPassword>(PlainServer{}.start("TIM\0tim\0x"sv)).authzid, "");
}

TEST(Plain, BadMessages) {
  for (const std::string_view bad : {""sv, "x"sv, "\0\0"sv, "\0tim\0"sv, "\0\0x"sv, "tim\0x"sv,
                                     "\0tim\0x\0"sv, "a\0b\0c\0d"sv}) {
    EXPECT_EQ(failure(PlainServer{}.start(bad)), Errc::bad_syntax) << bad;
  }
  EXPECT_EQ(failure(PlainServer{}.start("\0t\xff\0x"sv)), Errc::auth_failed);
  EXPECT_EQ(failure(PlainServer{}.start("\0tim\0\xff"sv)), Errc::auth_failed);
  EXPECT_EQ(failure(PlainServer{}.start("\0a b\0x"sv)), Errc::auth_failed);
  const std::string giant = "\0"s + std::string(2000, 'u') + "\0x"s;
  EXPECT_EQ(failure(PlainServer{}.start(giant)), Errc::auth_failed);
  EXPECT_EQ(failure(PlainServer{}.start(std::string(20000, 'u'))), Errc::too_large);
}

TEST(Plain, OutOfOrder) {
  PlainServer early;
  EXPECT_EQ(failure(early.step("\0tim\0x"sv)), Errc::bad_sequence);
  PlainServer twice;
  (void)twice.start(std::nullopt);
  EXPECT_EQ(failure(twice.start(std::nullopt)), Errc::bad_sequence);
  PlainServer wrong_answer;
  (void)wrong_answer.start("\0tim\0x"sv);
  EXPECT_EQ(failure(wrong_answer.resume(ScramCredentials{.known = true})), Errc::bad_sequence);
}

TEST(Login, Prompts) {
  LoginServer server;
  EXPECT_EQ(as<Challenge>(server.start(std::nullopt)).data, "Username:");
  EXPECT_EQ(as<Challenge>(server.step("Tim")).data, "Password:");
  const Step asked = server.step("tanstaaf");
  EXPECT_EQ(as<CheckPassword>(asked).user, "tim");
  EXPECT_EQ(as<CheckPassword>(asked).password.reveal(), "tanstaaf");
  EXPECT_EQ(as<Authenticated>(server.resume(PasswordVerdict{.good = true})).user, "tim");
}

TEST(Login, UserNameAsInitialResponse) {
  LoginServer server;
  EXPECT_EQ(as<Challenge>(server.start("tim")).data, "Password:");
  EXPECT_EQ(as<CheckPassword>(server.step("x")).user, "tim");
}

TEST(Login, BadMessages) {
  EXPECT_EQ(failure(LoginServer{}.start("")), Errc::bad_syntax);
  EXPECT_EQ(failure(LoginServer{}.start("a\0b"sv)), Errc::bad_syntax);
  LoginServer no_such_name;
  EXPECT_EQ(as<Challenge>(no_such_name.start("\xff")).data, "Password:");
  EXPECT_EQ(failure(no_such_name.step("x")), Errc::auth_failed);
  LoginServer no_password;
  (void)no_password.start("tim");
  EXPECT_EQ(failure(no_password.step("")), Errc::bad_syntax);
}

}  // namespace
}  // namespace postern::sasl
