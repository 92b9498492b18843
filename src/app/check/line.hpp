#pragma once

#include <string>
#include <string_view>

// Inside checks: what is said of one thing that a domain publishes.
namespace postern::check {

struct Line {
  std::string_view record;   ///< "SPF"
  std::string_view verdict;  ///< good, weak, wrong, missing, unknown
  std::string text;          ///< What is there, or what is wrong.
  std::string fix = {};      ///< What to publish.
};

}  // namespace postern::check
