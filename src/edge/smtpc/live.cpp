#include "smtpc/live.hpp"

#include <vector>

namespace postern::smtpc {

void LiveConnections::stop() {
  if (stopping_) return;
  stopping_ = true;
  bool patient = false;
  const std::vector<Connection*> now{in_use_.begin(), in_use_.end()};
  for (auto* const connection : now) {
    if (!in_use_.contains(connection)) continue;  // an attempt ended by the stop of another
    if (connection->delivering) {
      patient = true;
    } else {
      connection->stream().stop(Errc::shutting_down);
    }
  }
  if (patient) core_.timers.arm_after(*this, kGrace);
}

void LiveConnections::fire() {
  const std::vector<Connection*> now{in_use_.begin(), in_use_.end()};
  for (auto* const connection : now) {
    if (in_use_.contains(connection)) connection->stream().stop(Errc::shutting_down);
  }
}

}  // namespace postern::smtpc
