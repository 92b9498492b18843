#include <algorithm>
#include <array>

#include <boost/json.hpp>

#include "admin/verbs.hpp"
#include "smtp/address.hpp"
#include "vocab/try.hpp"

namespace postern::admin {
namespace {

constexpr std::uint64_t kMaxTraces = 1000;
constexpr std::uint64_t kUsualTraces = 20;

json::object to_json(const trace::Event& event) {
  json::array facts;
  for (const auto& [key, value] : event.fields)
    facts.push_back(json::object{{"key", key}, {"value", value}});
  return {{"time", to_text(event.time)},
          {"kind", trace::to_string(event.kind)},
          {"facts", std::move(facts)}};
}

Task<Result<json::value>> story(Services& services, TraceId id) {
  POSTERN_CO_TRY(const auto events, co_await services.trace.events(id));
  json::array out;
  for (const auto& event : events) out.push_back(to_json(event));
  co_return json::value(json::object{{"id", trace::to_text(id)}, {"events", std::move(out)}});
}

/// The ids that `what` stands for: one itself, or those that concern an address.
Task<Result<std::vector<TraceId>>> ids_of(Services& services, std::string what,
                                          std::uint64_t limit) {
  if (what.find('@') == std::string::npos) {
    POSTERN_CO_TRY(const auto id, trace::parse_id(what));
    co_return std::vector{id};
  }
  // As events are filed: A-labels, and local parts without case.
  const auto address = smtp::parse_address(what, {.utf8 = true, .loose_dots = true});
  if (address) what = smtp::address_key(*address);
  const auto most = static_cast<std::size_t>(std::min(limit, kMaxTraces));
  co_return co_await services.trace.find(std::move(what), most);
}

Task<Result<json::value>> get(Services& services, const json::object& request) {
  POSTERN_CO_TRY(const auto what, need_text(request, "what"));
  POSTERN_CO_TRY(const auto limit, take_number(request, "limit", kUsualTraces));
  POSTERN_CO_TRY(const auto ids, co_await ids_of(services, what, limit));
  json::array out;
  for (const auto id : ids) {
    POSTERN_CO_TRY(auto one, co_await story(services, id));
    if (!one.as_object().at("events").as_array().empty()) out.push_back(std::move(one));
  }
  if (out.empty()) co_return fail(Errc::not_found, "nothing is known about " + what);
  co_return json::value(std::move(out));
}

constexpr std::array kVerbs{Verb{"trace.get", get}};

}  // namespace

std::span<const Verb> trace_verbs() {
  return kVerbs;
}

}  // namespace postern::admin
