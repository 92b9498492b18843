#include "sasl/server.hpp"

#include <algorithm>
#include <utility>

#include "sasl/plain.hpp"
#include "sasl/scram_message.hpp"
#include "sasl/scram_server.hpp"
#include "text/ascii.hpp"

namespace postern::sasl {
namespace {

using Made = std::unique_ptr<ServerMechanism>;

struct Entry {
  std::string_view name;
  bool ServerPolicy::* allowed;
  bool needs_binding;
  Made (*make)(const Channel& channel, std::string nonce);
};

template <class Mechanism>
Made make_simple(const Channel& /*channel*/, std::string /*nonce*/) {
  return std::make_unique<Mechanism>();
}

template <bool Plus>
Made make_scram(const Channel& channel, std::string nonce) {
  return std::make_unique<ScramServer>(Plus, channel, std::move(nonce));
}

// Every mechanism there is, in the order of the offer.
constexpr Entry kMechanisms[] = {
    {kScramPlusName, &ServerPolicy::scram, true, make_scram<true>},
    {kScramName, &ServerPolicy::scram, false, make_scram<false>},
    {"PLAIN", &ServerPolicy::plain, false, make_simple<PlainServer>},
    {"LOGIN", &ServerPolicy::login, false, make_simple<LoginServer>},
};

bool is_offered(const Entry& entry, const Channel& channel, const ServerPolicy& policy) {
  return channel.encrypted && policy.*entry.allowed &&
         (!entry.needs_binding || !channel.tls_exporter.empty());
}

}  // namespace

std::vector<std::string_view> offered_mechanisms(const Channel& channel,
                                                 const ServerPolicy& policy) {
  std::vector<std::string_view> names;
  for (const Entry& entry : kMechanisms) {
    if (is_offered(entry, channel, policy)) names.push_back(entry.name);
  }
  return names;
}

Result<std::unique_ptr<ServerMechanism>> make_server_mechanism(std::string_view name,
                                                               const Channel& channel,
                                                               std::string nonce,
                                                               const ServerPolicy& policy) {
  const auto* const entry = std::ranges::find_if(
      kMechanisms, [name](const Entry& e) { return text::iequals(e.name, name); });
  if (entry == std::end(kMechanisms) || !is_offered(*entry, channel, policy)) {
    return fail(Errc::unsupported, "SASL mechanism");
  }
  if (!is_scram_nonce(nonce)) return fail(Errc::bad_config, "SASL nonce");
  return entry->make(channel, std::move(nonce));
}

}  // namespace postern::sasl
