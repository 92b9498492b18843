// libFuzzer: any Authentication-Results value. What was read prints as one well-formed field,
// which reads back as itself; a field that bears our id is always seen to claim it.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "authres/authres.hpp"
#include "authres/received_spf.hpp"
#include "text/ascii.hpp"

namespace {

using namespace postern;

void require(bool holds) {
  if (!holds) std::abort();
}

/// One header field: every line but the first begins with a tab, none is empty or too long.
void check_field(const std::string& field, authres::Charset charset) {
  require(field.ends_with("\r\n") && !field.contains('\0'));
  require(charset == authres::Charset::utf8 || text::is_ascii(field));
  std::string_view rest = field;
  for (bool first = true; !rest.empty(); first = false) {
    const auto end = rest.find("\r\n");
    const auto line = rest.substr(0, end);
    require(!line.empty() && line.size() < 998 && !line.contains('\n') && !line.contains('\r'));
    require(first || (line.starts_with('\t') && line.size() > 1));
    rest.remove_prefix(end + 2);
  }
}

void check_round_trip(const authres::AuthenticationResults& read, authres::Charset charset) {
  check_field(authres::to_field(read, charset), charset);
  const auto once = authres::to_value(read, charset);
  const auto again = read.instance ? authres::parse_arc(once) : authres::parse(once);
  require(again.has_value());
  require(again->statements.size() == read.statements.size() && again->version == read.version);
  require(authres::to_value(*again, charset) == once);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input{reinterpret_cast<const char*>(data), size};
  for (const auto charset : {authres::Charset::ascii, authres::Charset::utf8}) {
    if (const auto read = authres::parse(input)) {
      require(read->statements.size() <= authres::kMaxStatements);
      check_round_trip(*read, charset);
    }
    if (const auto read = authres::parse_arc(input)) check_round_trip(*read, charset);
    const std::string text{input};
    check_field(authres::to_field(
                    authres::ReceivedSpf{
                        .result = text, .comment = text, .envelope_from = text, .helo = text},
                    charset),
                charset);
  }
  const std::vector<std::string> ours{"mx.example.org"};
  (void)authres::claims_id(input, ours);
  const auto read = authres::parse(input);
  if (read && text::iequals(read->authserv_id, ours.front()))
    require(authres::claims_id(input, ours));
  require(authres::claims_id("mx.example.org;" + std::string{input}, ours));
  return 0;
}
