#include "arc/chain.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "text/ascii.hpp"

namespace postern::arc {
namespace {

constexpr std::size_t kMaxFields = 3 * std::size_t{kMaxInstance};

std::optional<std::uint8_t> parse_instance(std::string_view digits) {
  const auto number = text::parse_number<std::uint8_t>(digits);
  if (!number || *number < 1 || *number > kMaxInstance || digits.size() > 2) return std::nullopt;
  return number;
}

std::optional<Status> parse_status(std::string_view word) {
  for (const auto status : {Status::none, Status::pass, Status::fail}) {
    if (text::iequals(word, to_string(status))) return status;
  }
  return std::nullopt;
}

/// Takes blanks and one-level comments off the front (CFWS of RFC 5322 §3.2.2).
std::string_view skip_blanks(std::string_view text) {
  while (true) {
    const auto start = std::min(text.find_first_not_of(" \t\r\n"), text.size());
    text.remove_prefix(start);
    const auto close = text.starts_with('(') ? text.find(')') : text.npos;
    if (close == text.npos) return text;
    text.remove_prefix(close + 1);
  }
}

/// An ARC-Seal's tags (RFC 8617 §4.1.3): fewer than a DKIM-Signature's.
dkim::Signature read_seal(const dkim::TagList& tags) {
  dkim::Signature out;
  const auto flaw = [&out](std::string reason) {
    if (!out.flaw) out.flaw = dkim::Flaw{.reason = std::move(reason)};
  };
  const auto value = [&](std::string_view name) {
    const dkim::Tag* tag = tags.find(name);
    if (tag == nullptr) flaw(std::string{name} + "= is missing");
    return tag == nullptr ? std::string_view{} : tag->value;
  };
  const auto domain = value("d");
  out.selector = value("s");
  out.algorithm_word = value("a");
  const auto signature = value("b");
  const auto name = dns::Name::parse(domain);
  const auto key = dkim::key_name(out.selector, domain);
  const auto algorithm = dkim::parse_algorithm(out.algorithm_word);
  const auto octets = dkim::parse_base64(signature);
  if (!dkim::is_signing_domain(domain) || !name || !key) flaw("d= or s= is no name");
  if (name) out.domain = name->to_string();
  if (key) out.key = *key;
  if (!algorithm) flaw("a= is not a known algorithm");
  out.algorithm = algorithm.value_or(dkim::Algorithm::rsa_sha1);
  if (!octets) flaw("b= is not base64");
  out.signature = octets.value_or("");
  if (out.algorithm == dkim::Algorithm::rsa_sha1) flaw("rsa-sha1 is not accepted");
  if (tags.find("h") != nullptr) flaw("h= may not be there");
  if (const auto* tag = tags.find("b")) {
    out.b_begin = tag->begin;
    out.b_end = tag->end;
  }
  if (const auto* tag = tags.find("t")) {
    out.signed_at = dkim::parse_seconds(tag->value);
    if (!out.signed_at) flaw("t= is no time");
  }
  out.header = dkim::Canon::relaxed;
  out.identity = "@" + out.domain;
  return out;
}

/// What was found of one instance.
struct Slot {
  std::optional<Results> results;
  std::optional<MessageSignature> message;
  std::optional<Seal> seal;
};

class Reading {
 public:
  explicit Reading(const dkim::Message& message) : message_{message} {}

  Chain read() {
    const auto results = message_.named("arc-authentication-results");
    const auto signatures = message_.named("arc-message-signature");
    const auto seals = message_.named("arc-seal");
    if (results.size() + signatures.size() + seals.size() > kMaxFields) {
      fault("more than 50 sets");
      out_.highest = kMaxInstance;
      return std::move(out_);
    }
    for (const auto field : results) add_results(field);
    for (const auto field : signatures) add_message_signature(field);
    for (const auto field : seals) add_seal(field);
    check();
    if (out_.fault) out_.sets.clear();
    return std::move(out_);
  }

 private:
  void fault(std::string reason) {
    if (!out_.fault) out_.fault = std::move(reason);
  }

  [[nodiscard]] std::string_view value(std::size_t field) const {
    return message_.value(message_.fields.at(field));
  }

  Slot& slot(std::uint8_t instance) {
    out_.highest = std::max(out_.highest, instance);
    return slots_.at(instance - std::size_t{1});
  }

  /// The tags and the instance of a field that is a tag list.
  std::optional<std::pair<dkim::TagList, std::uint8_t>> tags(std::size_t field) {
    auto tags = dkim::TagList::parse(value(field));
    const dkim::Tag* tag = tags ? tags->find("i") : nullptr;
    const auto instance = tag == nullptr ? std::nullopt : parse_instance(tag->value);
    if (!instance) {
      fault("a malformed field, or one without an instance");
      return std::nullopt;
    }
    return std::pair{*std::move(tags), *instance};
  }

  void add_results(std::size_t field) {
    const auto parsed = parse_results(value(field));
    if (!parsed) return fault("ARC-Authentication-Results without an instance");
    auto& at = slot(parsed->instance).results;
    if (at) return fault("ARC-Authentication-Results twice in a set");
    at = Results{.field = field, .payload = std::string{parsed->payload}};
  }

  void add_message_signature(std::size_t field) {
    const auto parsed = tags(field);
    if (!parsed) return;
    auto& at = slot(parsed->second).message;
    if (at) return fault("ARC-Message-Signature twice in a set");
    at = MessageSignature{
        .field = field, .signature = dkim::read_signature(parsed->first, dkim::SignatureKind::arc)};
    // RFC 8617 §4.1.2 forbids all three; that of the others is seen in the wild and does no harm.
    if (at->signature.fields.count("arc-seal") > 0 && !at->signature.flaw)
      at->signature.flaw = dkim::Flaw{.reason = "ARC-Seal may not be signed"};
  }

  void add_seal(std::size_t field) {
    const auto parsed = tags(field);
    if (!parsed) return;
    auto& at = slot(parsed->second).seal;
    if (at) return fault("ARC-Seal twice in a set");
    at = Seal{.field = field, .signature = read_seal(parsed->first)};
    const dkim::Tag* tag = parsed->first.find("cv");
    const auto status = tag == nullptr ? std::nullopt : parse_status(tag->value);
    if (!status) fault("cv= is missing or unknown");
    at->status = status.value_or(Status::fail);
  }

  void check() {
    if (out_.highest == 0) return;
    const auto& last = slot(out_.highest).seal;
    out_.ended = last && last->status == Status::fail;
    if (out_.ended) fault("the last seal says that the chain is broken");
    for (std::size_t i = 0; i < out_.highest; ++i) {
      auto& at = slots_.at(i);
      if (!at.results || !at.message || !at.seal) return fault("a set is missing or incomplete");
      if (at.seal->status != (i == 0 ? Status::none : Status::pass))
        return fault("cv= does not fit its place in the chain");
      out_.sets.push_back({.results = *std::move(at.results),
                           .message = *std::move(at.message),
                           .seal = *std::move(at.seal)});
    }
  }

  const dkim::Message& message_;
  Chain out_;
  std::array<Slot, kMaxInstance> slots_;
};

}  // namespace

std::string_view to_string(Status status) {
  switch (status) {
    case Status::none: return "none";
    case Status::pass: return "pass";
    case Status::fail: return "fail";
  }
  return "fail";
}

std::optional<InstanceAndPayload> parse_results(std::string_view value) {
  auto rest = skip_blanks(value);
  if (!rest.starts_with('i') && !rest.starts_with('I')) return std::nullopt;
  rest = skip_blanks(rest.substr(1));
  if (!rest.starts_with('=')) return std::nullopt;
  rest = skip_blanks(rest.substr(1));
  const auto digits = rest.substr(0, std::min(rest.find_first_not_of("0123456789"), rest.size()));
  const auto instance = parse_instance(digits);
  rest = skip_blanks(rest.substr(digits.size()));
  if (!instance || !rest.starts_with(';')) return std::nullopt;
  return InstanceAndPayload{.instance = *instance, .payload = text::trim(rest.substr(1))};
}

void append_results(std::string& out, const dkim::Message& message, const Set& set) {
  for (const std::size_t field : {set.results.field, set.message.field})
    dkim::append_field(out, message.raw(message.fields.at(field)), dkim::Canon::relaxed);
}

void append_seal(std::string& out, const dkim::Message& message, const Set& set) {
  dkim::append_field(out, message.raw(message.fields.at(set.seal.field)), dkim::Canon::relaxed);
}

Chain read_chain(const dkim::Message& message) {
  return Reading{message}.read();
}

}  // namespace postern::arc
