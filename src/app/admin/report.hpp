#pragma once

#include <boost/json/fwd.hpp>

#include "verify/verify.hpp"

namespace postern::admin {

/// {"clean":true,"found":0,"findings":[{"where":..,"what":..}],"counts":{"keys":..}}
[[nodiscard]] boost::json::object to_json(const verify::Report& report);

}  // namespace postern::admin
