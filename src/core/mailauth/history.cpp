#include "mailauth/history.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <utility>

#include "mailauth/path_codec.hpp"
#include "record/key.hpp"

namespace postern::mailauth {
namespace {

class StoredHistory final : public History {
 public:
  StoredHistory(kv::Engine& engine, const Clock& clock) : engine_{engine}, clock_{clock} {}

  Task<bool> has_passed(std::string author, std::vector<std::string> paths) override {
    const auto known = co_await look(author, paths);
    if (!known) co_return true;
    const auto day = today();
    co_return std::ranges::any_of(
        *known, [day](std::uint32_t last) { return last != 0 && last + kPathDays >= day; });
  }

  Task<> note_pass(std::string author, std::vector<std::string> paths) override {
    const auto known = co_await look(author, paths);
    if (!known) co_return;
    kv::Batch batch;
    for (std::size_t i = 0; i < paths.size(); ++i) {
      if (known->at(i) < today())
        batch.put(path_key(author, paths.at(i)), encode_path_day(today()));
    }
    if (batch.empty()) co_return;
    // What a store that is full or read-only does not take is known the next time.
    (void)co_await engine_.append(std::move(batch), kv::Engine::Purpose::adds_mail);
  }

  Task<> sweep() override {
    const auto day = today();
    if (swept_.exchange(day) == day) co_return;
    const auto reader = engine_.published();
    kv::Range range{.begin = path_prefix(), .end = record::prefix_end(path_prefix())};
    for (bool more = true; more;) {
      const auto page = co_await reader->scan(range);
      if (!page) co_return;
      kv::Batch batch;
      for (const auto& pair : page->pairs) {
        const auto last = decode_path_day(pair.value);
        if (last && *last + kPathDays < day) batch.erase(pair.key);
      }
      if (!batch.empty())
        (void)co_await engine_.append(std::move(batch), kv::Engine::Purpose::housekeeping);
      more = kv::next_page(range, *page);
    }
  }

 private:
  /// The last day of each path, 0 for an unknown one; an error if the store cannot tell.
  Task<Result<std::vector<std::uint32_t>>> look(const std::string& author,
                                                const std::vector<std::string>& paths) {
    std::vector<std::string> keys;
    keys.reserve(paths.size());
    for (const auto& path : paths) keys.push_back(path_key(author, path));
    const auto reader = engine_.published();
    const auto values = co_await reader->get(std::move(keys));
    if (!values) co_return std::unexpected(values.error());
    std::vector<std::uint32_t> out;
    out.reserve(values->size());
    for (const auto& value : *values)
      out.push_back(value ? decode_path_day(*value).value_or(0) : 0);
    co_return out;
  }
  [[nodiscard]] std::uint32_t today() const {
    return static_cast<std::uint32_t>(
        std::chrono::floor<std::chrono::days>(clock_.now()).time_since_epoch().count());
  }

  kv::Engine& engine_;
  const Clock& clock_;
  std::atomic<std::uint32_t> swept_{0};
};

}  // namespace

std::unique_ptr<History> make_history(kv::Engine& engine, const Clock& clock) {
  return std::make_unique<StoredHistory>(engine, clock);
}

}  // namespace postern::mailauth
