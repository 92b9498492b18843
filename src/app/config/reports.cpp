#include "config/reports.hpp"

#include <algorithm>

#include "config/authentication.hpp"

namespace postern::config {

std::shared_ptr<const reports::Settings> report_settings(const Config& config) {
  auto out = std::make_shared<reports::Settings>();
  out->enabled = config.send_reports;
  out->from = config.reports_from.empty() ? "postmaster@" + config.hostname : config.reports_from;
  out->hostname = config.hostname;
  out->org_name = config.reports_organisation;
  out->contact = config.reports_contact;
  out->suffix = authentication_settings(config)->suffix;
  return out;
}

ReportAddresses::ReportAddresses(const Config& config) {
  auto texts = config.report_addresses;
  if (texts.empty()) texts = {"dmarc-reports", "tls-reports"};
  for (const auto& text : texts) {
    const auto address = smtp::parse_address(text);
    if (address) {
      addresses_.push_back(smtp::address_key(*address));
    } else {
      local_parts_.push_back(smtp::local_key(text));
    }
  }
}

bool ReportAddresses::has(const smtp::Address& recipient) const {
  const auto among = [](const std::vector<std::string>& list, const std::string& key) {
    return std::ranges::find(list, key) != list.end();
  };
  return among(local_parts_, smtp::local_key(recipient.local)) ||
         among(addresses_, smtp::address_key(recipient));
}

}  // namespace postern::config
