#include "mime/address.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::mime {
namespace {

using testing::ElementsAre;

Mailbox box(std::string name, std::string local, std::string domain, std::string route = "") {
  return {.name = std::move(name),
          .route = std::move(route),
          .local = std::move(local),
          .domain = std::move(domain)};
}

TEST(Addresses, UsualForms) {
  EXPECT_THAT(parse_addresses("Ann <ann@example.org>, bob@example.org , \"C, D\" <c@d>"),
              ElementsAre(Address{box("Ann", "ann", "example.org")},
                          Address{box("", "bob", "example.org")}, Address{box("C, D", "c", "d")}));
}

TEST(Addresses, GroupsWithAndWithoutMembers) {
  EXPECT_THAT(parse_addresses("Undisclosed recipients:;, Team: a@b, C <c@d>;, e@f"),
              ElementsAre(Address{Group{"Undisclosed recipients", {}}},
                          Address{Group{"Team", {box("", "a", "b"), box("C", "c", "d")}}},
                          Address{box("", "e", "f")}));
}

TEST(Addresses, ObsoleteSyntax) {
  EXPECT_THAT(parse_addresses("Mary <@a.test,@b.test:mary@example.net>, , jdoe@test  . example"),
              ElementsAre(Address{box("Mary", "mary", "example.net", "@a.test,@b.test")},
                          Address{box("", "jdoe", "test.example")}));
  EXPECT_THAT(parse_addresses("pete(his account)@silly.test(his host) (Pete (the) \\) great)"),
              ElementsAre(Address{box("Pete (the) ) great", "pete", "silly.test")}));
  EXPECT_THAT(parse_addresses("John Q. Public <j.q.p@x> "),
              ElementsAre(Address{box("John Q. Public", "j.q.p", "x")}));
}

TEST(Addresses, WhatRealMailHolds) {
  EXPECT_THAT(parse_addresses("=?utf-8?Q?Doe,_John@x?= <j@x>, =?utf-8?B?w6Q=?= b <k@x>"),
              ElementsAre(Address{box("=?utf-8?Q?Doe,_John@x?=", "j", "x")},
                          Address{box("=?utf-8?B?w6Q=?= b", "k", "x")}));
  EXPECT_THAT(parse_addresses("a@b <c@d>"), ElementsAre(Address{box("a@b", "c", "d")}));
  EXPECT_THAT(parse_addresses("John <a@b, Jane <c@d>"),
              ElementsAre(Address{box("John", "a", "b")}, Address{box("Jane", "c", "d")}));
  EXPECT_THAT(parse_addresses("Mailer <>"), ElementsAre(Address{box("Mailer", "", "")}));
  EXPECT_THAT(parse_addresses("a) <b@c>) >;x@y"),
              ElementsAre(Address{box("a", "b", "c")}, Address{box("", "x", "y")}));
  EXPECT_THAT(parse_addresses("root"), ElementsAre(Address{box("", "root", "")}));
  EXPECT_THAT(parse_addresses("J\xc3\xb6rg <j\xc3\xb6rg@b\xc3\xbc.example>"),
              ElementsAre(Address{box("J\xc3\xb6rg", "j\xc3\xb6rg", "b\xc3\xbc.example")}));
  EXPECT_THAT(parse_addresses("\"a b\"@[127.0.0.1]"),
              ElementsAre(Address{box("", "a b", "[127.0.0.1]")}));
  EXPECT_THAT(parse_addresses("never <closed@x, \"nor this"),
              ElementsAre(Address{box("never", "closed", "x")}, Address{box("nor this", "", "")}));
}

TEST(Addresses, LimitCountsMembersToo) {
  const AddressList list = parse_addresses("g: a@b, c@d, e@f;, h@i", 3);
  EXPECT_EQ(count_addresses(list), 3U);
  EXPECT_EQ(mailboxes(list).size(), 2U);
}

}  // namespace
}  // namespace postern::mime
