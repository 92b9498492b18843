#include "authres/received_spf.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "authres/words.hpp"
#include "text/ascii.hpp"

namespace postern::authres {
namespace {

constexpr std::size_t kMaxText = 450;
constexpr std::size_t kMaxComment = 300;

/// `result` has a letter from a to z in every place (RFC 7208 §9.1).
std::string word(std::string_view text) {
  std::string out;
  for (const char c : text::lower(text.substr(0, 32))) {
    if (text::is_alpha(c)) out += c;
  }
  return out.empty() ? "none" : out;
}

std::string pair(std::string_view key, std::string_view text, Charset charset) {
  const std::string plain = clean(text, charset, kMaxText);
  return std::string{key} + "=" + (is_dot_atom(plain) ? plain : quoted(plain)) + ";";
}

}  // namespace

std::string to_field(const ReceivedSpf& spf, Charset charset) {
  constexpr std::string_view kName = "Received-SPF: ";
  Folder out{kName.size()};
  out.add(word(spf.result));
  if (!spf.comment.empty()) out.add(comment(clean(spf.comment, charset, kMaxComment)));
  if (spf.client_ip) out.add(pair("client-ip", spf.client_ip->to_string(), charset));
  const std::array<std::pair<std::string_view, const std::string*>, 6> texts{
      {{"envelope-from", &spf.envelope_from},
       {"helo", &spf.helo},
       {"receiver", &spf.receiver},
       {"identity", &spf.identity},
       {"mechanism", &spf.mechanism},
       {"problem", &spf.problem}}};
  for (const auto& [key, text] : texts) {
    if (!text->empty()) out.add(pair(key, *text, charset));
  }
  return std::string{kName} + out.take() + "\r\n";
}

}  // namespace postern::authres
