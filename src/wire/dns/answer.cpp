#include "dns/answer.hpp"

namespace postern::dns {

std::string to_string(const Question& question) {
  return question.name.to_string() + " " + to_string(question.type);
}

std::string_view to_string(Status status) {
  switch (status) {
    case Status::secure:        return "secure";
    case Status::insecure:      return "insecure";
    case Status::bogus:         return "bogus";
    case Status::indeterminate: return "indeterminate";
  }
  return "?";
}

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::found:    return "found";
    case Outcome::no_data:  return "no_data";
    case Outcome::nxdomain: return "nxdomain";
    case Outcome::servfail: return "servfail";
    case Outcome::timeout:  return "timeout";
  }
  return "?";
}

}  // namespace postern::dns
