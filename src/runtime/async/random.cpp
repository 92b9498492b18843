#include "async/random.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>

#include <sys/random.h>

namespace postern {

std::uint64_t Random::u64() {
  std::array<std::byte, 8> raw{};
  fill(raw);
  std::uint64_t value = 0;
  for (const std::byte b : raw) value = value << 8U | std::to_integer<std::uint64_t>(b);
  return value;
}

std::uint64_t Random::below(std::uint64_t bound) {
  if (bound <= 1) return 0;
  // Values under 2^64 mod bound would make the low results more likely: they are drawn again.
  const std::uint64_t uneven = (0 - bound) % bound;
  for (;;) {
    const std::uint64_t value = u64();
    if (value >= uneven) return value % bound;
  }
}

std::string Random::bytes(std::size_t count) {
  std::string out(count, '\0');
  fill(std::as_writable_bytes(std::span{out}));
  return out;
}

void SystemRandom::fill(std::span<std::byte> out) {
  while (!out.empty()) {
    const ssize_t got = ::getrandom(out.data(), out.size(), 0);
    if (got > 0) {
      out = out.subspan(static_cast<std::size_t>(got));
    } else if (errno != EINTR) {
      std::abort();  // without chance there are no keys: going on would be worse
    }
  }
}

void SeededRandom::fill(std::span<std::byte> out) {
  while (!out.empty()) {
    std::uint64_t word = state_ += 0x9e3779b97f4a7c15U;
    word = (word ^ (word >> 30U)) * 0xbf58476d1ce4e5b9U;
    word = (word ^ (word >> 27U)) * 0x94d049bb133111ebU;
    word ^= word >> 31U;
    const std::size_t take = out.size() < sizeof word ? out.size() : sizeof word;
    for (std::size_t i = 0; i < take; ++i, word >>= 8U)
      out[i] = static_cast<std::byte>(word & 0xffU);
    out = out.subspan(take);
  }
}

}  // namespace postern
