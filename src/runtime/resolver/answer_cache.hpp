#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "dns/answer.hpp"
#include "vocab/time.hpp"

namespace postern::resolver {

/// Answers of the last minute, in front of libunbound's own cache, to which each question is two
/// switches of threads: most of what judging a message would cost. Bounded in number and size; what
/// was not asked for lately goes first. Safe to use from any thread.
class AnswerCache {
 public:
  static constexpr std::size_t kMostAnswers = 8192;
  static constexpr std::size_t kMostBytes = std::size_t{4} << 20U;
  static constexpr Duration kLongest = std::chrono::minutes{1};

  /// Nothing: not there, or not valid any more. Its `ttl` is what is left of it.
  [[nodiscard]] std::optional<dns::Answer> find(const dns::Question& question, Instant now);
  /// Keeps what says something for a second or longer; failures and forgeries never.
  void put(const dns::Question& question, const dns::Answer& answer, Instant now);

 private:
  struct Entry {
    dns::Answer answer;
    Instant until;
    Instant valid_until;
  };
  /// Two halves: when the young one is full it becomes the old one, and the old one goes.
  struct Half {
    std::unordered_map<dns::Question, Entry> entries;
    std::size_t bytes = 0;
  };
  /// As it then stands among the young, till the next call.
  Entry& keep(const dns::Question& question, Entry entry);

  std::mutex mutex_;
  Half young_;
  Half old_;
};

}  // namespace postern::resolver
