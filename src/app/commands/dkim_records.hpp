#pragma once

#include <ostream>

#include <boost/json/fwd.hpp>

namespace postern::commands {

/// What DNS must say for those of `keys` (admin's dkim.list) that wait for it, as lines of a zone
/// file; nothing if none waits.
void print_dkim_records(std::ostream& out, const boost::json::value& keys);

}  // namespace postern::commands
