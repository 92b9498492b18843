#include "smtpc/idle.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace postern::smtpc {
namespace {

constexpr Duration kGoodbyeTime = std::chrono::seconds{5};

/// Polite, and not worth an error.
Task<> say_goodbye(std::unique_ptr<Connection> connection) {
  const auto reply = co_await connection->ask("QUIT", kGoodbyeTime);
  static_cast<void>(reply);
  connection->stream().close();
}

bool worn(const Connection& connection, const Settings& settings, Instant now) {
  const auto most = connection.capabilities.mail_max.value_or(settings.messages_per_connection);
  return connection.transactions >= std::min(most, settings.messages_per_connection) ||
         now - connection.opened >= settings.connection_age;
}

}  // namespace

IdleConnections::IdleConnections(Core& core, const Settings& settings)
    : core_{core},
      settings_{settings},
      goodbyes_{core.executor, [this](const std::exception_ptr&) { ++bugs_; }} {}

std::unique_ptr<Connection> IdleConnections::take(const route::Candidate& to) {
  const auto found = by_host_.find(describe(to));
  if (found == by_host_.end()) return nullptr;
  auto connection = std::move(found->second.back().connection);
  found->second.pop_back();
  if (found->second.empty()) by_host_.erase(found);
  --count_;
  return connection;
}

void IdleConnections::give(std::unique_ptr<Connection> connection) {
  const auto now = core_.clock.instant();
  const auto key = describe(connection->to());
  const auto found = by_host_.find(key);
  const bool crowded = found != by_host_.end() && found->second.size() >= settings_.idle_per_host;
  if (closed_ || crowded || count_ >= settings_.idle_total || worn(*connection, settings_, now)) {
    dismiss(std::move(connection));
    return;
  }
  by_host_[key].push_back({std::move(connection), now + settings_.idle_time});
  ++count_;
  if (!armed()) core_.timers.arm(*this, now + settings_.idle_time);
}

void IdleConnections::dismiss(std::unique_ptr<Connection> connection) {
  goodbyes_.spawn(say_goodbye(std::move(connection)));
}

/// The oldest of each host stand in front.
void IdleConnections::fire() {
  const auto now = core_.clock.instant();
  Instant next = Instant::max();
  std::deque<std::unique_ptr<Connection>> old;
  for (auto& [host, idle] : by_host_) {
    while (!idle.empty() && idle.front().until <= now) {
      old.push_back(std::move(idle.front().connection));
      idle.pop_front();
    }
    if (!idle.empty()) next = std::min(next, idle.front().until);
  }
  std::erase_if(by_host_, [](const auto& entry) { return entry.second.empty(); });
  count_ -= old.size();
  if (next != Instant::max()) core_.timers.arm(*this, next);
  for (auto& connection : old) dismiss(std::move(connection));
}

Task<> IdleConnections::close() {
  closed_ = true;
  disarm();
  for (auto& [host, idle] : by_host_) {
    for (auto& one : idle) dismiss(std::move(one.connection));
  }
  by_host_.clear();
  count_ = 0;
  co_await goodbyes_.join();
}

}  // namespace postern::smtpc
