#include "route/target.hpp"

#include <set>
#include <sstream>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "text/ascii.hpp"

namespace postern::route {
namespace {

using dns::Answer;
using dns::Outcome;
using dns::Question;
using dns::Status;
using dns::Type;
using testing::ElementsAre;
using testing::HasSubstr;

dns::Name name(std::string_view text) {
  return dns::Name::parse(text).value();
}

/// A test's DNS: "NAME TYPE VALUE" per line; VALUE is a record, or an outcome, or "bogus"; a "+"
/// before TYPE signs it. What is not there does not exist.
class Zone {
 public:
  explicit Zone(std::string_view lines) {
    for (const auto line : text::split(lines, '\n')) {
      if (!text::trim(line).empty()) add(std::istringstream{std::string{line}});
    }
  }

  /// Drives `locate` to its end, answering what it asks.
  Step locate(std::string_view domain, const Settings& settings = {}, std::uint64_t seed = 1) {
    dns::Answers answers;
    for (rounds = 1; rounds < 5; ++rounds) {
      Step step = route::locate(domain, settings, answers, seed);
      const auto* need = std::get_if<Need>(&step);
      if (!need) return step;
      EXPECT_FALSE(need->questions.empty());
      for (const auto& question : need->questions) answers[question] = answer(question);
    }
    ADD_FAILURE() << "asks without end";
    return Failure{};
  }

  int rounds = 0;

 private:
  void add(std::istringstream in) {
    std::string owner;
    std::string type;
    std::string value;
    in >> owner >> type >> value;
    Answer& answer =
        answers_[{name(owner), dns::parse_type(type.substr(type.starts_with('+'))).value()}];
    answer.status = type.starts_with('+') ? Status::secure : Status::insecure;
    if (value == "bogus") {
      answer.status = Status::bogus;
    } else if (value == "servfail" || value == "timeout") {
      answer.outcome = value == "timeout" ? Outcome::timeout : Outcome::servfail;
    } else if (value == "no_data") {
      answer.outcome = Outcome::no_data;
    } else {
      answer.outcome = Outcome::found;
      add_record(answer, value, in);
    }
  }

  static void add_record(Answer& answer, const std::string& value, std::istringstream& in) {
    if (const auto ip = text::IpAddress::parse(value)) {
      answer.records.emplace_back(*ip);
      std::string canonical;
      if (in >> canonical) answer.canonical = name(canonical);
      return;
    }
    std::string exchange;
    in >> exchange;
    answer.records.emplace_back(
        dns::Mx{text::parse_number<std::uint16_t>(value).value(), name(exchange)});
  }

  [[nodiscard]] Answer answer(const Question& question) const {
    if (const auto at = answers_.find(question); at != answers_.end()) return at->second;
    for (const auto& [known, answer] : answers_) {
      if (known.name == question.name)
        return {.status = answer.status, .outcome = Outcome::no_data};
    }
    return {.status = Status::insecure, .outcome = Outcome::nxdomain};
  }

  dns::Answers answers_;
};

/// "host ip:port pref [secure]" per candidate, or the reply and enhanced code of the failure.
std::vector<std::string> shown(const Step& step) {
  if (const auto* failure = std::get_if<Failure>(&step))
    return {std::to_string(failure->reply) + " " + std::string{failure->enhanced}};
  std::vector<std::string> out;
  for (const auto& c : std::get<Plan>(step).candidates) {
    out.push_back(c.host.to_string() + " " + c.ip.to_string() + ":" + std::to_string(c.port) + " " +
                  std::to_string(c.preference) + (c.secure() ? " secure" : ""));
  }
  return out;
}

Settings ours() {
  return {.own_names = {name("us.example")},
          .own_addresses = {*text::IpAddress::parse("192.0.2.99")}};
}

Settings routed(std::string_view to) {
  return {.routes = {{.domain = {}, .to = parse_next_hop(to).value()}}};
}

TEST(Target, SortsByPreference) {
  Zone zone(R"(d.example MX 20 b.example
               d.example MX 10 a.example
               a.example A 192.0.2.1
               b.example A 192.0.2.2)");
  EXPECT_THAT(shown(zone.locate("D.example.")),
              ElementsAre("a.example 192.0.2.1:25 10", "b.example 192.0.2.2:25 20"));
  EXPECT_EQ(zone.rounds, 3);  // Two rounds of questions.
}

TEST(Target, AnEmptyListIsAnImplicitMx) {
  Zone zone(R"(d.example A 192.0.2.1
               d.example AAAA 2001:db8::1)");
  EXPECT_THAT(shown(zone.locate("d.example")),
              ElementsAre("d.example 2001:db8::1:25 0", "d.example 192.0.2.1:25 0"));
}

TEST(Target, WithMxRecordsTheDomainsOwnAddressIsNotUsed) {
  Zone zone(R"(d.example MX 10 gone.example
               d.example A 192.0.2.1)");
  EXPECT_THAT(shown(zone.locate("d.example")), ElementsAre("550 5.4.4"));
}

TEST(Target, NullMx) {
  Zone zone(R"(d.example MX 0 .
               d.example A 192.0.2.1
               e.example MX 0 .
               e.example MX 5 a.example
               a.example A 192.0.2.2)");
  EXPECT_THAT(shown(zone.locate("d.example")), ElementsAre("556 5.1.10"));
  EXPECT_THAT(shown(zone.locate("e.example")), ElementsAre("a.example 192.0.2.2:25 5"));
}

TEST(Target, NoSuchDomain) {
  Zone zone("only.example TXT no_data");
  EXPECT_THAT(shown(zone.locate("d.example")), ElementsAre("550 5.1.2"));
  EXPECT_THAT(shown(zone.locate("only.example")), ElementsAre("550 5.1.2"));
  EXPECT_THAT(shown(zone.locate("a..b")), ElementsAre("550 5.1.2"));
  EXPECT_THAT(shown(zone.locate("a_b.example")), ElementsAre("550 5.1.2"));
  EXPECT_THAT(shown(zone.locate("")), ElementsAre("550 5.1.2"));
}

TEST(Target, DefersWhileTheMxLookupFails) {
  Zone zone(R"(s.example MX servfail
               t.example MX timeout
               b.example MX bogus)");
  EXPECT_THAT(shown(zone.locate("s.example")), ElementsAre("451 4.4.3"));
  EXPECT_THAT(shown(zone.locate("t.example")), ElementsAre("451 4.4.3"));
  EXPECT_THAT(shown(zone.locate("b.example")), ElementsAre("451 4.7.5"));
}

TEST(Target, DefersWhileAnAddressLookupFailsAndNothingElseIsThere) {
  Zone zone(R"(d.example MX 10 a.example
               d.example MX 20 b.example
               a.example A timeout
               a.example AAAA no_data
               b.example A bogus)");
  EXPECT_THAT(shown(zone.locate("d.example")), ElementsAre("451 4.4.3"));
  Zone with_other(R"(d.example MX 10 a.example
                     d.example MX 20 b.example
                     a.example A timeout
                     b.example A 192.0.2.2)");
  EXPECT_THAT(shown(with_other.locate("d.example")), ElementsAre("b.example 192.0.2.2:25 20"));
  Zone half(R"(d.example A 192.0.2.1
               d.example AAAA servfail)");
  EXPECT_THAT(shown(half.locate("d.example")), ElementsAre("d.example 192.0.2.1:25 0"));
}

TEST(Target, ShufflesEqualPreferencesBySeedAlone) {
  Zone zone(R"(d.example MX 10 a.example
               d.example MX 10 b.example
               d.example MX 10 c.example
               d.example MX 5 first.example
               first.example A 192.0.2.9
               a.example A 192.0.2.1
               b.example A 192.0.2.2
               c.example A 192.0.2.3)");
  std::set<std::vector<std::string>> orders;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const auto order = shown(zone.locate("d.example", {}, seed));
    EXPECT_EQ(order, shown(zone.locate("d.example", {}, seed)));
    ASSERT_EQ(order.size(), 4U);
    EXPECT_EQ(order[0], "first.example 192.0.2.9:25 5");
    orders.insert(order);
  }
  EXPECT_EQ(orders.size(), 6U);
}

TEST(Target, OurselvesEndTheList) {
  Zone zone(R"(d.example MX 10 a.example
               d.example MX 20 us.example
               d.example MX 20 b.example
               d.example MX 30 c.example
               a.example A 192.0.2.1
               b.example A 192.0.2.2
               c.example A 192.0.2.3
               e.example MX 10 alias.example
               e.example MX 20 c.example
               alias.example A 192.0.2.99
               f.example MX 10 nick.example
               nick.example A 192.0.2.50 us.example
               g.example A 192.0.2.99)");
  EXPECT_THAT(shown(zone.locate("d.example", ours())), ElementsAre("a.example 192.0.2.1:25 10"));
  EXPECT_THAT(shown(zone.locate("e.example", ours())), ElementsAre("550 5.4.6"));
  EXPECT_THAT(shown(zone.locate("f.example", ours())), ElementsAre("550 5.4.6"));
  EXPECT_THAT(shown(zone.locate("g.example", ours())), ElementsAre("550 5.4.6"));
  EXPECT_THAT(shown(zone.locate("[192.0.2.99]", ours())), ElementsAre("550 5.4.6"));
}

TEST(Target, ABetterExchangerThatCannotBeLookedUpDefersBeforeALoopIsCalled) {
  Zone zone(R"(d.example MX 10 a.example
               d.example MX 20 us.example
               a.example A servfail)");
  EXPECT_THAT(shown(zone.locate("d.example", ours())), ElementsAre("451 4.4.3"));
}

TEST(Target, RefusesAddressesThatAreNotPublic) {
  const Settings permitted{.allow_private_destinations = true};
  for (const std::string ip : {"127.0.0.1", "10.1.2.3", "169.254.1.1", "192.168.0.1", "100.64.0.1",
                               "::1", "fe80::1", "fd00::1", "64:ff9b::7f00:1", "2002:a00:1::1"}) {
    const std::string type = ip.find(':') == ip.npos ? " A " : " AAAA ";
    Zone zone("d.example MX 10 m.example\nm.example" + type + ip);
    EXPECT_THAT(shown(zone.locate("d.example")), ElementsAre("550 5.4.4")) << ip;
    EXPECT_EQ(shown(zone.locate("d.example", permitted)).front(), "m.example " + ip + ":25 10");
  }
  // What is mapped is meant.
  Zone mapped("d.example AAAA ::ffff:127.0.0.1");
  EXPECT_THAT(shown(mapped.locate("d.example")), ElementsAre("550 5.4.4"));
  for (const std::string ip : {"0.0.0.0", "0.1.2.3", "255.255.255.255", "224.0.0.1"}) {
    Zone zone("d.example A " + ip);
    EXPECT_THAT(shown(zone.locate("d.example", permitted)), ElementsAre("550 5.4.4")) << ip;
  }
  Zone one_of_two(R"(d.example A 127.0.0.1
                     d.example A 192.0.2.1)");
  EXPECT_THAT(shown(one_of_two.locate("d.example")), ElementsAre("d.example 192.0.2.1:25 0"));
}

TEST(Target, LoopbackAloneMeansNothingLeaves) {
  const Settings local{.allow_private_destinations = true, .only_loopback = true};
  Zone zone(R"(d.example MX 10 a.example
               a.example A 192.0.2.1
               a.example A 10.0.0.1
               e.example MX 10 b.example
               b.example A 127.0.0.1)");
  EXPECT_THAT(shown(zone.locate("d.example", local)), ElementsAre("550 5.4.4"));
  EXPECT_THAT(shown(zone.locate("e.example", local)), ElementsAre("b.example 127.0.0.1:25 10"));
}

TEST(Target, BothFamiliesTakeTurns) {
  Zone zone(R"(d.example A 192.0.2.1
               d.example A 192.0.2.2
               d.example A 192.0.2.3
               d.example AAAA 2001:db8::1
               e.example MX 5 six.example
               six.example AAAA 2001:db8::6)");
  EXPECT_THAT(shown(zone.locate("d.example")),
              ElementsAre("d.example 2001:db8::1:25 0", "d.example 192.0.2.1:25 0",
                          "d.example 192.0.2.2:25 0", "d.example 192.0.2.3:25 0"));
  const Settings only_v4{.ipv6 = false};
  EXPECT_THAT(shown(zone.locate("d.example", only_v4)),
              ElementsAre("d.example 192.0.2.1:25 0", "d.example 192.0.2.2:25 0",
                          "d.example 192.0.2.3:25 0"));
  EXPECT_THAT(shown(zone.locate("e.example", only_v4)), ElementsAre("451 4.4.4"));
}

TEST(Target, LimitsHostsAndAddresses) {
  std::string lines;
  for (int i = 0; i < 20; ++i) {
    const std::string host = "h" + std::to_string(i) + ".example";
    lines += "d.example MX " + std::to_string(i) + " " + host + "\n";
    for (int k = 1; k < 20; ++k)
      lines += host + " A 192.0." + std::to_string(i + 100) + "." + std::to_string(k) + "\n";
  }
  Zone zone(lines);
  const auto got = shown(zone.locate("d.example", {.max_hosts = 3, .max_addresses = 2}));
  ASSERT_EQ(got.size(), 6U);
  EXPECT_EQ(got.back(), "h2.example 192.0.102.2:25 2");
}

TEST(Target, DnssecIsCarriedAlong) {
  Zone zone(R"(d.example +MX 10 a.example
               d.example +MX 20 b.example
               a.example +A 192.0.2.1
               b.example A 192.0.2.2
               e.example MX 10 a.example
               f.example +A 192.0.2.6
               g.example +MX 10 nick.example
               nick.example +A 192.0.2.7 real.example)");
  EXPECT_THAT(shown(zone.locate("d.example")),
              ElementsAre("a.example 192.0.2.1:25 10 secure", "b.example 192.0.2.2:25 20"));
  EXPECT_THAT(shown(zone.locate("e.example")), ElementsAre("a.example 192.0.2.1:25 10"));
  EXPECT_THAT(shown(zone.locate("f.example")), ElementsAre("f.example 192.0.2.6:25 0 secure"));
  const auto step = zone.locate("g.example");
  EXPECT_EQ(std::get<Plan>(step).candidates.front().canonical, name("real.example"));
}

TEST(Target, TheSameHostTwiceCountsOnce) {
  Zone zone(R"(d.example MX 20 a.example
               d.example MX 10 A.example
               a.example A 192.0.2.1)");
  EXPECT_THAT(shown(zone.locate("d.example")), ElementsAre("a.example 192.0.2.1:25 10"));
}

TEST(Target, AddressLiterals) {
  Zone zone("");
  EXPECT_THAT(shown(zone.locate("[192.0.2.1]")), ElementsAre(". 192.0.2.1:25 0 secure"));
  EXPECT_THAT(shown(zone.locate("[IPv6:2001:db8::1]")), ElementsAre(". 2001:db8::1:25 0 secure"));
  EXPECT_EQ(zone.rounds, 1);
  EXPECT_THAT(shown(zone.locate("[127.0.0.1]")), ElementsAre("550 5.4.4"));
  EXPECT_THAT(shown(zone.locate("[IPv6:::ffff:127.0.0.1]")), ElementsAre("550 5.4.4"));
  EXPECT_THAT(shown(zone.locate("[IPv6:2001:db8::1]", {.ipv6 = false})), ElementsAre("451 4.4.4"));
  for (const auto* bad : {"[", "[]", "[192.0.2]", "[2001:db8::1]", "[IPv6:192.0.2.1]", "[x:y]"})
    EXPECT_THAT(shown(zone.locate(bad)), ElementsAre("550 5.1.2")) << bad;
}

TEST(Target, RoutesComeBeforeDnsAndMayBePrivate) {
  Zone zone(R"(d.example MX 0 .
               relay.example A 10.0.0.1
               relay.example MX 5 wrong.example
               dark.example A timeout)");
  const auto step = zone.locate("d.example", routed("127.0.0.1:2525"));
  EXPECT_THAT(shown(step), ElementsAre(". 127.0.0.1:2525 0 secure"));
  EXPECT_TRUE(std::get<Plan>(step).by_route);
  EXPECT_EQ(zone.rounds, 1);
  EXPECT_THAT(shown(zone.locate("[192.0.2.1]", routed("[::1]:2525"))),
              ElementsAre(". ::1:2525 0 secure"));
  EXPECT_THAT(shown(zone.locate("d.example", routed("relay.example:587"))),
              ElementsAre("relay.example 10.0.0.1:587 0"));
  EXPECT_THAT(shown(zone.locate("d.example", routed("dark.example"))), ElementsAre("451 4.4.3"));
  EXPECT_THAT(shown(zone.locate("d.example", routed("no.example"))), ElementsAre("451 4.4.4"));
}

TEST(Target, FailureTextNamesTheDomainInALabels) {
  Zone zone("");
  const auto step = zone.locate("Bücher.example");
  EXPECT_THAT(std::get<Failure>(step).text, HasSubstr("xn--bcher-kva.example"));
  EXPECT_TRUE(std::get<Failure>(step).permanent());
}

}  // namespace
}  // namespace postern::route
