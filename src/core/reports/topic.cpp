#include "reports/topic.hpp"

#include <utility>

namespace postern::reports {

std::string_view to_string(Topic topic) {
  switch (topic) {
    case Topic::dmarc:   return "dmarc";
    case Topic::tls:     return "tls";
    case Topic::failure: return "failure";
  }
  std::unreachable();
}

Day day_of(Timestamp time) {
  const auto days = std::chrono::floor<std::chrono::days>(time).time_since_epoch().count();
  return days < 0 ? 0 : static_cast<Day>(days);
}

std::chrono::sys_seconds begin_of(Day day) {
  return std::chrono::sys_days{std::chrono::days{day}};
}

}  // namespace postern::reports
