#include "sim/script_world.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "sim/node.hpp"
#include "sim/store_user.hpp"
#include "vocab/try.hpp"

namespace postern::sim {
namespace {

constexpr std::size_t kUsers = 4;

Task<Result<std::vector<kv::Pair>>> all_rows(std::shared_ptr<const kv::Reader> reader) {
  std::vector<kv::Pair> rows;
  kv::Range range{.begin = {}, .end = std::string(16, '\xFF')};
  for (;;) {
    POSTERN_CO_TRY(auto page, co_await reader->scan(range));
    const bool more = kv::next_page(range, page);
    std::ranges::move(page.pairs, std::back_inserter(rows));
    if (!more) co_return rows;
  }
}

class ScriptWorld {
 public:
  ScriptWorld(const WorldOptions& options, std::filesystem::path folder)
      : options_{options},
        chance_{options.seed},
        machine_{std::make_unique<ManualCore>(chance_.seed())},
        node_{*machine_,
              {.hostname = "mx.a.example",
               .mutant = options.mutant,
               .steady = true,
               .folder = std::move(folder)},
              "a.example",
              chance_.seed(),
              [this](std::string what) { breach(std::move(what)); }} {}
  ScriptWorld(const ScriptWorld&) = delete;
  ScriptWorld& operator=(const ScriptWorld&) = delete;
  ~ScriptWorld() { machine_.reset(); }

  ScriptEnd run() {
    node_.begin();
    for (std::size_t at = 0; at < kUsers; ++at) users_.push_back(new_user(at));
    for (unsigned step = 0; step < options_.steps && outcome_.breaches.empty(); ++step) {
      act();
      happen();
    }
    if (outcome_.breaches.empty()) restart();
    if (outcome_.breaches.empty()) node_.look_around(true);
    outcome_.operations = shared_.operations;
    outcome_.acknowledged = shared_.acknowledged;
    outcome_.fingerprint = shared_.fingerprint;
    return {.outcome = std::move(outcome_), .state = state()};
  }

 private:
  void breach(std::string what) {
    if (outcome_.breaches.size() < kMaxBreaches) outcome_.breaches.push_back(std::move(what));
  }

  std::unique_ptr<StoreUser> new_user(std::size_t at) {
    auto& slots = node_.slots();
    const std::size_t slot = at % slots.size();
    return std::make_unique<StoreUser>(node_.life(), shared_, slots.at(slot), slots.at(1 - slot),
                                       chance_.seed());
  }

  void act() {
    if (machine_->try_run(done_after(users_.at(chance_.below(kUsers))->step()))) return;
    breach("an operation waits though nobody is in its way");
  }

  static Task<bool> done_after(Task<> step) {
    co_await std::move(step);
    co_return true;
  }

  void happen() {
    switch (chance_.below(24)) {
      case 0: restart(); break;
      case 1:
        node_.sweep();
        machine_->poll();
        break;
      case 2:  machine_->advance(std::chrono::hours{chance_.below(400)}); break;  // past retention
      case 3:  node_.replace_account(); break;
      case 4:  node_.look_around(false); break;
      default: machine_->advance(Duration{static_cast<std::int64_t>(chance_.below(2500))}); break;
    }
  }

  void restart() {
    node_.stop_and_restart();
    for (std::size_t at = 0; at < kUsers; ++at) {
      old_users_.push_back(std::exchange(users_.at(at), new_user(at)));
    }
  }

  std::vector<kv::Pair> state() {
    auto rows = machine_->try_run(all_rows(node_.life().engine().published()));
    if (rows && *rows) return **std::move(rows);
    breach("the state cannot be read");
    return {};
  }

  WorldOptions options_;
  Chance chance_;
  Shared shared_;
  Outcome outcome_;
  std::unique_ptr<ManualCore> machine_;
  Node node_;
  std::vector<std::unique_ptr<StoreUser>> users_;
  std::vector<std::unique_ptr<StoreUser>> old_users_;  ///< Of lives before.
};

std::string shown(const kv::Pair& row) {
  return fmt::format("{:02x} = {:02x}", fmt::join(row.key, ""),
                     fmt::join(row.value.substr(0, 64), ""));
}

}  // namespace

ScriptEnd run_script(const WorldOptions& options, std::filesystem::path folder) {
  ScriptWorld world{options, std::move(folder)};
  return world.run();
}

std::string first_difference(const std::vector<kv::Pair>& one, const std::vector<kv::Pair>& other) {
  const auto same = [](const kv::Pair& a, const kv::Pair& b) {
    return a.key == b.key && a.value == b.value;
  };
  const auto [here, there] = std::ranges::mismatch(one, other, same);
  if (here == one.end() && there == other.end()) return {};
  return fmt::format("one: {}; other: {}", here == one.end() ? "nothing" : shown(*here),
                     there == other.end() ? "nothing" : shown(*there));
}

}  // namespace postern::sim
