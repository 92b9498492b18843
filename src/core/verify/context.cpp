#include "verify/context.hpp"

#include <array>

#include <fmt/format.h>

namespace postern::verify {

void Report::add(std::string where, std::string what) {
  ++found;
  if (findings.size() < kMaxFindings) findings.push_back({std::move(where), std::move(what)});
}

std::string hex(std::uint64_t id) {
  return fmt::format("{:016x}", id);
}

std::string hex(std::string_view bytes) {
  constexpr std::size_t kMost = 80;
  std::string out;
  for (const char c : bytes.substr(0, kMost))
    out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  if (bytes.size() > kMost) out += "...";
  return out;
}

std::string to_text(const BlobId& blob) {
  return hex(std::string_view{reinterpret_cast<const char*>(blob.data()), blob.size()});
}

std::string why(const Error& error) {
  const auto name = to_string(error.code);
  return error.detail.empty() ? std::string{name} : fmt::format("{}: {}", name, error.detail);
}

std::uint8_t octet(std::string_view key, std::size_t at) {
  return at < key.size() ? static_cast<std::uint8_t>(key[at]) : std::uint8_t{0};
}

void unknown_key(Context& context, std::string_view key) {
  context.report.add("key " + hex(key), "no release of Postern writes such a key");
}

}  // namespace postern::verify
