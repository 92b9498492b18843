#include "config/authentication.hpp"

#include "mailauth/exceptions.hpp"
#include "suffix/public_suffix.hpp"

namespace postern::config {
namespace {

/// Domains as rules compare them; what is no name stays as it is, and matches nothing.
std::vector<std::string> as_names(const std::vector<std::string>& domains) {
  std::vector<std::string> out;
  out.reserve(domains.size());
  for (const auto& domain : domains) {
    const auto name = dns::Name::parse(domain);
    out.push_back(name ? name->to_string() : domain);
  }
  return out;
}

}  // namespace

std::shared_ptr<const mailauth::Settings> authentication_settings(const Config& config) {
  static const auto load = std::make_shared<mailauth::Load>();
  static const auto keys = std::make_shared<mailauth::KeyCache>();
  auto out = std::make_shared<mailauth::Settings>();
  out->hostname = config.hostname;
  out->trusted_sealers = as_names(config.trusted_sealers);
  for (const auto& text : config.exceptions) {
    if (auto exception = mailauth::parse_exception(text))
      out->exceptions.push_back(*std::move(exception));
  }
  out->strict_domains = as_names(config.strict_domains);
  out->load = load;
  out->seal = config.seal_forwarded;
  out->keys = keys;
  const auto list =
      std::make_shared<const suffix::PublicSuffixList>(suffix::PublicSuffixList::builtin());
  out->suffix = [list](const dns::Name& name) { return list->suffix_of(name); };
  return out;
}

}  // namespace postern::config
