#include "vocab/result.hpp"

#include <set>

#include <gtest/gtest.h>

#include "vocab/try.hpp"

namespace postern {
namespace {

Result<int> half(int n) {
  if (n % 2 != 0) return fail(Errc::bad_syntax, "odd");
  return n / 2;
}

Result<int> quarter(int n) {
  POSTERN_TRY(const int once, half(n));
  return half(once);
}

TEST(Result, TryPassesValuesAndErrorsOn) {
  EXPECT_EQ(quarter(8), 2);
  ASSERT_FALSE(quarter(6));
  EXPECT_EQ(quarter(6).error().code, Errc::bad_syntax);
  EXPECT_EQ(quarter(6).error().detail, "odd");
}

TEST(Result, EveryCodeHasItsOwnName) {
  std::set<std::string_view> names;
  for (int i = 0; i < kErrcCount; ++i) names.insert(to_string(static_cast<Errc>(i)));
  EXPECT_EQ(names.size(), static_cast<std::size_t>(kErrcCount));
}

}  // namespace
}  // namespace postern
