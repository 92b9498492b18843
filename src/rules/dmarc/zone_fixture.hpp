#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "dns/answer.hpp"
#include "text/ascii.hpp"

// DNS of the tests of this module.
namespace postern::dmarc {

inline dns::Name name(std::string_view text) {
  return dns::Name::parse(text).value();
}

/// "NAME TXT-RECORD" per line; instead of a record "servfail", "timeout", "bogus", "no_data" or
/// "A"; a "+" before the record signs it. What is neither there nor above what is there does not
/// exist.
class Zone {
 public:
  explicit Zone(std::string_view lines) {
    for (const auto piece : text::split(lines, '\n')) {
      const auto line = text::trim(piece);
      const auto space = line.find(' ');
      if (space != line.npos) add(name(line.substr(0, space)), text::trim(line.substr(space + 1)));
    }
  }

  [[nodiscard]] dns::Answer answer(const dns::Question& question) {
    ++asked;
    if (const auto it = answers_.find(question); it != answers_.end()) return it->second;
    for (const auto& [known, held] : answers_) {
      if (known.name.is_within(question.name))
        return {.status = dns::Status::insecure, .outcome = dns::Outcome::no_data};
    }
    return {.status = dns::Status::insecure, .outcome = dns::Outcome::nxdomain};
  }

  /// Runs a rule, `answers -> variant<..., Need>`, to its decision. Throws when it asks for
  /// nothing, twice for the same, or without end.
  template <class Rule>
  auto decide(const Rule& rule) {
    dns::Answers answers;
    for (rounds = 0;; ++rounds) {
      auto step = rule(answers);
      const auto* need = std::get_if<dns::Need>(&step);
      if (!need) return step;
      if (need->questions.empty() || rounds > 3) throw std::logic_error{"asks without end"};
      for (const auto& question : need->questions) {
        if (!answers.emplace(question, answer(question)).second)
          throw std::logic_error{"asks twice: " + to_string(question)};
      }
    }
  }

  int asked = 0;
  int rounds = 0;

 private:
  void add(const dns::Name& owner, std::string_view value) {
    using dns::Outcome;
    using dns::Status;
    const bool is_secure = value.starts_with('+');
    if (is_secure) value.remove_prefix(1);
    const bool address = value == "A";
    dns::Answer& answer = answers_[{owner, address ? dns::Type::a : dns::Type::txt}];
    answer.status = is_secure ? Status::secure : Status::insecure;
    if (value == "servfail") {
      answer.outcome = Outcome::servfail;
    } else if (value == "timeout") {
      answer.outcome = Outcome::timeout;
    } else if (value == "bogus") {
      answer.status = Status::bogus;
    } else if (value == "no_data") {
      answer.outcome = Outcome::no_data;
    } else {
      answer.outcome = Outcome::found;
      if (address) {
        answer.records.emplace_back(text::IpAddress::v4({192, 0, 2, 1}));
      } else {
        answer.records.emplace_back(dns::Txt{std::string{value}});
      }
    }
  }

  dns::Answers answers_;
};

/// A public suffix list of these suffixes.
inline auto suffixes(std::vector<std::string_view> list) {
  return [list = std::move(list)](const dns::Name& of) -> std::optional<dns::Name> {
    std::optional<dns::Name> best;
    for (const auto suffix : list) {
      const auto candidate = name(suffix);
      if (of.is_within(candidate) && (!best || best->depth() < candidate.depth())) best = candidate;
    }
    return best;
  };
}

}  // namespace postern::dmarc
