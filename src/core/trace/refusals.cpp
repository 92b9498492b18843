#include "trace/refusals.hpp"

#include <utility>

#include "text/ip.hpp"

namespace postern::trace {
namespace {

std::int64_t minute_of(Timestamp time) {
  return std::chrono::floor<std::chrono::minutes>(time).time_since_epoch().count();
}

/// The net of the address in the last brackets.
std::string net_of(std::string_view peer) {
  const auto begin = peer.rfind('[');
  const auto end = peer.rfind(']');
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) return {};
  const auto ip = text::IpAddress::parse(peer.substr(begin + 1, end - begin - 1));
  if (!ip) return {};
  return ip->peer_net().to_string() + (ip->is_v4() ? "/24" : "/64");
}

}  // namespace

void Refusals::turn(Timestamp now) {
  const auto minute = minute_of(now);
  if (minute == minute_) return;
  minute_ = minute;
  kept_ = 0;
  for (auto& [net, one] : std::exchange(nets_, {}))
    if (one.counted > 0) done_.push_back({.net = net, .refusals = one.counted});
}

bool Refusals::admit(std::string_view peer, Timestamp now) {
  turn(now);
  auto net = net_of(peer);
  auto known = nets_.find(net);
  if (known == nets_.end()) {
    if (nets_.size() >= kNets) net.clear();
    known = nets_.try_emplace(std::move(net)).first;
  }
  auto& one = known->second;
  if (one.kept < kSingly && kept_ < kTogether) {
    ++one.kept;
    ++kept_;
    return true;
  }
  ++one.counted;
  return false;
}

std::vector<Refusals::Count> Refusals::counted(Timestamp now) {
  turn(now);
  return std::exchange(done_, {});
}

}  // namespace postern::trace
