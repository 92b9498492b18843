#include "config/values.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "dns/name.hpp"
#include "text/ascii.hpp"
#include "vocab/try.hpp"

namespace postern::config {

bool is_host_name(std::string_view text) {
  const auto name = dns::Name::parse(text);
  return name && name->is_host() && text::is_ascii(text) && !text.ends_with('.');
}

Result<resolver::Server> parse_server(std::string_view text) {
  const auto at = text.find('@');
  const auto ip = text::IpAddress::parse(text.substr(0, at));
  const auto port = at == std::string_view::npos
                        ? std::optional<std::uint16_t>{53}
                        : text::parse_number<std::uint16_t>(text.substr(at + 1));
  if (!ip || !port || *port == 0)
    return fail(Errc::bad_config, fmt::format("\"{}\" is not address or address@port", text));
  return resolver::Server{.ip = *ip, .port = *port};
}

Result<resolver::Stub> parse_stub(std::string_view text) {
  const auto space = text.find(' ');
  if (space == std::string_view::npos)
    return fail(Errc::bad_config, fmt::format("\"{}\" is not \"zone address@port\"", text));
  auto zone = dns::Name::parse(text.substr(0, space));
  if (!zone) return fail(Errc::bad_config, fmt::format("\"{}\" is no zone", text.substr(0, space)));
  POSTERN_TRY(const auto server, parse_server(text::trim(text.substr(space))));
  return resolver::Stub{.zone = *std::move(zone), .servers = {server}};
}

bool is_trust_anchor(std::string_view text) {
  std::string spaced{text};
  std::ranges::replace(spaced, '\t', ' ');
  auto words = text::split(spaced, ' ');
  std::erase_if(words, [](std::string_view word) { return text::trim(word).empty(); });
  const auto type = std::ranges::find_if(words, [](std::string_view word) {
    return text::iequals(word, "DS") || text::iequals(word, "DNSKEY");
  });
  // The name, perhaps a TTL and a class; behind the type three numbers and the octets.
  return type != words.begin() && std::ranges::distance(type, words.end()) >= 5 &&
         dns::Name::parse(words.front()) &&
         std::ranges::all_of(type + 1, type + 4, [](std::string_view word) {
           return text::parse_number<std::uint16_t>(word).has_value();
         });
}

Result<resolver::Settings> resolver_settings(const Config& config, std::uint64_t cache_bytes) {
  resolver::Settings out;
  out.cache_bytes = cache_bytes;
  out.root_trust_anchor = config.root_trust_anchor;
  out.trust_anchors = config.trust_anchors;
  for (const auto& text : config.forwarders) {
    POSTERN_TRY(const auto server, parse_server(text));
    out.forwarders.push_back(server);
  }
  for (const auto& text : config.stubs) {
    POSTERN_TRY(auto stub, parse_stub(text));
    out.stubs.push_back(std::move(stub));
  }
  return out;
}

}  // namespace postern::config
