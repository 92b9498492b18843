#pragma once

#include <string_view>

namespace postern::commands {

/// The release, as CMakeLists.txt names it (a test compares them).
inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace postern::commands
