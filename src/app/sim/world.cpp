#include "sim/world.hpp"

#include <memory>
#include <utility>

#include "sim/node.hpp"
#include "sim/protocol_world.hpp"
#include "sim/store_user.hpp"

namespace postern::sim {
namespace {

constexpr int kUsersPerAccount = 2;

/// One Postern, and callers of its store.
class StoreWorld {
 public:
  explicit StoreWorld(const WorldOptions& options)
      : options_{options},
        chance_{options.seed},
        machine_{std::make_unique<ManualCore>(chance_.seed())},
        node_{*machine_,
              {.hostname = "mx.a.example", .mutant = options.mutant},
              "a.example",
              chance_.seed(),
              [this](std::string what) { breach(std::move(what)); }} {}
  StoreWorld(const StoreWorld&) = delete;
  StoreWorld& operator=(const StoreWorld&) = delete;
  /// The core first, with all that waits on it.
  ~StoreWorld() { machine_.reset(); }

  Outcome run() {
    node_.begin();
    start_users();
    for (unsigned step = 0; step < options_.steps && outcome_.breaches.empty(); ++step) {
      machine_->advance(Duration{static_cast<std::int64_t>(chance_.below(2500))});
      happen();
    }
    if (outcome_.breaches.empty()) end();
    outcome_.operations = shared_.operations;
    outcome_.acknowledged = shared_.acknowledged;
    outcome_.crashes = node_.crashes;
    outcome_.failures = node_.failures;
    outcome_.fingerprint = shared_.fingerprint;
    return std::move(outcome_);
  }

 private:
  void breach(std::string what) {
    if (outcome_.breaches.size() < kMaxBreaches) outcome_.breaches.push_back(std::move(what));
  }

  void start_users() {
    auto& slots = node_.slots();
    for (int n = 0; n < kUsersPerAccount; ++n) {
      for (std::size_t at = 0; at < slots.size(); ++at) {
        users_.push_back(std::make_unique<StoreUser>(node_.life(), shared_, slots.at(at),
                                                     slots.at(1 - at), chance_.seed()));
        machine_->group().spawn(users_.back()->run());
      }
    }
  }

  void happen() {
    switch (chance_.below(60)) {
      case 0:
      case 1:
        node_.crash_and_restart();
        start_users();
        break;
      case 2:
      case 3:  node_.fail_something(); break;
      case 4:
      case 5:  node_.sweep(); break;
      case 6:  node_.replace_account(); break;
      case 7:
      case 8:
      case 9:
      case 10: node_.look_around(false); break;
      default: break;
    }
    if (chance_.once_in(6)) node_.recover();
  }

  void end() {
    shared_.stopping = true;
    machine_->advance(std::chrono::seconds{1});
    node_.recover();
    node_.look_around(false);
    node_.crash_and_restart();
    node_.look_around(true);
  }

  WorldOptions options_;
  Chance chance_;
  Shared shared_;
  Outcome outcome_;
  std::unique_ptr<ManualCore> machine_;
  Node node_;
  std::vector<std::unique_ptr<StoreUser>> users_;
};

}  // namespace

Outcome run_world(const WorldOptions& options) {
  if (options.protocols) return run_protocol_world(options);
  StoreWorld world{options};
  return world.run();
}

}  // namespace postern::sim
