#include "queue/destinations.hpp"

#include <algorithm>

namespace postern::queue {
namespace {

bool idle(const Destination& destination) {
  return destination.running == 0 && !destination.listed && destination.ready.empty() &&
         destination.parked.empty();
}

}  // namespace

Destination& Destinations::at(std::string_view domain) {
  const auto found = all_.find(domain);
  if (found != all_.end()) return found->second;
  std::string name{domain};
  return all_.try_emplace(name, name, fresh_).first->second;
}

Destination* Destinations::find(std::string_view domain) {
  const auto found = all_.find(domain);
  return found == all_.end() ? nullptr : &found->second;
}

void Destinations::offer(Destination& destination) {
  if (destination.listed || destination.ready.empty() ||
      destination.running >= destination.pace.window()) {
    return;
  }
  destination.listed = true;
  line_.push_back(&destination);
}

Destination* Destinations::next() {
  if (line_.empty()) return nullptr;
  Destination* const first = line_.front();
  line_.pop_front();
  first->listed = false;
  return first;
}

void Destinations::leave(Destination& destination) {
  if (!idle(destination) || !destination.pace.clean()) return;
  const auto found = all_.find(destination.domain);
  if (found != all_.end()) all_.erase(found);
}

void Destinations::sweep(Instant now) {
  if (all_.size() < sweep_at_) return;
  std::erase_if(all_, [now](const auto& entry) {
    return idle(entry.second) && entry.second.pace.until() + Pace::kLongestPause < now;
  });
  sweep_at_ = std::max<std::size_t>(1024, all_.size() * 2);
}

}  // namespace postern::queue
