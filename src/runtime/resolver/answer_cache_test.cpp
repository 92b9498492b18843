#include "resolver/answer_cache.hpp"

#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace postern::resolver {
namespace {

using std::chrono::seconds;

const Instant kStart{seconds{1000}};

dns::Question question(const std::string& name) {
  return {.name = dns::Name::parse(name).value(), .type = dns::Type::txt};
}
dns::Answer answer(Duration ttl, std::string text = "v=spf1 -all") {
  return {.status = dns::Status::secure,
          .outcome = dns::Outcome::found,
          .records = {dns::Txt{std::move(text)}},
          .ttl = ttl};
}

TEST(AnswerCache, HoldsForAMinuteAtMostAndNeverLongerThanItIsValid) {
  AnswerCache cache;
  cache.put(question("a.example"), answer(seconds{300}), kStart);
  cache.put(question("b.example"), answer(seconds{5}), kStart);
  const auto found = cache.find(question("a.example"), kStart + seconds{10});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->ttl, seconds{290});
  EXPECT_TRUE(found->secure());
  EXPECT_TRUE(cache.find(question("b.example"), kStart + seconds{4}));
  EXPECT_FALSE(cache.find(question("b.example"), kStart + seconds{5}));
  EXPECT_TRUE(cache.find(question("a.example"), kStart + seconds{59}));
  EXPECT_FALSE(cache.find(question("a.example"), kStart + seconds{60}));
  EXPECT_FALSE(cache.find(question("c.example"), kStart));
}

TEST(AnswerCache, KeepsAbsenceAndNoFailure) {
  AnswerCache cache;
  auto none = answer(seconds{60});
  none.outcome = dns::Outcome::nxdomain;
  none.records.clear();
  cache.put(question("none.example"), none, kStart);
  EXPECT_EQ(cache.find(question("none.example"), kStart)->outcome, dns::Outcome::nxdomain);
  auto bogus = answer(seconds{60});
  bogus.status = dns::Status::bogus;
  cache.put(question("bogus.example"), bogus, kStart);
  EXPECT_FALSE(cache.find(question("bogus.example"), kStart));
  for (const auto outcome : {dns::Outcome::servfail, dns::Outcome::timeout}) {
    auto failed = answer(seconds{60});
    failed.outcome = outcome;
    cache.put(question("failed.example"), failed, kStart);
    EXPECT_FALSE(cache.find(question("failed.example"), kStart));
  }
  cache.put(question("now.example"), answer(Duration{0}), kStart);
  EXPECT_FALSE(cache.find(question("now.example"), kStart));
}

TEST(AnswerCache, WhatIsAskedForStaysWhenManyCome) {
  AnswerCache cache;
  cache.put(question("wanted.example"), answer(seconds{60}), kStart);
  cache.put(question("forgotten.example"), answer(seconds{60}), kStart);
  for (std::size_t i = 0; i < 3 * AnswerCache::kMostAnswers; ++i) {
    cache.put(question("n" + std::to_string(i) + ".example"), answer(seconds{60}), kStart);
    if (i % 100 == 0) {
      ASSERT_TRUE(cache.find(question("wanted.example"), kStart)) << i;
    }
  }
  EXPECT_FALSE(cache.find(question("forgotten.example"), kStart));
}

TEST(AnswerCache, IsBoundedInOctets) {
  AnswerCache cache;
  const std::string large(60'000, 'x');
  for (int i = 0; i < 200; ++i)
    cache.put(question("n" + std::to_string(i) + ".example"), answer(seconds{60}, large), kStart);
  std::size_t bytes = 0;
  for (int i = 0; i < 200; ++i) {
    if (cache.find(question("n" + std::to_string(i) + ".example"), kStart)) bytes += large.size();
  }
  EXPECT_LE(bytes, AnswerCache::kMostBytes);
  EXPECT_GT(bytes, AnswerCache::kMostBytes / 4);
}

TEST(AnswerCache, ServesSeveralThreads) {
  AnswerCache cache;
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&cache] {
      for (int i = 0; i < 2000; ++i) {
        const auto name = question("n" + std::to_string(i % 50) + ".example");
        cache.put(name, answer(seconds{60}), kStart);
        EXPECT_TRUE(cache.find(name, kStart));
      }
    });
  }
  for (auto& thread : threads) thread.join();
}

}  // namespace
}  // namespace postern::resolver
