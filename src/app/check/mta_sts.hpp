#pragma once

#include <optional>
#include <string>
#include <vector>

#include "check/checks.hpp"
#include "check/line.hpp"
#include "dns/answer.hpp"
#include "http/message.hpp"

// Inside checks: whether a domain's MTA-STS would work. The judging is pure; the fetching is
// somebody else's.
namespace postern::check {

/// What there is of it.
struct StsFindings {
  dns::Name domain;
  std::vector<std::string> txts;                ///< All TXT records at _mta-sts.
  std::optional<std::vector<dns::Name>> hosts;  ///< That take its mail; nothing: not known.
  /// What came of asking for the policy; nothing: nobody asked.
  std::optional<Result<http::Response>> policy;
};

/// RFC 8461 §3, §4.1. A policy without a record is told as well.
[[nodiscard]] Line judge_mta_sts(const StsFindings& found);

/// Whether it takes the policy file to judge these records.
[[nodiscard]] bool wants_policy(const std::vector<std::string>& txts);

}  // namespace postern::check
