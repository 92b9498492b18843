#include "dmarc/registered_domain.hpp"

#include <gtest/gtest.h>

namespace postern::dmarc {
namespace {

/// "co.uk" is public, and "uk" is not said to be.
std::optional<dns::Name> suffix_of(const dns::Name& name) {
  const auto known = dns::Name::parse("co.uk").value();
  return name.is_within(known) ? std::optional{known} : std::nullopt;
}

TEST(RegisteredDomain, IsOneLabelBelowWhatIsPublic) {
  EXPECT_EQ(registered_domain("mail.example.co.uk", suffix_of), "example.co.uk");
  EXPECT_EQ(registered_domain("example.co.uk", suffix_of), "example.co.uk");
  EXPECT_EQ(registered_domain("co.uk", suffix_of), "co.uk");
}

TEST(RegisteredDomain, IsTwoLabelsWhereNobodyKnows) {
  EXPECT_EQ(registered_domain("a.b.example.org", suffix_of), "example.org");
  EXPECT_EQ(registered_domain("mail.example.co.uk", {}), "co.uk");
  EXPECT_EQ(registered_domain("org", {}), "org");
}

TEST(RegisteredDomain, WhatIsNoNameStaysAsItIs) {
  EXPECT_EQ(registered_domain("a..b", suffix_of), "a..b");
  EXPECT_EQ(registered_domain("", suffix_of), "");
}

}  // namespace
}  // namespace postern::dmarc
