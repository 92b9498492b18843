#include "store/read_many.hpp"

#include <algorithm>
#include <utility>

#include "vocab/try.hpp"

namespace postern::store {
namespace {

/// A search for a key costs as much as several steps of a walk, and a walk has to begin.
constexpr std::size_t kFew = 16;
constexpr std::uint64_t kStepsOfASearch = 3;
constexpr std::size_t kPage = 4096;

using Values = std::vector<std::optional<std::string>>;

bool worth_a_walk(const std::vector<std::string>& keys, std::uint64_t width) {
  return keys.size() >= kFew && width / keys.size() < kStepsOfASearch &&
         std::ranges::is_sorted(keys, std::ranges::less_equal{});
}

/// Takes what of `page` is wanted; `next` is the first key that was not met yet.
void take_wanted(kv::Page& page, const std::vector<std::string>& keys, std::size_t& next,
                 Values& out) {
  for (auto& [key, value] : page.pairs) {
    while (next < keys.size() && keys[next] < key) ++next;
    if (next < keys.size() && keys[next] == key) out[next++] = std::move(value);
  }
}

}  // namespace

Task<Result<Values>> read_many(const kv::Reader& reader, std::vector<std::string> keys,
                               std::uint64_t width) {
  if (!worth_a_walk(keys, width)) co_return co_await reader.get(std::move(keys));
  Values out(keys.size());
  std::size_t next = 0;
  kv::Range range{.begin = keys.front(), .end = keys.back() + '\0', .limit = kPage};
  for (;;) {
    POSTERN_CO_TRY(auto page, co_await reader.scan(range));
    const bool more = kv::next_page(range, page);
    take_wanted(page, keys, next, out);
    if (!more) co_return out;
  }
}

}  // namespace postern::store
