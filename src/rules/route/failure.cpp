#include "route/failure.hpp"

namespace postern::route {

bool is_null_mx(const std::vector<dns::Mx>& records) {
  return records.size() == 1 && records.front().exchange.is_root();
}

}  // namespace postern::route
