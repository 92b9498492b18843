#include "dmarc/tree_walk.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dmarc/zone_fixture.hpp"

namespace postern::dmarc {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> targets(std::string_view start) {
  std::vector<std::string> out;
  for (const auto& target : walk_targets(name(start))) out.push_back(target.to_string());
  return out;
}

TEST(TreeWalk, AsksForEightNamesAtMost) {
  // The example of RFC 9989 §4.10.
  EXPECT_THAT(targets("a.b.c.d.e.f.g.h.i.j.mail.example.com"),
              ElementsAre("a.b.c.d.e.f.g.h.i.j.mail.example.com", "g.h.i.j.mail.example.com",
                          "h.i.j.mail.example.com", "i.j.mail.example.com", "j.mail.example.com",
                          "mail.example.com", "example.com", "com"));
  // And of §5.1.8.
  EXPECT_THAT(
      targets("mail.a.b.c.d.e.f.g.example.com"),
      ElementsAre("mail.a.b.c.d.e.f.g.example.com", "c.d.e.f.g.example.com", "d.e.f.g.example.com",
                  "e.f.g.example.com", "f.g.example.com", "g.example.com", "example.com", "com"));
  EXPECT_THAT(targets("example.com"), ElementsAre("example.com", "com"));
  EXPECT_THAT(targets("com"), ElementsAre("com"));
  EXPECT_THAT(walk_targets(dns::Name{}), IsEmpty());
  EXPECT_EQ(targets("a.b.c.d.e.f.g.h").size(), 8U);
  EXPECT_EQ(targets("a.b.c.d.e.f.g").size(), 7U);
  EXPECT_EQ(targets("a.b.c.d.e.f.g.h.i").size(), 8U);
}

struct Walked {
  std::string domain;
  Boundary boundary;
  std::vector<std::string> faults;
  Organisation::Kind kind;
  friend bool operator==(const Walked&, const Walked&) = default;
};

Walked walk(std::string_view zone, std::string_view start, const PublicSuffix& list = {}) {
  Zone dns{zone};
  Walked out;
  dns.decide([&](const dns::Answers& answers) -> std::variant<bool, dns::Need> {
    Tree tree{answers, list};
    const auto organisation = tree.organisation_of(name(start));
    if (tree.pending()) return dns::Need{tree.take_questions()};
    out = {organisation.domain.to_string(), organisation.boundary, tree.faults(),
           organisation.kind};
    return true;
  });
  EXPECT_EQ(dns.rounds, 1);
  EXPECT_LE(dns.asked, 8);
  return out;
}

TEST(TreeWalk, TheExamplesOfTheStandard) {
  // RFC 9989 §4.10.2.
  EXPECT_EQ(walk("_dmarc.mail.example.com v=DMARC1; p=none\n_dmarc.example.com v=DMARC1; p=none",
                 "a.mail.example.com")
                .domain,
            "example.com");
  const auto psd_n =
      walk("_dmarc.mail.example.com v=DMARC1; psd=n; p=none\n_dmarc.example.com v=DMARC1; p=none",
           "a.mail.example.com");
  EXPECT_EQ(psd_n.domain, "mail.example.com");
  EXPECT_EQ(psd_n.boundary, Boundary::psd_no);
  const auto psd_y = walk("_dmarc.com v=DMARC1; p=none; psd=y", "a.mail.example.com");
  EXPECT_EQ(psd_y.domain, "example.com");
  EXPECT_EQ(psd_y.boundary, Boundary::below_psd);
  // B.4.2: names between are skipped.
  EXPECT_EQ(walk("_dmarc.example.com v=DMARC1; p=none\n_dmarc.signing.example.com v=DMARC1; p=none",
                 "a.b.c.d.e.f.g.h.i.j.k.example.com")
                .domain,
            "example.com");
  // B.4.3.
  constexpr std::string_view kBank =
      "_dmarc.bank.example v=DMARC1; p=none; psd=y\n_dmarc.giant.bank.example v=DMARC1; p=none";
  EXPECT_EQ(walk(kBank, "giant.bank.example").domain, "giant.bank.example");
  EXPECT_EQ(walk(kBank, "mail.giant.bank.example").domain, "giant.bank.example");
  EXPECT_EQ(walk(kBank, "mail.mega.bank.example").domain, "mega.bank.example");
}

TEST(TreeWalk, APublicSuffixIsItsOwnOrganisationWhenItWritesItself) {
  const auto own = walk(
      "_dmarc.bank.example v=DMARC1; p=none; psd=y\n"
      "_dmarc.example v=DMARC1; p=none",
      "bank.example");
  EXPECT_EQ(own.domain, "bank.example");
  EXPECT_EQ(own.boundary, Boundary::fewest_labels);
}

TEST(TreeWalk, SkippedNamesDoNotHideWhatIsBelowAPublicSuffix) {
  EXPECT_EQ(walk("_dmarc.f.g.h.i.j.k.l v=DMARC1; p=none; psd=y", "a.b.c.d.e.f.g.h.i.j.k.l").domain,
            "e.f.g.h.i.j.k.l");
}

TEST(TreeWalk, SeveralRecordsAreNone) {
  Zone dns{""};
  dns::Answers answers;
  const PublicSuffix list;
  answers[{name("_dmarc.example.com"), dns::Type::txt}] = {
      .status = dns::Status::insecure,
      .outcome = dns::Outcome::found,
      .records = {dns::Txt{"v=DMARC1; p=none"}, dns::Txt{"other"}, dns::Txt{"v=DMARC1; p=reject"}}};
  Tree tree{answers, list};
  const Found& found = tree.at(name("example.com"));
  EXPECT_EQ(found.kind, Found::Kind::none);
  EXPECT_TRUE(found.several);
  EXPECT_THAT(tree.faults(), ElementsAre(HasSubstr("_dmarc.example.com")));
}

TEST(TreeWalk, WithoutRecordsTheListSays) {
  const auto list = suffixes({"com", "co.uk", "uk"});
  EXPECT_EQ(walk("", "a.b.example.com", list),
            (Walked{"example.com", Boundary::public_suffix, {}, Organisation::Kind::known}));
  EXPECT_EQ(walk("", "a.b.example.co.uk", list).domain, "example.co.uk");
  EXPECT_EQ(walk("", "co.uk", list).boundary, Boundary::itself);
  EXPECT_EQ(walk("", "a.b.example.com").domain, "a.b.example.com");
  EXPECT_EQ(walk("", "a.b.internal", list),
            (Walked{"a.b.internal", Boundary::itself, {}, Organisation::Kind::known}));
}

TEST(TreeWalk, ARecordAtAPublicSuffixSpeaksForTheSuffixAlone) {
  const auto list = suffixes({"com", "co.uk", "uk"});
  constexpr std::string_view kZone =
      "_dmarc.co.uk v=DMARC1; p=reject\n_dmarc.example.co.uk v=DMARC1; p=none";
  const auto listed = walk(kZone, "a.example.co.uk", list);
  EXPECT_EQ(listed.domain, "example.co.uk");
  EXPECT_THAT(listed.faults, ElementsAre(HasSubstr("_dmarc.co.uk")));
  EXPECT_EQ(walk(kZone, "a.other.co.uk", list).domain, "other.co.uk");
  EXPECT_EQ(walk(kZone, "co.uk", list).domain, "co.uk");
  EXPECT_EQ(walk(kZone, "a.example.co.uk").domain, "co.uk");  // To the letter, without a list.
  // What says psd is believed, whatever the list says.
  EXPECT_EQ(walk("_dmarc.co.uk v=DMARC1; p=reject; psd=n", "a.example.co.uk", list).domain,
            "co.uk");
  EXPECT_EQ(walk("_dmarc.b.example.com v=DMARC1; psd=y", "x.a.b.example.com", list).domain,
            "a.b.example.com");
}

TEST(TreeWalk, Failures) {
  const auto list = suffixes({"com"});
  for (const std::string how : {"servfail", "timeout", "bogus"}) {
    const auto failed = walk("_dmarc.example.com " + how, "a.example.com", list);
    EXPECT_EQ(failed.kind, Organisation::Kind::failed) << how;
    // At a public suffix it does not matter.
    const auto suffix =
        walk("_dmarc.com " + how + "\n_dmarc.example.com v=DMARC1; p=none", "a.example.com", list);
    EXPECT_EQ(suffix.domain, "example.com");
    EXPECT_EQ(
        walk("_dmarc.com " + how + "\n_dmarc.example.com v=DMARC1; p=none", "a.example.com").kind,
        Organisation::Kind::failed);
  }
  // What is below a psd tag does not matter either.
  EXPECT_EQ(walk("_dmarc.example.com v=DMARC1; p=none; psd=n\n_dmarc.com servfail", "a.example.com")
                .domain,
            "example.com");
}

TEST(TreeWalk, TheWeakestStatusCounts) {
  Zone dns{"_dmarc.example.com +v=DMARC1; p=none\n_dmarc.com v=DMARC1; p=none"};
  dns::Answers answers;
  const PublicSuffix list;
  for (const auto* text : {"_dmarc.example.com", "_dmarc.com"}) {
    const dns::Question question{name(text), dns::Type::txt};
    answers[question] = dns.answer(question);
  }
  Tree tree{answers, list};
  EXPECT_EQ(tree.status(), dns::Status::indeterminate);
  tree.at(name("example.com"));
  EXPECT_EQ(tree.status(), dns::Status::secure);
  tree.at(name("com"));
  EXPECT_EQ(tree.status(), dns::Status::insecure);
}

}  // namespace
}  // namespace postern::dmarc
