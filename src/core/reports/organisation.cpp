#include "reports/organisation.hpp"

namespace postern::reports {

dns::Name organisation_of(const dns::Name& name, const dmarc::PublicSuffix& suffix) {
  const auto known = suffix ? suffix(name) : std::nullopt;
  const auto depth = known ? known->depth() + 1 : std::size_t{2};
  auto out = name;
  while (out.depth() > depth) out = out.parent();
  return out;
}

std::string organisation_of(const std::string& domain, const dmarc::PublicSuffix& suffix) {
  const auto name = dns::Name::parse(domain);
  return name ? organisation_of(*name, suffix).to_string() : domain;
}

}  // namespace postern::reports
