#pragma once

#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>

#include "dns/answer.hpp"
#include "spf/check.hpp"
#include "text/ascii.hpp"
#include "text/ip.hpp"

// The DNS of the tests: a zone in memory, and an evaluation run against it to its end.
namespace postern::spf {

class TestDns {
 public:
  /// `name` may be an address: its reverse name. `type` TIMEOUT: nothing about it is answered.
  void add(std::string_view name, std::string_view type, std::string_view value) {
    const auto ip = text::IpAddress::parse(name);
    const auto owner = ip ? dns::reverse_name(*ip) : dns::Name::parse(name).value_or(dns::Name{});
    auto& node = nodes_[owner];
    if (type == "TIMEOUT") {
      node.times_out = true;
    } else if (type == "CNAME") {
      node.alias = dns::Name::parse(value).value_or(dns::Name{});
    } else if (const auto known = dns::parse_type(type)) {
      node.records.emplace(*known, record(*known, value));
    }
  }

  [[nodiscard]] dns::Answer answer(const dns::Question& question) const {
    dns::Answer out{.status = dns::Status::insecure, .outcome = dns::Outcome::nxdomain};
    auto at = nodes_.find(question.name);
    for (int hops = 0; hops < 8 && at != nodes_.end() && !at->second.alias.is_root(); ++hops)
      at = nodes_.find(at->second.alias);
    if (at == nodes_.end()) return out;
    out.outcome = dns::Outcome::no_data;
    const auto [begin, end] = at->second.records.equal_range(question.type);
    for (auto it = begin; it != end; ++it) out.records.push_back(it->second);
    if (!out.records.empty()) {
      out.outcome = dns::Outcome::found;
    } else if (at->second.times_out) {
      out = {.outcome = dns::Outcome::timeout};
    }
    return out;
  }

  [[nodiscard]] Verdict check(const Query& query, const Limits& limits = {}) {
    dns::Answers answers;
    rounds = 0;
    for (;;) {
      auto step = spf::check(query, answers, limits);
      if (auto* verdict = std::get_if<Verdict>(&step)) return std::move(*verdict);
      ++rounds;
      for (const auto& question : std::get<dns::Need>(step).questions) {
        if (!answers.emplace(question, answer(question)).second)
          throw std::logic_error("asked twice");
      }
      asked = answers.size();
    }
  }

  std::size_t rounds = 0;  ///< Of the last check.
  std::size_t asked = 0;   ///< Questions of the last check.

 private:
  struct Node {
    std::multimap<dns::Type, dns::Record> records;
    dns::Name alias;
    bool times_out = false;
  };

  static dns::Record record(dns::Type type, std::string_view value) {
    if (type == dns::Type::txt) return dns::Txt{std::string{value}};
    if (type == dns::Type::mx) {
      const auto space = value.find(' ');
      return dns::Mx{text::parse_number<std::uint16_t>(value.substr(0, space)).value_or(0),
                     dns::Name::parse(value.substr(space + 1)).value_or(dns::Name{})};
    }
    if (type == dns::Type::a || type == dns::Type::aaaa)
      return text::IpAddress::parse(value).value_or(text::IpAddress{});
    return dns::Target{dns::Name::parse(value).value_or(dns::Name{})};
  }

  std::map<dns::Name, Node> nodes_;
};

}  // namespace postern::spf
