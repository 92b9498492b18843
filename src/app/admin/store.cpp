#include <array>

#include <boost/json.hpp>

#include "admin/report.hpp"
#include "admin/verbs.hpp"
#include "verify/verify.hpp"
#include "vocab/try.hpp"

namespace postern::admin {
namespace {

std::string_view to_string(kv::Health health) {
  switch (health) {
    case kv::Health::good:      return "good";
    case kv::Health::low_space: return "low_space";
    case kv::Health::read_only: return "read_only";
  }
  return "good";
}

Task<Result<json::value>> stats(Services& services, const json::object&) {
  const auto engine = services.engine.stats();
  const auto store = services.store.stats();
  const auto queue = services.queue.stats();
  co_return json::value(
      json::object{{"health", to_string(services.engine.health())},
                   {"domains", services.directory.domains().size()},
                   {"accounts", services.directory.accounts().size()},
                   {"aliases", services.directory.aliases().size()},
                   {"engine", json::object{{"commits", engine.appends},
                                           {"syncs", engine.syncs},
                                           {"bytes_written", engine.bytes_appended},
                                           {"reopened", engine.reopens}}},
                   {"store", json::object{{"accounts_open", store.accounts_open},
                                          {"mailboxes_in_memory", store.views},
                                          {"mailbox_bytes_in_memory", store.view_bytes},
                                          {"delivered", store.delivered},
                                          {"bodies_erased", store.swept_blobs}}},
                   {"queue", json::object{{"waiting", queue.waiting},
                                          {"held", queue.held},
                                          {"under_way", queue.under_way},
                                          {"sent", queue.sent},
                                          {"deferred", queue.deferred},
                                          {"failed", queue.failed},
                                          {"unreadable", queue.unreadable}}}});
}

Task<Result<json::value>> verify_now(Services& services, const json::object&) {
  POSTERN_CO_TRY(const auto report, co_await verify::verify_store(services.engine.published()));
  co_return json::value(to_json(report));
}

constexpr std::array kVerbs{Verb{"store.stats", stats}, Verb{"store.verify", verify_now}};

}  // namespace

json::object to_json(const verify::Report& report) {
  json::array findings;
  for (const auto& [where, what] : report.findings)
    findings.push_back(json::object{{"where", where}, {"what", what}});
  const auto& counts = report.counts;
  return {{"clean", report.clean()},
          {"found", report.found},
          {"findings", std::move(findings)},
          {"counts", json::object{{"keys", counts.keys},
                                  {"domains", counts.domains},
                                  {"accounts", counts.accounts},
                                  {"addresses", counts.addresses},
                                  {"mailboxes", counts.mailboxes},
                                  {"entries", counts.entries},
                                  {"messages", counts.messages},
                                  {"gone", counts.gone},
                                  {"bodies", counts.bodies},
                                  {"chunks", counts.chunks},
                                  {"octets", counts.octets},
                                  {"pending", counts.pending},
                                  {"queued", counts.queued},
                                  {"trace_events", counts.trace_events}}}};
}

std::span<const Verb> store_verbs() {
  return kVerbs;
}

}  // namespace postern::admin
