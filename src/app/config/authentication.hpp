#pragma once

#include <memory>

#include "config/config.hpp"
#include "mailauth/reception.hpp"

namespace postern::config {

/// What the configuration says of how mail is judged, whether or not it is to be; with the public
/// suffix list that the program was built with. All of a process share one load.
[[nodiscard]] std::shared_ptr<const mailauth::Settings> authentication_settings(
    const Config& config);

}  // namespace postern::config
