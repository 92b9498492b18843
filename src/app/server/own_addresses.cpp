#include "server/own_addresses.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <optional>

#include <ifaddrs.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace postern::server {
namespace {

std::optional<text::IpAddress> to_ip(const sockaddr* raw) {
  if (raw == nullptr) return std::nullopt;
  if (raw->sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, raw, sizeof v4);
    std::array<std::uint8_t, 4> octets{};
    std::memcpy(octets.data(), &v4.sin_addr, octets.size());
    return text::IpAddress::v4(octets);
  }
  if (raw->sa_family != AF_INET6) return std::nullopt;
  sockaddr_in6 v6{};
  std::memcpy(&v6, raw, sizeof v6);
  std::array<std::uint8_t, 16> octets{};
  std::memcpy(octets.data(), &v6.sin6_addr, octets.size());
  return text::IpAddress::v6(octets);
}

}  // namespace

std::vector<text::IpAddress> machine_addresses() {
  std::vector<text::IpAddress> out;
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return out;
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owned{list, ::freeifaddrs};
  for (const ifaddrs* one = list; one != nullptr; one = one->ifa_next) {
    if (const auto ip = to_ip(one->ifa_addr)) out.push_back(*ip);
  }
  return out;
}

std::vector<text::IpAddress> own_addresses(std::span<const net::Endpoint> smtp, std::uint16_t port,
                                           std::span<const text::IpAddress> machine) {
  std::vector<text::IpAddress> out;
  const auto add = [&out](const text::IpAddress& ip) {
    if (!ip.is_loopback() && std::ranges::find(out, ip) == out.end()) out.push_back(ip);
  };
  for (const auto& at : smtp) {
    if (at.port != port) continue;
    if (!at.ip.is_unspecified()) {
      add(at.ip);
      continue;
    }
    for (const auto& ip : machine) {
      if (ip.is_v4() == at.ip.is_v4()) add(ip);
    }
  }
  return out;
}

}  // namespace postern::server
