#include "mailauth/key_cache.hpp"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "crypto/hash.hpp"

namespace postern::mailauth {
namespace {

using crypto::KeyKind;
using crypto::PrivateKey;
using crypto::PublicKey;
using crypto::sha256;

/// Any 32 octets are an Ed25519 key to keep.
std::string octets(unsigned number) {
  std::string out(32, '\0');
  out.front() = static_cast<char>(number);
  out.back() = static_cast<char>(number >> 8U);
  return out;
}

std::shared_ptr<const PublicKey> get(KeyCache& cache, unsigned number) {
  return cache.get(KeyKind::ed25519, octets(number)).value();
}

class EachKindOfKey : public testing::TestWithParam<KeyKind> {};
INSTANTIATE_TEST_SUITE_P(KeyCache, EachKindOfKey, testing::Values(KeyKind::rsa, KeyKind::ed25519),
                         [](const auto& param) {
                           return param.param == KeyKind::rsa ? "rsa" : "ed25519";
                         });

TEST_P(EachKindOfKey, GivesTheSameKeyAgainAndItVerifies) {
  const auto key = PrivateKey::generate(GetParam()).value();
  const auto digest = sha256("message");
  const auto signature = key.sign(digest).value();
  KeyCache cache;
  const auto first = cache.get(GetParam(), key.public_octets()).value();
  EXPECT_EQ(cache.get(GetParam(), key.public_octets()).value(), first);
  EXPECT_EQ(cache.size(), 1U);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(first->verify(digest, signature));
    EXPECT_FALSE(first->verify(sha256("massage"), signature));
  }
}

TEST(KeyCache, TellsOtherOctetsApart) {
  KeyCache cache;
  const auto a = PrivateKey::generate(KeyKind::ed25519).value();
  const auto b = PrivateKey::generate(KeyKind::ed25519).value();
  const auto digest = sha256("message");
  const auto key_a = cache.get(KeyKind::ed25519, a.public_octets()).value();
  const auto key_b = cache.get(KeyKind::ed25519, b.public_octets()).value();
  EXPECT_TRUE(key_a->verify(digest, a.sign(digest).value()));
  EXPECT_FALSE(key_a->verify(digest, b.sign(digest).value()));
  EXPECT_TRUE(key_b->verify(digest, b.sign(digest).value()));
  // The same octets as another kind are another matter, kept or not.
  EXPECT_FALSE(cache.get(KeyKind::rsa, a.public_octets()));
}

TEST(KeyCache, ForgetsWhatWasLongestNotAskedFor) {
  KeyCache cache{3};
  const auto one = get(cache, 1);
  const auto two = get(cache, 2);
  const auto three = get(cache, 3);
  EXPECT_EQ(get(cache, 1), one);
  const auto four = get(cache, 4);  // in place of 2
  EXPECT_EQ(cache.size(), 3U);
  EXPECT_EQ(get(cache, 1), one);
  EXPECT_EQ(get(cache, 3), three);
  EXPECT_EQ(get(cache, 4), four);
  EXPECT_NE(get(cache, 2), two);  // in place of 1
  EXPECT_NE(get(cache, 1), one);
  EXPECT_TRUE(two->usable());  // what was given stays good
}

TEST(KeyCache, StaysWithinItsBound) {
  KeyCache cache;
  for (unsigned i = 0; i < 3000; ++i) {
    const auto key = get(cache, i);
    EXPECT_EQ(get(cache, i), key);
    EXPECT_LE(cache.size(), 1024U);
  }
  EXPECT_EQ(cache.size(), 1024U);
  KeyCache least{0};
  EXPECT_EQ(get(least, 1), get(least, 1));
  EXPECT_EQ(least.size(), 1U);
}

/// The DER of an RSAPublicKey with F4 and an odd modulus of so many octets, after so many zeros.
std::string rsa(std::size_t modulus, std::size_t zeros) {
  const auto header = [](char tag, std::size_t size) {
    return std::string{tag, '\x82', static_cast<char>(size >> 8U), static_cast<char>(size)};
  };
  const auto number = header('\x02', modulus + zeros) + std::string(zeros, '\0') +
                      std::string(modulus, '\xff') + "\x02\x03\x01" + std::string(1, '\0') + '\x01';
  return header('\x30', number.size()) + number;
}

TEST(KeyCache, DoesNotKeepWhatIsUnusableOrNoKey) {
  KeyCache cache;
  EXPECT_FALSE(cache.get(KeyKind::rsa, "no key"));
  EXPECT_FALSE(cache.get(KeyKind::ed25519, std::string(31, 'a')));
  const auto is_usable = [&](std::size_t modulus) {
    return cache.get(KeyKind::rsa, rsa(modulus, 1)).value()->usable();
  };
  EXPECT_FALSE(is_usable(700));
  EXPECT_FALSE(is_usable(513));
  EXPECT_EQ(cache.size(), 0U);
  EXPECT_TRUE(is_usable(512));
  EXPECT_EQ(cache.size(), 1U);
}

TEST(KeyCache, DoesNotKeepWhatIsPaddedToFillMemory) {
  KeyCache cache;
  if (const auto key = cache.get(KeyKind::rsa, rsa(256, 2000))) {
    EXPECT_TRUE((*key)->usable());
  }
  EXPECT_EQ(cache.size(), 0U);
}

TEST(KeyCache, IsSharedByThreads) {
  const auto key = PrivateKey::generate(KeyKind::rsa).value();
  const auto octets_of_it = key.public_octets();
  const auto digest = sha256("message");
  const auto signature = key.sign(digest).value();
  KeyCache cache{8};
  std::atomic<int> verified{0};
  constexpr int kRounds = 50;
  constexpr int kThreads = 4;
  const auto work = [&](unsigned seed) {
    for (unsigned i = 0; i < kRounds; ++i) {
      // Enough others to drive it out now and then while it is in use.
      for (unsigned j = 0; j < 5; ++j) (void)get(cache, seed * 100 + i * 5 + j);
      const auto held = cache.get(KeyKind::rsa, octets_of_it).value();
      if (held->verify(digest, signature)) ++verified;
    }
  };
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (unsigned i = 0; i < kThreads; ++i) threads.emplace_back(work, i);
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(verified, kRounds * kThreads);
  EXPECT_EQ(cache.size(), 8U);
}

}  // namespace
}  // namespace postern::mailauth
