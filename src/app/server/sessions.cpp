#include "server/sessions.hpp"

#include <exception>
#include <utility>

#include "async/gather.hpp"
#include "async/on_core.hpp"
#include "async/sleep.hpp"

namespace postern::server {
namespace {

using namespace std::chrono_literals;

/// How long sessions have for what they are doing and their last words.
constexpr Duration kGoodbye = 5s;
constexpr Duration kPause = 20ms;

}  // namespace

std::string words_of(const std::exception_ptr& bug) {
  try {
    std::rethrow_exception(bug);
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "not a std::exception";
  }
}

Sessions::Place::Place(Core& at, log::Logger logger)
    : core{at}, group{at.executor, [logger](const std::exception_ptr& bug) {
                        logger.error("a coroutine ended with an exception: this is a bug",
                                     {{"what", words_of(bug)}});
                      }} {}

Sessions::Sessions(std::span<Core* const> cores, log::Logger logger) {
  for (auto* const core : cores) places_.emplace(core, std::make_unique<Place>(*core, logger));
}

Task<> Sessions::run(Place& place, net::Stream* key, Task<> session) {
  struct Leave {
    Place& place;
    net::Stream* key;
    ~Leave() { place.live.erase(key); }
  };
  const Leave leave{place, key};
  co_await std::move(session);
}

void Sessions::spawn(Core& core, std::unique_ptr<net::Stream> stream, const Serve& serve) {
  Place& place = *places_.at(&core);
  if (place.stopping) return;
  auto* const key = stream.get();
  place.live.insert(key);
  place.group.spawn(run(place, key, serve(core, std::move(stream))));
}

Task<> Sessions::stop_place(Place& place) {
  place.stopping = true;
  // Woken without a reason of its own, a session says goodbye (421, BYE) and ends. A wake may meet
  // one for another reason and be taken for that: it is said again.
  for (Duration waited{}; !place.live.empty() && waited < kGoodbye && !hurry_; waited += kPause) {
    for (auto* const stream : place.live) stream->wake();
    co_await sleep(place.core, kPause);
  }
  for (auto* const stream : place.live) stream->stop(Errc::shutting_down);
  co_await place.group.join();
}

Task<> Sessions::stop() {
  // All at once: nobody's slow peer takes the time of others.
  std::vector<Task<int>> stopping;
  stopping.reserve(places_.size());
  const auto one = [](Sessions& all, Place& place) -> Task<int> {
    co_await on_core(place.core.executor, all.stop_place(place));
    co_return 0;
  };
  for (auto& [core, place] : places_) stopping.push_back(one(*this, *place));
  co_await gather(std::move(stopping));
}

}  // namespace postern::server
