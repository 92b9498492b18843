#include <algorithm>
#include <map>
#include <optional>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "check/dns_source.hpp"
#include "text/ascii.hpp"
#include "text/base64.hpp"
#include "vocab/try.hpp"

namespace postern::check {
namespace {

namespace json = boost::json;
using dns::Name;
using dns::Type;

/// What the file says of one name.
struct Node {
  std::multimap<Type, dns::Record> records;
  std::optional<Name> alias;
  std::optional<dns::Answer> failure;
};

constexpr int kMaxAliases = 8;

class JsonDns final : public resolver::Resolver {
 public:
  explicit JsonDns(std::map<Name, Node> nodes) : nodes_{std::move(nodes)} {}

 private:
  void start(dns::Question question, Done done) override { done(answer(question)); }

  [[nodiscard]] dns::Answer answer(const dns::Question& question) const {
    dns::Answer out{.status = dns::Status::insecure,
                    .outcome = dns::Outcome::nxdomain,
                    .canonical = question.name};
    for (int hops = 0; hops <= kMaxAliases; ++hops) {
      const auto at = nodes_.find(out.canonical);
      if (at == nodes_.end()) return out;
      const Node& node = at->second;
      // Beside records, a failure is of all other types.
      if (node.failure && !node.records.contains(question.type)) return *node.failure;
      if (node.alias && question.type != Type::cname) {
        out.canonical = *node.alias;
        continue;
      }
      const auto [begin, end] = node.records.equal_range(question.type);
      for (auto it = begin; it != end; ++it) out.records.push_back(it->second);
      out.outcome = out.records.empty() ? dns::Outcome::no_data : dns::Outcome::found;
      return out;
    }
    return {.outcome = dns::Outcome::servfail, .why = "too many CNAMEs"};
  }

  std::map<Name, Node> nodes_;
};

/// A name as people and test data write it: blanks around it, nothing or a dot for the root, and
/// odd octets (of SPF macros) as they are.
Result<Name> parse_name(std::string_view text) {
  text = text::trim(text);
  if (text.empty() || text == ".") return Name{};
  auto plain = Name::parse(text);
  if (plain) return plain;
  std::string escaped;
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    const bool odd = octet <= ' ' || octet >= 0x7F || c == '\\';
    escaped += odd ? fmt::format("\\{:03}", octet) : std::string(1, c);
  }
  return Name::parse(escaped);
}

/// The texts of a record behind its type, numbers too, with blanks between.
Result<std::string> joined(const json::array& record, std::string_view between) {
  std::string out;
  for (auto it = std::next(record.begin()); it != record.end(); ++it) {
    if (!out.empty()) out += between;
    if (it->is_string()) {
      out += std::string_view{it->get_string()};
    } else if (it->is_array()) {
      json::array inner{""};
      inner.insert(inner.end(), it->get_array().begin(), it->get_array().end());
      POSTERN_TRY(const auto text, joined(inner, between));
      out += text;
    } else if (it->is_int64()) {
      out += std::to_string(it->get_int64());
    } else {
      return fail(Errc::bad_syntax, "a record's data are strings and numbers");
    }
  }
  return out;
}

Result<dns::Record> mx_of(std::string_view text) {
  text = text::trim(text);
  const auto space = std::min(text.find(' '), text.size());
  const auto preference = text::parse_number<std::uint16_t>(text.substr(0, space));
  if (!preference) return fail(Errc::bad_syntax, "an MX record is \"10 mx.example\"");
  POSTERN_TRY(auto exchange, parse_name(text.substr(space)));
  return dns::Mx{*preference, std::move(exchange)};
}

Result<dns::Record> tlsa_of(std::string_view text) {
  const auto parts = text::split(text, ' ');
  if (parts.size() == 4) {
    const auto usage = text::parse_number<std::uint8_t>(parts.at(0));
    const auto selector = text::parse_number<std::uint8_t>(parts.at(1));
    const auto matching = text::parse_number<std::uint8_t>(parts.at(2));
    auto data = text::from_hex(parts.at(3));
    if (usage && selector && matching && data)
      return dns::Tlsa{*usage, *selector, *matching, *std::move(data)};
  }
  return fail(Errc::bad_syntax, "a TLSA record is \"3 1 1 HEX\"");
}

Result<dns::Record> record_of(Type type, const json::array& record) {
  if (type == Type::txt) {
    POSTERN_TRY(auto text, joined(record, ""));
    return dns::Txt{std::move(text)};
  }
  POSTERN_TRY(const auto text, joined(record, " "));
  switch (type) {
    case Type::a:
    case Type::aaaa: {
      const auto ip = text::IpAddress::parse(text::trim(text));
      if (!ip) return fail(Errc::bad_syntax, "not an address");
      return *ip;
    }
    case Type::mx:   return mx_of(text);
    case Type::tlsa: return tlsa_of(text);
    case Type::ns:
    case Type::ptr:  {
      POSTERN_TRY(auto name, parse_name(text));
      return dns::Target{std::move(name)};
    }
    default: return fail(Errc::unsupported);
  }
}

std::optional<dns::Answer> failure_of(std::string_view word) {
  if (text::iequals(word, "TIMEOUT"))
    return dns::Answer{.outcome = dns::Outcome::timeout, .why = "no answer in time"};
  if (text::iequals(word, "SERVFAIL")) return dns::Answer{.why = "the servers fail"};
  if (text::iequals(word, "BOGUS"))
    return dns::Answer{.status = dns::Status::bogus, .why = "DNSSEC validation failed"};
  return std::nullopt;
}

Result<void> add_failure(std::string_view word, Node& node) {
  node.failure = failure_of(word);
  if (!node.failure) return fail(Errc::bad_syntax, "neither TIMEOUT, SERVFAIL nor BOGUS");
  return {};
}

/// Types that nothing here asks for are passed over.
Result<void> add_record(const json::array& record, Node& node) {
  if (record.empty() || !record.front().is_string())
    return fail(Errc::bad_syntax, "a record is [\"TYPE\", \"data\"]");
  const auto type = dns::parse_type(std::string_view{record.front().get_string()});
  if (!type) return {};
  if (record.size() < 2 && *type != Type::txt)
    return fail(Errc::bad_syntax, "a record is [\"TYPE\", \"data\"]");
  if (*type == Type::cname) {
    POSTERN_TRY(const auto text, joined(record, " "));
    POSTERN_TRY(node.alias, parse_name(text));
    return {};
  }
  auto read = record_of(*type, record);
  if (!read && read.error().code == Errc::unsupported) return {};
  if (!read) return std::unexpected(std::move(read).error());
  node.records.emplace(*type, *std::move(read));
  return {};
}

Result<Node> read_node(const json::value& value) {
  Node out;
  if (const auto* const word = value.if_string()) {
    POSTERN_CHECK(add_failure(*word, out));
    return out;
  }
  const auto* const records = value.if_array();
  if (records == nullptr) return fail(Errc::bad_syntax, "neither an array of records nor a word");
  for (const auto& one : *records) {
    if (const auto* const word = one.if_string()) {
      POSTERN_CHECK(add_failure(*word, out));
    } else if (const auto* const record = one.if_array()) {
      POSTERN_CHECK(add_record(*record, out));
    } else {
      return fail(Errc::bad_syntax, "a record is [\"TYPE\", \"data\"]");
    }
  }
  return out;
}

std::unexpected<Error> at(std::string_view name, const Error& error) {
  return fail(Errc::bad_syntax, '"' + std::string{name} + "\": " +
                                    (error.detail.empty() ? "not a domain name" : error.detail));
}

}  // namespace

Result<std::unique_ptr<resolver::Resolver>> json_resolver(std::string_view text) {
  json::error_code error;
  const auto parsed = json::parse(text, error);
  const auto* const object = error ? nullptr : parsed.if_object();
  if (object == nullptr)
    return fail(Errc::bad_syntax, error ? "not JSON: " + error.message() : "not a JSON object");
  std::map<Name, Node> nodes;
  for (const auto& [key, value] : *object) {
    const std::string_view word{key};
    auto node = read_node(value);
    if (!node) return at(word, node.error());
    const auto name = parse_name(word);
    if (!name) continue;  // nobody can ask for it
    nodes.insert_or_assign(*name, *std::move(node));
  }
  return std::unique_ptr<resolver::Resolver>{std::make_unique<JsonDns>(std::move(nodes))};
}

}  // namespace postern::check
