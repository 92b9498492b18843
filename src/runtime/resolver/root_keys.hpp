#pragma once

#include <string>
#include <string_view>
#include <vector>

// Only for this module.
namespace postern::resolver {

/// The keys of the root that are trusted, out of a file in which libunbound keeps them (RFC 5011):
/// a record a line, its state in a comment behind it; those of no state were there at the
/// beginning. Keys that wait for their time, are revoked or gone are left out. RFC 5011 §4.
[[nodiscard]] std::vector<std::string> trusted_root_keys(std::string_view file);

}  // namespace postern::resolver
