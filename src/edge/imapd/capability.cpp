#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "imap/response_code.hpp"
#include "imapd/connection.hpp"
#include "imapd/login.hpp"
#include "sasl/server.hpp"

namespace postern::imapd {
namespace {

/// Everyone may know these (RFC 9051 §6.1.1).
constexpr auto kAlways =
    std::to_array<std::string_view>({"IMAP4rev1", "IMAP4rev2", "LITERAL+", "ID", "ENABLE"});

/// Of use only to who is logged in.
constexpr auto kInside = std::to_array<std::string_view>(
    {"IDLE",          "NAMESPACE",   "UNSELECT",    "UIDPLUS",
     "ESEARCH",       "SEARCHRES",   "CONDSTORE",   "MOVE",
     "LIST-EXTENDED", "LIST-STATUS", "SPECIAL-USE", "CREATE-SPECIAL-USE",
     "CHILDREN",      "STATUS=SIZE", "MULTIAPPEND", "BINARY",
     "WITHIN",        "OBJECTID",    "SAVEDATE",    "UTF8=ACCEPT"});

}  // namespace

std::string capability_code(const Connection& c) {
  std::vector<std::string> words{kAlways.begin(), kAlways.end()};
  if (c.account) {
    words.insert(words.end(), kInside.begin(), kInside.end());
    words.push_back("APPENDLIMIT=" + std::to_string(c.settings.max_message));
  } else if (c.stream.tls() == nullptr) {
    // RFC 9051 §11.1: no password in clear.
    if (c.settings.tls) words.emplace_back("STARTTLS");
    words.emplace_back("LOGINDISABLED");
  } else {
    words.emplace_back("SASL-IR");
    for (const auto name : sasl::offered_mechanisms(channel_of(c)))
      words.push_back("AUTH=" + std::string{name});
  }
  const std::vector<std::string_view> views{words.begin(), words.end()};
  return imap::capability_data(views);
}

}  // namespace postern::imapd
