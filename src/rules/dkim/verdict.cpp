#include "dkim/verdict.hpp"

namespace postern::dkim {

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::none:      return "none";
    case Verdict::pass:      return "pass";
    case Verdict::fail:      return "fail";
    case Verdict::policy:    return "policy";
    case Verdict::neutral:   return "neutral";
    case Verdict::temperror: return "temperror";
    case Verdict::permerror: return "permerror";
  }
  return "permerror";
}

}  // namespace postern::dkim
