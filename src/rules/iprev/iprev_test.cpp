#include "iprev/iprev.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::iprev {
namespace {

using dns::Answer;
using dns::Outcome;
using dns::Question;
using dns::Status;
using dns::Type;
using testing::HasSubstr;
using testing::SizeIs;

dns::Name name(std::string_view text) {
  return dns::Name::parse(text).value();
}
text::IpAddress ip(std::string_view text) {
  return *text::IpAddress::parse(text);
}

class Dns {
 public:
  void reverse(std::string_view address, std::string_view host, Status status = Status::insecure) {
    add({dns::reverse_name(ip(address)), Type::ptr}, dns::Target{name(host)}, status);
  }
  void forward(std::string_view host, std::string_view address, Status status = Status::insecure) {
    add({name(host), ip(address).is_v4() ? Type::a : Type::aaaa}, ip(address), status);
  }
  void fails(const Question& question, Outcome outcome) {
    answers_[question] = {.outcome = outcome};
  }
  Verdict check(std::string_view address) {
    dns::Answers known;
    for (rounds = 0; rounds < 3; ++rounds) {
      auto step = iprev::check(ip(address), known);
      if (const auto* verdict = std::get_if<Verdict>(&step)) return *verdict;
      for (const auto& question : std::get<dns::Need>(step).questions) {
        ++asked;
        const auto it = answers_.find(question);
        known[question] = it != answers_.end()
                              ? it->second
                              : Answer{.status = Status::insecure, .outcome = Outcome::nxdomain};
      }
    }
    ADD_FAILURE() << "asks without end";
    return {};
  }
  int asked = 0;
  int rounds = 0;

 private:
  void add(const Question& question, dns::Record record, Status status) {
    Answer& answer = answers_[question];
    answer.outcome = Outcome::found;
    answer.status = status;
    answer.records.push_back(std::move(record));
  }
  dns::Answers answers_;
};

TEST(Iprev, Passes) {
  Dns dns;
  dns.reverse("192.0.2.1", "b.example");
  dns.reverse("192.0.2.1", "a.example");
  dns.forward("b.example", "192.0.2.9");
  dns.forward("b.example", "192.0.2.1");
  const auto v = dns.check("192.0.2.1");
  EXPECT_EQ(v.result, Conclusion::pass);
  EXPECT_EQ(v.name, name("b.example"));
  EXPECT_THAT(v.names, SizeIs(2));
  EXPECT_EQ(v.reason, "192.0.2.1 is b.example");
  EXPECT_EQ(dns.rounds, 2);
  Dns six;
  six.reverse("2001:db8::1", "a.example");
  six.forward("a.example", "2001:db8::1");
  EXPECT_EQ(six.check("2001:db8::1").result, Conclusion::pass);
}

TEST(Iprev, Fails) {
  Dns dns;
  dns.reverse("192.0.2.1", "a.example");
  dns.forward("a.example", "192.0.2.2");
  EXPECT_EQ(dns.check("192.0.2.1").result, Conclusion::fail);
  EXPECT_TRUE(dns.check("192.0.2.1").name.is_root());
  Dns gone;
  gone.reverse("192.0.2.1", "gone.example");
  EXPECT_EQ(gone.check("192.0.2.1").result, Conclusion::fail);
}

TEST(Iprev, WithoutNames) {
  Dns dns;
  EXPECT_EQ(dns.check("192.0.2.1").result, Conclusion::permerror);
  dns.fails({dns::reverse_name(ip("192.0.2.1")), Type::ptr}, Outcome::no_data);
  EXPECT_EQ(dns.check("192.0.2.1").result, Conclusion::permerror);
  Dns odd;
  odd.reverse("192.0.2.1", "not_a_host.example");
  EXPECT_EQ(odd.check("192.0.2.1").result, Conclusion::permerror);
}

TEST(Iprev, TemporaryErrors) {
  Dns dns;
  dns.fails({dns::reverse_name(ip("192.0.2.1")), Type::ptr}, Outcome::servfail);
  EXPECT_EQ(dns.check("192.0.2.1").result, Conclusion::temperror);
  Dns half;
  half.reverse("192.0.2.1", "a.example");
  half.reverse("192.0.2.1", "b.example");
  half.fails({name("a.example"), Type::a}, Outcome::timeout);
  const auto v = half.check("192.0.2.1");
  EXPECT_EQ(v.result, Conclusion::temperror);
  EXPECT_THAT(v.reason, HasSubstr("a.example"));
  half.forward("b.example", "192.0.2.1");
  EXPECT_EQ(half.check("192.0.2.1").result, Conclusion::pass);
}

TEST(Iprev, LooksAtTenNames) {
  Dns dns;
  for (int i = 10; i < 40; ++i) {
    const std::string host = "h" + std::to_string(i) + ".example";
    dns.reverse("192.0.2.1", host);
    dns.reverse("192.0.2.1", host);
    if (i == 39) dns.forward(host, "192.0.2.1");
  }
  const auto v = dns.check("192.0.2.1");
  EXPECT_EQ(v.result, Conclusion::fail);
  EXPECT_THAT(v.names, SizeIs(kMaxNames));
  EXPECT_EQ(dns.asked, 11);
}

TEST(Iprev, DnssecOfBothSteps) {
  const auto status = [](Status reverse, Status forward) {
    Dns dns;
    dns.reverse("192.0.2.1", "a.example", reverse);
    dns.forward("a.example", "192.0.2.1", forward);
    return dns.check("192.0.2.1").status;
  };
  EXPECT_EQ(status(Status::secure, Status::secure), Status::secure);
  EXPECT_EQ(status(Status::secure, Status::insecure), Status::insecure);
  EXPECT_EQ(status(Status::insecure, Status::secure), Status::insecure);
}

}  // namespace
}  // namespace postern::iprev
