#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "reports/letters.hpp"
#include "smtp/address.hpp"

namespace postern::config {

/// What the configuration says of reports, as core/reports wants it.
[[nodiscard]] std::shared_ptr<const reports::Settings> report_settings(const Config& config);

/// The addresses where reports of others come in.
class ReportAddresses {
 public:
  explicit ReportAddresses(const Config& config);
  /// Whether `recipient`, who is ours, is one of them.
  [[nodiscard]] bool has(const smtp::Address& recipient) const;

 private:
  std::vector<std::string> addresses_;    ///< As smtp::address_key.
  std::vector<std::string> local_parts_;  ///< As smtp::local_key.
};

}  // namespace postern::config
