#include "route/sender.hpp"

#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::route {
namespace {

using dns::Answer;
using dns::Outcome;
using dns::Status;
using dns::Type;
using testing::ElementsAre;

const dns::Name kName = dns::Name::parse("s.example").value();
const dns::Question kMx{kName, Type::mx};
const dns::Question kA{kName, Type::a};
const dns::Question kAaaa{kName, Type::aaaa};

Answer no(Outcome outcome, Status status = Status::insecure) {
  return {.status = status, .outcome = outcome};
}
Answer mx(std::string_view exchange) {
  return {.status = Status::insecure,
          .outcome = Outcome::found,
          .records = {dns::Mx{0, dns::Name::parse(exchange).value()}}};
}
Answer address(std::string_view ip) {
  return {.status = Status::insecure,
          .outcome = Outcome::found,
          .records = {*text::IpAddress::parse(ip)}};
}

/// "ok", "ask", or the reply and enhanced codes.
std::string verdict(const dns::Answers& answers, std::string_view domain = "s.example") {
  const auto step = check_sender_domain(domain, answers);
  if (std::holds_alternative<Answerable>(step)) return "ok";
  if (const auto* failure = std::get_if<Failure>(&step))
    return std::to_string(failure->reply) + " " + std::string{failure->enhanced};
  return "ask";
}

TEST(SenderDomain, AsksForMxAndThenForAddresses) {
  const auto first = check_sender_domain("S.example.", {});
  EXPECT_THAT(std::get<Need>(first).questions, ElementsAre(kMx));
  const auto second = check_sender_domain("s.example", {{kMx, no(Outcome::no_data)}});
  EXPECT_THAT(std::get<Need>(second).questions, ElementsAre(kA, kAaaa));
}

TEST(SenderDomain, IsFineWithMxOrAddress) {
  EXPECT_EQ(verdict({{kMx, mx("mx.example")}}), "ok");
  EXPECT_EQ(
      verdict(
          {{kMx, no(Outcome::no_data)}, {kA, address("192.0.2.1")}, {kAaaa, no(Outcome::no_data)}}),
      "ok");
  EXPECT_EQ(verdict({{kMx, no(Outcome::no_data)},
                     {kA, no(Outcome::servfail)},
                     {kAaaa, address("2001:db8::1")}}),
            "ok");
  EXPECT_EQ(verdict({}, "[192.0.2.1]"), "ok");
}

TEST(SenderDomain, IsRefusedWhenItCannotBeAnswered) {
  EXPECT_EQ(verdict({{kMx, mx(".")}}), "550 5.7.27");
  EXPECT_EQ(verdict({{kMx, no(Outcome::nxdomain)}}), "550 5.1.8");
  EXPECT_EQ(
      verdict(
          {{kMx, no(Outcome::no_data)}, {kA, no(Outcome::no_data)}, {kAaaa, no(Outcome::no_data)}}),
      "550 5.1.8");
  EXPECT_EQ(verdict({}, "a..b"), "550 5.1.8");
  EXPECT_EQ(verdict({}, "_a.example"), "550 5.1.8");
}

TEST(SenderDomain, IsDeferredWhileDnsFails) {
  EXPECT_EQ(verdict({{kMx, no(Outcome::servfail)}}), "451 4.1.8");
  EXPECT_EQ(verdict({{kMx, no(Outcome::timeout)}}), "451 4.1.8");
  EXPECT_EQ(verdict({{kMx, no(Outcome::nxdomain, Status::bogus)}}), "451 4.1.8");
  EXPECT_EQ(
      verdict(
          {{kMx, no(Outcome::no_data)}, {kA, no(Outcome::no_data)}, {kAaaa, no(Outcome::timeout)}}),
      "451 4.1.8");
}

}  // namespace
}  // namespace postern::route
