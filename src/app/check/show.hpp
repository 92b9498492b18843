#pragma once

#include <boost/json/object.hpp>

#include "dmarc/evaluate.hpp"

// Inside checks: data that several of them show.
namespace postern::check {

/// `{"result":…,"policy":…,"domain":…,…}`
[[nodiscard]] boost::json::object dmarc_data(const dmarc::Verdict& verdict);

}  // namespace postern::check
