#include "smtpc/client.hpp"

#include <algorithm>
#include <numeric>
#include <unordered_map>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "smtpc/idle.hpp"
#include "smtpc/live.hpp"
#include "smtpc/open.hpp"
#include "smtpc/outcome.hpp"
#include "smtpc/transaction.hpp"

namespace postern::smtpc {
namespace {

/// Plans kept at most.
constexpr std::size_t kMaxPlans = 10'000;

/// One attempt and how far it is.
struct Run {
  queue::Job job;
  queue::Attempt attempt;
  std::vector<std::size_t> rest;  ///< Recipients without an outcome.
  queue::RecipientOutcome why;    ///< What the last host said that did not take them.
  bool temporary = false;         ///< One of the hosts may take them later.
  bool answered = false;          ///< Some host let us come as far as MAIL.
};

class SmtpClient final : public Client {
 public:
  SmtpClient(resolver::Resolver& resolver, net::Dialer& dialer,
             std::shared_ptr<const net::TlsContext> tls, Core& core, Settings settings)
      : resolver_{resolver},
        dialer_{dialer},
        tls_{std::move(tls)},
        core_{core},
        settings_{std::move(settings)},
        live_{core},
        idle_{core, settings_} {}

  Task<queue::Attempt> attempt(queue::Job job) override;
  void stop() override { live_.stop(); }
  Task<> close() override { return idle_.close(); }
  Stats stats() const override {
    Stats out = stats_;
    out.bugs = idle_.bugs();
    return out;
  }

 private:
  using Located = std::variant<route::Plan, route::Failure>;
  struct Cached {
    route::Plan plan;
    Instant until;
  };
  Task<Located> locate(std::string domain);
  Task<> try_hosts(Run& run);
  Task<> use_idle(Run& run, const route::Plan& plan);
  Task<> use_new(Run& run, const route::Plan& plan);
  void note_session(const Run& run, const route::Plan& plan, const route::Candidate& to,
                    const Opened& opened) const;
  /// All transactions that `rest` takes on one connection; keeps it when it can be used again.
  Task<> work(Run& run, std::unique_ptr<Connection> connection, bool reused, bool v4_left);
  /// The same; whether it can be used again.
  Task<bool> transact_all(Run& run, Connection& connection, bool reused, bool v4_left);
  void take_back_ptr_refusals(Run& run, const std::vector<std::size_t>& before);

  resolver::Resolver& resolver_;
  net::Dialer& dialer_;
  std::shared_ptr<const net::TlsContext> tls_;
  Core& core_;
  const Settings settings_;
  LiveConnections live_;
  IdleConnections idle_;
  std::unordered_map<std::string, Cached> plans_;
  Stats stats_;
};

Task<SmtpClient::Located> SmtpClient::locate(std::string domain) {
  const auto now = core_.clock.instant();
  const auto cached = plans_.find(domain);
  if (cached != plans_.end() && now < cached->second.until) co_return cached->second.plan;
  const auto seed = core_.random.u64();
  dns::Answers answers;
  Duration ttl = settings_.longest_plan;
  for (int round = 0; round < 3; ++round) {
    auto step = route::locate(domain, settings_.route, answers, seed);
    if (auto* const failure = std::get_if<route::Failure>(&step)) co_return std::move(*failure);
    if (auto* const plan = std::get_if<route::Plan>(&step)) {
      if (plans_.size() >= kMaxPlans) plans_.clear();
      plans_.insert_or_assign(domain, Cached{*plan, now + std::max(ttl, settings_.shortest_plan)});
      co_return std::move(*plan);
    }
    auto found = co_await resolver_.lookup_all(std::get<route::Need>(step).questions);
    for (const auto& [question, answer] : found) ttl = std::min(ttl, answer.ttl);
    answers.merge(found);
  }
  co_return route::Failure{.reply = 451, .enhanced = "4.4.3", .text = "DNS gives no answer"};
}

Task<queue::Attempt> SmtpClient::attempt(queue::Job job) {
  Run run;
  run.job = std::move(job);
  run.attempt.outcomes.resize(run.job.recipients.size());
  run.rest.resize(run.job.recipients.size());
  std::iota(run.rest.begin(), run.rest.end(), std::size_t{0});
  if (!live_.stopping()) co_await try_hosts(run);
  const bool cut_short = live_.stopping() && !run.rest.empty();
  if (cut_short) run.why = stopping();
  run.temporary = run.temporary || cut_short;
  if (run.temporary) run.why.kind = queue::RecipientOutcome::Kind::deferred;
  for (const auto index : run.rest) run.attempt.outcomes.at(index) = run.why;
  // That we stop says nothing about the host.
  run.attempt.destination_down = !run.answered && run.temporary && !cut_short;
  co_return std::move(run.attempt);
}

Task<> SmtpClient::try_hosts(Run& run) {
  const auto located = co_await locate(run.job.domain);
  if (const auto* const failure = std::get_if<route::Failure>(&located)) {
    run.why = from_failure(*failure);
    run.temporary = !failure->permanent();
    auto step = fmt::format("{}: {} {} {}", run.job.domain, failure->reply, failure->enhanced,
                            failure->text);
    if (!failure->detail.empty()) step += " (" + failure->detail + ')';
    run.attempt.steps.push_back(std::move(step));
  } else {
    const auto& plan = std::get<route::Plan>(located);
    co_await use_idle(run, plan);
    if (!run.rest.empty()) co_await use_new(run, plan);
  }
}

Task<> SmtpClient::use_idle(Run& run, const route::Plan& plan) {
  for (const auto& candidate : plan.candidates) {
    if (live_.stopping()) co_return;
    auto connection = idle_.take(candidate);
    if (!connection) continue;
    const bool v4 = std::ranges::any_of(
        plan.candidates, [](const route::Candidate& other) { return other.ip.is_v4(); });
    co_await work(run, std::move(connection), true, v4);
    co_return;
  }
}

/// One more session for the report to the recipients' domain.
void SmtpClient::note_session(const Run& run, const route::Plan& plan, const route::Candidate& to,
                              const Opened& opened) const {
  if (!settings_.note_session || !opened.tls || plan.by_route || !run.job.envelope.from ||
      run.job.domain.starts_with('['))
    return;
  settings_.note_session({.domain = run.job.domain,
                          .mx = to.host.is_root() ? std::string{} : to.host.to_string(),
                          .mx_ip = to.ip,
                          .our_ip = opened.tls->our_ip,
                          .failure = opened.tls->failure,
                          .reason = opened.tls->reason});
}

Task<> SmtpClient::use_new(Run& run, const route::Plan& plan) {
  const auto count = std::min(plan.candidates.size(), settings_.max_hosts);
  for (std::size_t i = 0; i < count && !run.rest.empty() && !live_.stopping(); ++i) {
    const auto& candidate = plan.candidates.at(i);
    const Opener opener{dialer_, tls_, core_, settings_, stats_, live_};
    auto opened = co_await open_connection(opener, candidate, run.attempt.steps);
    note_session(run, plan, candidate, opened);
    if (!opened.connection) {
      run.why = std::move(opened.refusal);
      run.temporary = run.temporary || run.why.kind == queue::RecipientOutcome::Kind::deferred;
      continue;
    }
    bool v4_left = false;
    for (std::size_t next = i + 1; next < count; ++next)
      v4_left = v4_left || plan.candidates.at(next).ip.is_v4();
    co_await work(run, std::move(opened.connection), false, v4_left);
  }
}

Task<> SmtpClient::work(Run& run, std::unique_ptr<Connection> connection, bool reused,
                        bool v4_left) {
  const bool usable = co_await transact_all(run, *connection, reused, v4_left);
  if (usable) idle_.give(std::move(connection));
}

Task<bool> SmtpClient::transact_all(Run& run, Connection& connection, bool reused, bool v4_left) {
  const LiveConnections::Use use{live_, connection};
  const auto most = connection.capabilities.rcpt_max.value_or(1000);
  bool usable = true;
  while (usable && !run.rest.empty() && !live_.stopping()) {
    const auto count = std::min<std::size_t>(most, run.rest.size());
    const auto middle = run.rest.begin() + static_cast<std::ptrdiff_t>(count);
    std::vector<std::size_t> who{run.rest.begin(), middle};
    run.rest.erase(run.rest.begin(), middle);
    if (connection.transactions > 0) ++stats_.reused;
    ++stats_.transactions;
    const auto before = who;
    const auto done =
        co_await transact(connection, run.job, std::move(who), settings_, run.attempt.outcomes);
    run.rest.insert(run.rest.begin(), done.undecided.begin(), done.undecided.end());
    usable = done.usable && (done.progress || done.undecided.empty());
    // An idle connection that has gone meanwhile says nothing about the host.
    const bool stale = reused && !done.usable && !done.progress;
    if (stale) break;
    run.answered = true;
    reused = false;
    run.attempt.steps.push_back(
        connection.description() + ": " +
        (done.last_words.empty() ? done.why.status + ' ' + done.why.text : done.last_words));
    if (!done.undecided.empty()) {
      run.why = done.why;
      run.temporary = true;
    }
    if (v4_left && connection.to().ip.is_v6()) take_back_ptr_refusals(run, before);
    if (connection.to().ip.is_v6() && v4_left && !run.rest.empty()) break;
  }
  co_return usable;
}

/// Refused because our IPv6 address has no name: what they said is not about the recipients.
void SmtpClient::take_back_ptr_refusals(Run& run, const std::vector<std::size_t>& before) {
  for (const auto index : before) {
    const auto& outcome = run.attempt.outcomes.at(index);
    const bool open = std::ranges::find(run.rest, index) != run.rest.end();
    if (open || !blames_ptr(outcome)) continue;
    run.why = outcome;
    run.rest.push_back(index);
  }
}

}  // namespace

std::unique_ptr<Client> make_client(resolver::Resolver& resolver, net::Dialer& dialer,
                                    std::shared_ptr<const net::TlsContext> tls, Core& core,
                                    Settings settings) {
  return std::make_unique<SmtpClient>(resolver, dialer, std::move(tls), core, std::move(settings));
}

}  // namespace postern::smtpc
