#include "dmarc/registered_domain.hpp"

namespace postern::dmarc {

dns::Name registered_domain(const dns::Name& name, const PublicSuffix& suffix) {
  const auto known = suffix ? suffix(name) : std::nullopt;
  const auto depth = known ? known->depth() + 1 : std::size_t{2};
  auto out = name;
  while (out.depth() > depth) out = out.parent();
  return out;
}

std::string registered_domain(const std::string& domain, const PublicSuffix& suffix) {
  const auto name = dns::Name::parse(domain);
  return name ? registered_domain(*name, suffix).to_string() : domain;
}

}  // namespace postern::dmarc
