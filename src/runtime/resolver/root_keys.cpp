#include "resolver/root_keys.hpp"

#include "text/ascii.hpp"

namespace postern::resolver {
namespace {

/// AUTR_STATE_VALID and _MISSING: a key that is not seen for a while stays trusted (RFC 5011 §4.2).
constexpr std::string_view kTrusted = "23";

bool is_trusted(std::string_view comment) {
  constexpr std::string_view kState = ";;state=";
  const auto at = comment.find(kState);
  if (at == comment.npos) return true;
  const auto rest = comment.substr(at + kState.size());
  return !rest.empty() && kTrusted.contains(rest.front());
}

}  // namespace

std::vector<std::string> trusted_root_keys(std::string_view file) {
  std::vector<std::string> out;
  for (const auto line : text::split(file, '\n')) {
    const auto end = line.find(';');
    const auto record = text::trim(line.substr(0, end));
    const auto comment = end == line.npos ? std::string_view{} : line.substr(end);
    if (record.starts_with('.') && is_trusted(comment)) out.emplace_back(record);
  }
  return out;
}

}  // namespace postern::resolver
