#include "resolver/root_keys.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "resolver/root_anchor.hpp"

namespace postern::resolver {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;

TEST(RootKeyFile, TakesThoseThatAreTrusted) {
  EXPECT_THAT(
      trusted_root_keys(
          "; autotrust trust anchor file\n"
          ";;id: . 1\n"
          ";;last_queried: 1700000000 ;;Tue Nov 14 22:13:20 2023\n"
          ".\t86400\tIN\tDNSKEY\t257 3 8 AAAA ;{id = 1 (ksk), size = 2048b} ;;state=2 [  VALID  ] "
          ";;count=0 ;;lastchange=1700000000 ;;x\n"
          ".\t86400\tIN\tDNSKEY\t257 3 8 BBBB ;{id = 2 (ksk), size = 2048b} ;;state=1 [ ADDPEND ]\n"
          ".\t86400\tIN\tDNSKEY\t257 3 8 CCCC ;{id = 3 (ksk), size = 2048b} ;;state=3 [ MISSING ]\n"
          ".\t86400\tIN\tDNSKEY\t385 3 8 DDDD ;{id = 4 (ksk), size = 2048b} ;;state=4 [ REVOKED ]\n"
          "example.\tIN\tDS\t1 8 2 AB\n"),
      ElementsAre(".\t86400\tIN\tDNSKEY\t257 3 8 AAAA", ".\t86400\tIN\tDNSKEY\t257 3 8 CCCC"));
}

TEST(RootKeyFile, TakesTheBeginningAsItIsWritten) {
  std::string file;
  for (const auto& anchor : kRootTrustAnchors) file += std::string{anchor} + "\r\n";
  EXPECT_THAT(trusted_root_keys(file), ElementsAreArray(kRootTrustAnchors));
  EXPECT_THAT(trusted_root_keys(""), IsEmpty());
  EXPECT_THAT(trusted_root_keys("\n;.\n\0"), IsEmpty());
}

}  // namespace
}  // namespace postern::resolver
