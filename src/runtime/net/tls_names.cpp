#include "net/tls_names.hpp"

#include <algorithm>
#include <array>

#include "text/ascii.hpp"

namespace postern::net {
namespace {

std::string_view view(const ASN1_STRING* string) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
          static_cast<std::size_t>(ASN1_STRING_length(string))};
}

GeneralNamesPtr alt_names(const X509& cert) {
  return GeneralNamesPtr{
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&cert, NID_subject_alt_name, nullptr, nullptr))};
}

std::vector<std::string> common_name(const X509& cert) {
  X509_NAME* const subject = X509_get_subject_name(&cert);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0) return {};
  const auto name = view(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  return {canonical_host(name)};
}

}  // namespace

std::vector<std::string> dns_names(const X509& cert) {
  const auto names = alt_names(cert);
  if (!names) return common_name(cert);
  std::vector<std::string> out;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_DNS) out.push_back(canonical_host(view(name->d.dNSName)));
  }
  return out;
}

std::vector<text::IpAddress> ip_names(const X509& cert) {
  const auto names = alt_names(cert);
  std::vector<text::IpAddress> out;
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_IPADD) continue;
    const auto octets = view(name->d.iPAddress);
    if (std::array<std::uint8_t, 4> v4{}; octets.size() == v4.size()) {
      std::ranges::copy(octets, v4.begin());
      out.push_back(text::IpAddress::v4(v4));
    } else if (std::array<std::uint8_t, 16> v6{}; octets.size() == v6.size()) {
      std::ranges::copy(octets, v6.begin());
      out.push_back(text::IpAddress::v6(v6));
    }
  }
  return out;
}

std::string canonical_host(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  return text::lower(name);
}

bool covers(std::string_view pattern, std::string_view host) {
  if (!pattern.starts_with("*.")) return pattern == host;
  const std::size_t dot = host.find('.');
  return dot != std::string_view::npos && dot > 0 && host.substr(dot) == pattern.substr(1);
}

}  // namespace postern::net
