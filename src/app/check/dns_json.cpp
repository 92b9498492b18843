#include <map>
#include <optional>

#include <boost/json.hpp>

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
      if (node.failure) return *node.failure;
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
  const auto space = text.find(' ');
  const auto preference = text::parse_number<std::uint16_t>(text.substr(0, space));
  if (!preference || space == std::string_view::npos)
    return fail(Errc::bad_syntax, "an MX record is \"10 mx.example\"");
  const auto host = text::trim(text.substr(space));
  POSTERN_TRY(auto exchange, host == "." ? Result<Name>{Name{}} : Name::parse(host));
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
      const auto ip = text::IpAddress::parse(text);
      if (!ip) return fail(Errc::bad_syntax, "not an address");
      return *ip;
    }
    case Type::mx:   return mx_of(text);
    case Type::tlsa: return tlsa_of(text);
    case Type::ns:
    case Type::ptr:  {
      POSTERN_TRY(auto name, Name::parse(text));
      return dns::Target{std::move(name)};
    }
    default: return fail(Errc::unsupported, "records of this type cannot be given here");
  }
}

Result<void> add_record(const json::value& value, Node& node) {
  const auto* const record = value.if_array();
  if (record == nullptr || record->size() < 2 || !record->front().is_string())
    return fail(Errc::bad_syntax, "a record is [\"TYPE\", \"data\"]");
  const std::string_view word{record->front().get_string()};
  const auto type = dns::parse_type(word);
  if (!type) return fail(Errc::bad_syntax, "unknown record type " + std::string{word});
  if (*type == Type::cname) {
    POSTERN_TRY(const auto text, joined(*record, " "));
    POSTERN_TRY(node.alias, Name::parse(text));
    return {};
  }
  POSTERN_TRY(auto read, record_of(*type, *record));
  node.records.emplace(*type, std::move(read));
  return {};
}

std::optional<dns::Answer> failure_of(std::string_view word) {
  if (text::iequals(word, "TIMEOUT"))
    return dns::Answer{.outcome = dns::Outcome::timeout, .why = "no answer in time"};
  if (text::iequals(word, "SERVFAIL")) return dns::Answer{.why = "the servers fail"};
  if (text::iequals(word, "BOGUS"))
    return dns::Answer{.status = dns::Status::bogus, .why = "DNSSEC validation failed"};
  return std::nullopt;
}

Result<Node> read_node(const json::value& value) {
  Node out;
  if (const auto* const word = value.if_string()) {
    out.failure = failure_of(*word);
    if (!out.failure) return fail(Errc::bad_syntax, "neither TIMEOUT, SERVFAIL nor BOGUS");
    return out;
  }
  const auto* const records = value.if_array();
  if (records == nullptr) return fail(Errc::bad_syntax, "neither an array of records nor a word");
  for (const auto& record : *records) POSTERN_CHECK(add_record(record, out));
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
    const auto name = Name::parse(word);
    if (!name) return at(word, name.error());
    auto node = read_node(value);
    if (!node) return at(word, node.error());
    nodes.insert_or_assign(*name, *std::move(node));
  }
  return std::unique_ptr<resolver::Resolver>{std::make_unique<JsonDns>(std::move(nodes))};
}

}  // namespace postern::check
