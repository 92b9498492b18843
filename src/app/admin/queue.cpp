#include <algorithm>
#include <array>

#include <boost/json.hpp>

#include "admin/verbs.hpp"
#include "report/explain.hpp"
#include "smtp/reply.hpp"
#include "vocab/try.hpp"

namespace postern::admin {
namespace {

constexpr std::uint64_t kMaxListed = 10'000;

std::string_view to_string(queue::RecipientState state) {
  switch (state) {
    case queue::RecipientState::waiting: return "waiting";
    case queue::RecipientState::sent:    return "sent";
    case queue::RecipientState::failed:  return "failed";
    case queue::RecipientState::dropped: return "dropped";
  }
  return "waiting";
}

smtp::Reply last_reply(const queue::Recipient& recipient) {
  return {.code = recipient.last_code,
          .status = smtp::parse_enhanced_status(recipient.last_status),
          .text = recipient.last_text};
}

json::object to_json(const queue::Recipient& recipient) {
  json::object out{{"address", smtp::to_string(recipient.address)},
                   {"state", to_string(recipient.state)}};
  if (recipient.last_code == 0 && recipient.last_text.empty()) return out;
  out["host"] = recipient.last_host;
  out["reply"] =
      recipient.last_code == 0 ? recipient.last_text : smtp::to_line(last_reply(recipient));
  return out;
}

json::object summary(const queue::Message& message) {
  json::array recipients;
  for (const auto& recipient : message.recipients) recipients.push_back(to_json(recipient));
  json::object out{
      {"id", to_hex(message.id.value())},
      {"trace", trace::to_text(message.trace)},
      {"from", message.envelope.from ? smtp::to_string(*message.envelope.from) : std::string{}},
      {"size", message.prefix.size() + message.body_size},
      {"created", to_text(message.created)},
      {"attempts", message.attempts},
      {"held", message.held}};
  if (message.held) {
    out["held_why"] = message.held_why;
  } else {
    out["due"] = to_text(message.due);
  }
  out["expires"] = to_text(message.expires);
  out["recipients"] = std::move(recipients);
  return out;
}

/// With what the refusals mean, for those who must act on them.
json::object details(const queue::Message& message) {
  json::object out = summary(message);
  auto& recipients = out["recipients"].as_array();
  for (std::size_t i = 0; i < recipients.size(); ++i) {
    const auto meaning = report::explain(last_reply(message.recipients.at(i)));
    if (!meaning) continue;
    json::object explanation{
        {"id", meaning->id}, {"cause", meaning->cause}, {"advice", meaning->advice}};
    if (!meaning->link.empty()) explanation["link"] = meaning->link;
    recipients[i].as_object()["explanation"] = std::move(explanation);
  }
  return out;
}

Result<QueueId> take_id(const json::object& request) {
  POSTERN_TRY(const auto text, need_text(request, "id"));
  POSTERN_TRY(const auto id, from_hex(text));
  return QueueId{id};
}

Result<queue::Queue::Filter> take_filter(const json::object& request) {
  queue::Queue::Filter filter;
  if (request.contains("id")) {
    POSTERN_TRY(filter.id, take_id(request));
  }
  POSTERN_TRY(filter.domain, take_text(request, "domain"));
  POSTERN_TRY(filter.address, take_text(request, "address"));
  return filter;
}

/// For what changes messages: all of them must be asked for by that word.
Result<queue::Queue::Filter> take_narrow_filter(const json::object& request) {
  POSTERN_TRY(auto filter, take_filter(request));
  POSTERN_TRY(const auto all, take_flag(request, "all"));
  const bool narrow = filter.id || !filter.domain.empty() || !filter.address.empty();
  if (narrow == all.value_or(false))
    return fail(Errc::bad_syntax, "which messages: an id, a domain, an address, or all of them");
  return filter;
}

Task<Result<json::value>> list(Services& services, const json::object& request) {
  POSTERN_CO_TRY(auto filter, take_filter(request));
  POSTERN_CO_TRY(const auto limit, take_number(request, "limit", kMaxListed));
  const auto most = static_cast<std::size_t>(std::min(limit, kMaxListed));
  POSTERN_CO_TRY(const auto messages, co_await services.queue.list(std::move(filter), most));
  json::array out;
  for (const auto& message : messages) out.push_back(summary(message));
  co_return json::value(std::move(out));
}

Task<Result<json::value>> show(Services& services, const json::object& request) {
  POSTERN_CO_TRY(const auto id, take_id(request));
  const auto message = co_await services.queue.show(id);
  if (!message && message.error().code == Errc::not_found)
    co_return fail(Errc::not_found, "no message " + to_hex(id.value()) + " is in the queue");
  if (!message) co_return std::unexpected(message.error());
  co_return json::value(details(*message));
}

/// `not_found` when the one message that was meant is not there (in a state to be changed).
Result<json::value> changed(const json::object& request, const Result<std::size_t>& count) {
  if (!count) return std::unexpected(count.error());
  if (*count == 0 && request.contains("id"))
    return fail(Errc::not_found, "no such message in the queue, or nothing to change about it");
  return json::value(json::object{{"messages", *count}});
}

Task<Result<json::value>> hold(Services& services, const json::object& request) {
  POSTERN_CO_TRY(auto filter, take_narrow_filter(request));
  POSTERN_CO_TRY(auto why, take_text(request, "why"));
  if (why.empty()) why = "by the administrator";
  const auto count = co_await services.queue.hold(std::move(filter), std::move(why));
  co_return changed(request, count);
}

Task<Result<json::value>> release(Services& services, const json::object& request) {
  POSTERN_CO_TRY(auto filter, take_narrow_filter(request));
  const auto count = co_await services.queue.release(std::move(filter));
  co_return changed(request, count);
}

Task<Result<json::value>> retry(Services& services, const json::object& request) {
  POSTERN_CO_TRY(auto filter, take_narrow_filter(request));
  const auto count = co_await services.queue.retry_now(std::move(filter));
  co_return changed(request, count);
}

Task<Result<json::value>> drop(Services& services, const json::object& request) {
  POSTERN_CO_TRY(auto filter, take_narrow_filter(request));
  POSTERN_CO_TRY(auto why, take_text(request, "why"));
  if (why.empty()) why = "by the administrator";
  const auto count = co_await services.queue.drop(std::move(filter), std::move(why));
  co_return changed(request, count);
}

constexpr std::array kVerbs{Verb{"queue.list", list},   Verb{"queue.show", show},
                            Verb{"queue.hold", hold},   Verb{"queue.release", release},
                            Verb{"queue.retry", retry}, Verb{"queue.drop", drop}};

}  // namespace

std::span<const Verb> queue_verbs() {
  return kVerbs;
}

}  // namespace postern::admin
