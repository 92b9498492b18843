#include "commands/dkim_records.hpp"

#include <string_view>

#include <boost/json.hpp>

#include "commands/text.hpp"

namespace postern::commands {
namespace {

/// A character-string holds no more (RFC 1035 §3.3).
constexpr std::size_t kMaxString = 255;

void print_record(std::ostream& out, const boost::json::value& key) {
  out << printable(text_of(key, "name")) << ". IN TXT (";
  const auto text = printable(text_of(key, "txt"));
  for (std::string_view rest = text; !rest.empty();) {
    out << " \"" << rest.substr(0, kMaxString) << '"';
    rest.remove_prefix(std::min(kMaxString, rest.size()));
  }
  out << " )\n";
}

}  // namespace

void print_dkim_records(std::ostream& out, const boost::json::value& keys) {
  bool first = true;
  for (const auto& key : list_of(keys)) {
    if (text_of(key, "state") != "pending" || !text_of(key, "lost").empty()) continue;
    if (first) out << "\nto be published in DNS:\n";
    first = false;
    print_record(out, key);
  }
}

}  // namespace postern::commands
