#include "admin/admin.hpp"

#include <boost/json.hpp>

#include "admin/verbs.hpp"

namespace postern::admin {
namespace {

/// Nothing that is asked for here nests deeper.
constexpr std::size_t kMaxDepth = 8;

const Verb* find(std::string_view name) {
  for (const auto verbs : {domain_verbs(), account_verbs(), alias_verbs(), queue_verbs(),
                           store_verbs(), trace_verbs(), dkim_verbs(), report_verbs()}) {
    for (const auto& verb : verbs) {
      if (verb.name == name) return &verb;
    }
  }
  return nullptr;
}

Result<json::object> parse(std::string_view request) {
  json::error_code error;
  json::parse_options options;
  options.max_depth = kMaxDepth;
  auto value = json::parse(request, error, {}, options);
  if (error) return fail(Errc::bad_syntax, "the request is no JSON: " + error.message());
  auto* const object = value.if_object();
  if (object == nullptr) return fail(Errc::bad_syntax, "the request is no JSON object");
  return std::move(*object);
}

std::string_view phrase(Errc code) {
  switch (code) {
    case Errc::bad_syntax:      return "not understood";
    case Errc::bad_sequence:    return "not now";
    case Errc::line_too_long:
    case Errc::too_large:       return "too large";
    case Errc::limit_reached:   return "too busy, try again";
    case Errc::not_found:       return "not found";
    case Errc::already_exists:  return "already exists";
    case Errc::not_permitted:   return "not permitted";
    case Errc::auth_failed:     return "wrong credentials";
    case Errc::over_quota:      return "over quota";
    case Errc::store_full:      return "the disk is full";
    case Errc::unavailable:     return "the store takes no changes now";
    case Errc::outcome_unknown: return "the disk failed: the change may or may not be there";
    case Errc::corrupt:         return "the store is damaged";
    case Errc::io_failed:       return "the system refused";
    case Errc::conflict:        return "conflict";
    case Errc::unsupported:     return "not supported";
    case Errc::policy_reject:   return "refused by policy";
    case Errc::dns_unavailable: return "DNS does not answer";
    case Errc::dns_bogus:       return "DNS is forged or broken";
    case Errc::tls_failed:      return "TLS failed";
    case Errc::bad_config:      return "bad configuration";
    case Errc::peer_timeout:    return "no answer in time";
    case Errc::peer_closed:     return "the other side went away";
    case Errc::woken:           return "interrupted";
    case Errc::shutting_down:   return "the server is stopping";
  }
  return "failed";
}

}  // namespace

std::string to_sentence(const Error& error) {
  std::string out{phrase(error.code)};
  if (!error.detail.empty()) out += ": " + error.detail;
  return out;
}

std::string to_answer(const Error& error) {
  return json::serialize(
      json::object{{"ok", false}, {"error", to_sentence(error)}, {"code", to_string(error.code)}});
}

Task<std::string> handle(Services& services, std::string request) {
  const auto arguments = parse(request);
  if (!arguments) co_return to_answer(arguments.error());
  const auto name = need_text(*arguments, "cmd");
  if (!name) co_return to_answer(name.error());
  const auto* const verb = find(*name);
  if (verb == nullptr) co_return to_answer({Errc::unsupported, "no command " + *name});
  auto data = co_await verb->run(services, *arguments);
  if (!data) co_return to_answer(data.error());
  co_return json::serialize(json::object{{"ok", true}, {"data", *std::move(data)}});
}

}  // namespace postern::admin
