#include "store/flags.hpp"

#include "text/ascii.hpp"

namespace postern::store {

std::optional<std::uint64_t> keyword_bit(const Keywords& table, std::string_view keyword) {
  for (std::size_t i = 0; i < table.size() && i < Flags::kMaxKeywords; ++i) {
    if (text::iequals(table[i], keyword)) return std::uint64_t{1} << (Flags::kFirstKeyword + i);
  }
  return std::nullopt;
}

NamedFlags to_names(Flags flags, const Keywords& table) {
  NamedFlags out;
  out.system = flags.bits & Flags::kSystem;
  for (std::size_t i = 0; i < table.size() && i < Flags::kMaxKeywords; ++i) {
    if (flags.has(std::uint64_t{1} << (Flags::kFirstKeyword + i))) out.keywords.push_back(table[i]);
  }
  return out;
}

}  // namespace postern::store
