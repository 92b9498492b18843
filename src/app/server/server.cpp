#include "server/server.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "async/gather.hpp"
#include "async/on_core.hpp"
#include "config/values.hpp"
#include "metricsd/session.hpp"
#include "net/tcp_dialer.hpp"
#include "server/budget.hpp"
#include "server/descriptors.hpp"
#include "server/login_guard.hpp"
#include "server/outbound.hpp"
#include "vocab/try.hpp"

namespace postern::server {
namespace {

using namespace std::chrono_literals;

/// Reads that miss the cache; Argon2 checks wait in a queue of 64 (architecture, "Security shape").
constexpr std::size_t kDiskThreads = 4;
constexpr std::size_t kDiskQueue = 10'000;
constexpr std::size_t kPasswordQueue = 64;

using Counted = std::uint64_t resolver::Stats::*;
constexpr std::array kLookups{
    std::pair{std::string_view{"secure"}, Counted{&resolver::Stats::secure}},
    std::pair{std::string_view{"insecure"}, Counted{&resolver::Stats::insecure}},
    std::pair{std::string_view{"bogus"}, Counted{&resolver::Stats::bogus}},
    std::pair{std::string_view{"nxdomain"}, Counted{&resolver::Stats::nxdomain}},
    std::pair{std::string_view{"servfail"}, Counted{&resolver::Stats::servfail}},
    std::pair{std::string_view{"timeout"}, Counted{&resolver::Stats::timeouts}},
    std::pair{std::string_view{"refused"}, Counted{&resolver::Stats::refused}},
    std::pair{std::string_view{"merged"}, Counted{&resolver::Stats::merged}},
    std::pair{std::string_view{"remembered"}, Counted{&resolver::Stats::remembered}}};
constexpr std::size_t kMetricsConnections = 16;
/// Of one /24 or /56 as many as of so many of its hosts.
constexpr std::uint32_t kHostsOfNet = 4;

std::size_t core_count(const config::Config& config) {
  if (config.cores > 0) return static_cast<std::size_t>(config.cores);
  return std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace

Server::Server(std::shared_ptr<const Snapshot> snapshot, log::Logger logger)
    : snapshot_{std::move(snapshot)}, logger_{std::move(logger)} {
  for (std::size_t i = 0; i < core_count(now()->config); ++i) {
    loops_.push_back(std::make_unique<CoreLoop>(clock_, random_));
    cores_.push_back(&loops_.back()->core());
  }
  sessions_ = std::make_unique<Sessions>(cores_, logger_);
  const auto fit = connections_that_fit(static_cast<std::uint64_t>(now()->config.memory));
  core_set_ =
      std::make_unique<net::CoreSet>(cores_, connection_limit(now()->config.connections, fit));
  metrics_set_ = std::make_unique<net::CoreSet>(cores_, kMetricsConnections);
  disk_pool_ = std::make_unique<ThreadPool>("postern-disk", kDiskThreads, kDiskQueue);
  password_pool_ = std::make_unique<ThreadPool>("postern-auth", cores_.size(), kPasswordQueue);
}

Server::~Server() {
  for (const auto& loop : loops_) loop->stop();
  for (const auto& loop : loops_) loop->join();
  password_pool_.reset();
  report_pool_.reset();
  control_.reset();
  listeners_.clear();
  reports_.reset();
  queued_delivery_.reset();
  delivery_.reset();
  https_.reset();
  client_.reset();
  dialer_.reset();
  queue_.reset();
  resolver_.reset();
  keys_.reset();
  directory_.reset();
  trace_.reset();
  store_.reset();
  history_.reset();
  engine_.reset();
  disk_pool_.reset();
}

Task<Result<void>> Server::open_parts() {
  const auto config = now()->config;
  const Budget budget = divide_memory(static_cast<std::uint64_t>(config.memory));
  kv::RocksOptions rocks;
  rocks.directory = config.directory;
  rocks.reserve = static_cast<std::uint64_t>(config.reserve);
  rocks.block_cache = budget.block_cache;
  rocks.write_buffers = budget.write_buffers;
  POSTERN_CO_CHECK(apply_test_options(rocks));
  POSTERN_CO_TRY(engine_, kv::open_rocks(std::move(rocks), *disk_pool_, logger_));
  store::Settings mail;
  mail.retention = std::chrono::days{config.retention_days};
  mail.view_bytes = budget.views;
  mail.message_bytes = budget.messages;
  store_ = store::make_mail_store(*engine_, cores_, mail);
  trace_ = trace::make_log(*engine_, *cores_.front());
  directory::Settings people;
  people.login_domain = config.login_domain;
  people.hostname = config.hostname;
  POSTERN_CO_TRY(directory_,
                 co_await directory::open_directory(*engine_, *store_, *cores_.front(),
                                                    *password_pool_, std::move(people)));
  POSTERN_CO_TRY(auto dns, config::resolver_settings(config, budget.resolver));
  dns.root_key_file = config.directory + "/root.key";
  POSTERN_CO_TRY(resolver_, resolver::UnboundResolver::create(*cores_.front(), dns));
  queue_ = queue::make_queue(*engine_, *store_, *trace_, *cores_.front(), queue_settings(config));
  dialer_ = std::make_unique<net::TcpDialer>(*cores_.front());
  POSTERN_CO_CHECK(co_await open_keys());
  ClientTies ties{.signer = keys_.get(), .note_session = [this](reports::SeenSession session) {
                    note_session(std::move(session));
                  }};
  POSTERN_CO_TRY(client_,
                 make_client(config, *resolver_, *dialer_, std::move(ties), *cores_.front()));
  POSTERN_CO_TRY(https_, make_https(config, *resolver_, *dialer_, *cores_.front()));
  delivery_ = delivery::make_delivery(*store_, *directory_, *queue_, *trace_, *cores_.front(),
                                      {.hostname = config.hostname,
                                       .queue_life = std::chrono::hours{config.queue_life_hours},
                                       .signer = keys_.get()});
  queued_delivery_ =
      delivery::make_queued_delivery(*store_, *directory_, *queue_, *trace_, *cores_.front());
  queue_->deliver_locally_with(*queued_delivery_);
  services_ = std::make_unique<admin::Services>(
      admin::Services{.engine = *engine_,
                      .store = *store_,
                      .directory = *directory_,
                      .queue = *queue_,
                      .trace = *trace_,
                      .core = *cores_.front(),
                      .keys = keys_.get(),
                      .fresh_dns = [this] { return fresh_dns(); }});
  make_reports();
  co_return Result<void>{};
}

Task<Result<void>> Server::start(std::vector<Socket> sockets) {
  POSTERN_CO_CHECK(co_await open_parts());
  if (prepare) POSTERN_CO_CHECK(co_await prepare(*services_));
  const auto config = now()->config;
  const auto per_host = static_cast<std::uint32_t>(config.connections_per_ip);
  const net::Places::Limits places{.per_host = per_host, .per_net = per_host * kHostsOfNet};
  guard_ = std::make_unique<smtpd::Guard>(smtpd::Guard::Settings{.connections = places});
  imap_places_ = std::make_unique<net::Places>(places);
  login_guard_ = make_login_guard(*guard_, *imap_places_, clock_);
  smtp_metrics_ = std::make_unique<smtpd::Metrics>(registry_);
  imap_metrics_ = std::make_unique<imapd::Metrics>(registry_);
  history_ = mailauth::make_history(*engine_, clock_);
  smtp_services_ = std::make_unique<smtpd::Services>(
      smtpd::Services{.delivery = *delivery_,
                      .directory = *directory_,
                      .resolver = *resolver_,
                      .trace = *trace_,
                      .guard = *guard_,
                      .metrics = *smtp_metrics_,
                      .logger = logger_.with({{"service", "smtp"}}),
                      .history = history_.get(),
                      .signer = keys_.get(),
                      .reports = reports_.get()});
  imap_services_ = std::make_unique<imapd::Services>(
      imapd::Services{.directory = *directory_,
                      .guard = *login_guard_,
                      .places = account_places_,
                      .metrics = *imap_metrics_,
                      .logger = logger_.with({{"service", "imap"}})});
  add_gauges();
  const auto socket = std::filesystem::path{config.directory} / admin::kControlSocket;
  POSTERN_CO_TRY(control_, control::Server::listen(*cores_.front(), socket, logger_));
  co_return listen(std::move(sockets));
}

Result<void> Server::listen(std::vector<Socket> sockets) {
  for (const auto& socket : sockets) {
    POSTERN_TRY(auto listener, net::Listener::adopt(*cores_.front(), socket.descriptor));
    serve_on(*listeners_.emplace_back(std::move(listener)), socket.kind);
  }
  return {};
}

void Server::serve_on(net::Listener& listener, Kind kind) {
  const Sessions::Serve serve = [this, kind](Core& core, std::unique_ptr<net::Stream> stream) {
    const auto snapshot = now();
    switch (kind) {
      case Kind::smtp:
        return smtpd::serve(core, std::move(stream), *smtp_services_, snapshot->smtp);
      case Kind::submission:
        return smtpd::serve(core, std::move(stream), *smtp_services_, snapshot->submission);
      case Kind::submissions:
        return smtpd::serve(core, std::move(stream), *smtp_services_, snapshot->submissions);
      case Kind::imap:
        return imapd::serve(core, std::move(stream), *imap_services_, snapshot->imap);
      case Kind::imaps:
        return imapd::serve(core, std::move(stream), *imap_services_, snapshot->imaps);
      case Kind::metrics: return metricsd::serve(core, std::move(stream), registry_);
    }
    std::unreachable();
  };
  const auto on_accept = [this, serve](Core& core, std::unique_ptr<net::Stream> stream) {
    sessions_->spawn(core, std::move(stream), serve);
  };
  auto& places = kind == Kind::metrics ? *metrics_set_ : *core_set_;
  sessions_->group(*cores_.front()).spawn(listener.run(places, on_accept, logger_, refusal(kind)));
}

/// What a peer is told for whom there is no place; over TLS nothing can be said.
std::string Server::refusal(Kind kind) const {
  switch (kind) {
    case Kind::smtp:
    case Kind::submission:
      return "421 4.3.2 " + now()->config.hostname + " Too busy, please come back\r\n";
    case Kind::imap:        return "* BYE [UNAVAILABLE] Too busy, please come back\r\n";
    case Kind::submissions:
    case Kind::imaps:
    case Kind::metrics:     return {};
  }
  std::unreachable();
}

void Server::add_gauges() {
  registry_.gauge_from("postern_queue_messages", "Messages waiting to be sent",
                       [this] { return static_cast<double>(queue_->stats().waiting); });
  registry_.gauge_from("postern_queue_held", "Messages held for a person",
                       [this] { return static_cast<double>(queue_->stats().held); });
  registry_.gauge_from("postern_store_syncs", "Syncs of the store's log",
                       [this] { return static_cast<double>(engine_->stats().syncs); });
  registry_.gauge_from("postern_store_appends", "Commits",
                       [this] { return static_cast<double>(engine_->stats().appends); });
  registry_.gauge_from("postern_store_health", "0 good, 1 low on space, 2 read-only",
                       [this] { return static_cast<double>(engine_->health()); });
  registry_.gauge_from("postern_mail_delivered", "Messages put into mailboxes",
                       [this] { return static_cast<double>(store_->stats().delivered); });
  registry_.gauge_from("postern_bugs", "Exceptions that the queue and the store survived", [this] {
    return static_cast<double>(queue_->stats().bugs + store_->stats().bugs);
  });
  for (const auto& [what, member] : kLookups) {
    registry_.gauge_from(
        "postern_dns_answers", "DNS answers by what they were",
        [this, which = member] { return static_cast<double>(resolver_->stats().*which); },
        {{"answer", what}});
  }
  registry_.gauge_from("postern_dns_lookups", "DNS questions asked",
                       [this] { return static_cast<double>(resolver_->stats().lookups); });
  registry_.gauge_from("postern_dns_pending", "DNS questions under way",
                       [this] { return static_cast<double>(resolver_->stats().pending); });
  registry_.gauge_from("postern_trace_not_kept", "Trace events not kept: trace.max_bytes",
                       [this] { return static_cast<double>(trace_->stats().not_kept); });
  registry_.gauge_from("postern_connections", "Connections being served",
                       [this] { return static_cast<double>(core_set_->connections()); });
  registry_.gauge_from("postern_connections_refused",
                       "Connections refused because all places were taken",
                       [this] { return static_cast<double>(core_set_->refused()); });
  registry_.gauge_from(
      "postern_connections_refused_by_net", "Connections refused because their net had too many",
      [this] { return static_cast<double>(guard_->places().refused() + imap_places_->refused()); });
}

/// At most a few lines a minute, whoever comes however often.
void Server::tell_refused(std::string_view service, net::Places& places) const {
  for (const auto& [net, times] : places.report(clock_.instant())) {
    logger_.warn("too many connections",
                 {{"service", service}, {"net", net.empty() ? "others" : net}, {"times", times}});
  }
}

/// Once a second the trace, once a minute what of it goes, or is not kept for want of room. A
/// failing store is its own news: it is logged, and tried again.
Task<> Server::maintain() {
  Core& core = *cores_.front();
  const auto sleeper = std::make_shared<Sleeper>(core);
  sleepers_.push_back(sleeper);
  const auto config = now()->config;
  Instant expire_at = core.clock.instant();
  std::uint64_t not_kept = 0;
  auto generation = engine_->generation();
  for (bool more = true; more && !stop_asked_;) {
    // Sessions that idle would find out at the next change only.
    const auto before = std::exchange(generation, engine_->generation());
    if (generation != before) store_->tell_reopened();
    tell_refused("smtp", guard_->places());
    tell_refused("imap", *imap_places_);
    const auto flushed = co_await trace_->flush();
    if (!flushed) logger_.warn("trace not written", {{"why", to_string(flushed.error().code)}});
    if (core.clock.instant() >= expire_at) {
      expire_at = core.clock.instant() + 1min;
      const auto most =
          trace_bytes(static_cast<std::uint64_t>(config.trace_max_bytes), config.directory);
      const auto expired = co_await trace_->expire(std::chrono::days{config.trace_days}, most);
      if (!expired) logger_.warn("trace not expired", {{"why", to_string(expired.error().code)}});
      const auto before_this = std::exchange(not_kept, trace_->stats().not_kept);
      if (not_kept != before_this) {
        logger_.warn("today's traces have reached their share of trace.max_bytes: not all are kept",
                     {{"events", not_kept - before_this}});
      }
    }
    more = co_await sleeper->sleep(1s);
  }
}

/// Apart from `maintain`: it may take minutes. The end of the server cuts it short.
Task<> Server::sweep_now_and_then() {
  const auto sleeper = std::make_shared<Sleeper>(*cores_.front());
  sleepers_.push_back(sleeper);
  const Duration every = std::chrono::seconds{now()->config.sweep_seconds};
  for (bool more = true; more && !stop_asked_;) {
    const auto removed = co_await directory_->finish_removals();
    if (!removed && !stop_asked_)
      logger_.warn("an account is not removed yet", {{"why", to_string(removed.error().code)}});
    const auto swept = co_await store_->sweep();
    if (!swept && !stop_asked_)
      logger_.warn("sweep failed", {{"why", to_string(swept.error().code)}});
    co_await history_->sweep();
    more = co_await sleeper->sleep(every);
  }
}

void Server::ask_to_stop() {
  if (stop_asked_) return;
  stop_asked_ = true;
  logger_.info("shutting down");
  if (on_stop) on_stop();
  if (store_) store_->stop_housekeeping();
  if (store_) store_->stop_waiting();
  stop_.notify_all();
}

void Server::use(std::shared_ptr<const Snapshot> snapshot) {
  use_report_settings(snapshot->config);
  snapshot_ = std::move(snapshot);
}

void Server::hurry() {
  logger_.info("shutting down in a hurry");
  sessions_->hurry();
}

void Server::stop_asking_others() {
  if (client_) client_->stop();
  if (https_) https_->stop();
  if (dialer_) dialer_->stop();
  if (reports_) reports_->stop();
  if (resolver_) resolver_->stop();
  for (const auto& fresh : fresh_dns_) {
    if (const auto dns = fresh.lock()) dns->stop();
  }
}

/// What waits for others is ended first, so that nothing that ends later waits for it.
Task<> Server::stop() {
  stop_asked_ = true;
  for (const auto& listener : listeners_) listener->stop();
  if (control_) control_->stop();
  if (store_) store_->stop_housekeeping();
  if (store_) store_->stop_waiting();
  if (queue_) queue_->stop();
  stop_asking_others();
  for (const auto& sleeper : sleepers_) sleeper->cancel();
  co_await sessions_->stop();
  if (client_) co_await client_->close();
  if (reports_) {
    const auto flushed = co_await reports_->collector().flush();
    if (!flushed) logger_.warn("statistics not stored", {{"why", flushed.error().code}});
  }
  if (trace_) {
    const auto flushed = co_await trace_->flush();
    if (!flushed) logger_.warn("trace not written", {{"why", to_string(flushed.error().code)}});
  }
}

Task<> Server::live(std::vector<Socket> sockets, std::function<void()> ready) {
  outcome_ = co_await start(std::move(sockets));
  if (!outcome_ || stop_asked_) co_return;
  auto& group = sessions_->group(*cores_.front());
  group.spawn(queue_->run(*client_, [this](std::string content, smtp::Address to, TraceId about) {
    return delivery_->submit_notice(std::move(content), std::move(to), about);
  }));
  group.spawn(control_->run(
      [this](std::string request) { return admin::handle(*services_, std::move(request)); }));
  group.spawn(maintain());
  group.spawn(sweep_now_and_then());
  group.spawn(tend_keys());
  group.spawn(reports_->sender().run());
  group.spawn(reports_->flush_now_and_then());
  group.spawn(reports_->uploads().run());
  ready();
  while (!stop_asked_) co_await stop_.wait();
}

Task<> Server::whole(std::vector<Socket> sockets, std::vector<Watch*> watches,
                     std::function<void()> ready) {
  TaskGroup watching{cores_.front()->executor,
                     [this](const std::exception_ptr& bug) { crash(words_of(bug)); }};
  for (auto* const watch : watches) watching.spawn(watch->run(*this));
  co_await live(std::move(sockets), std::move(ready));
  co_await stop();
  for (auto* const watch : watches) watch->stop();
  co_await watching.join();
  for (const auto& loop : loops_) loop->stop();
}

/// Coroutines are suspended all over the cores and use what ours would be the first to take down:
/// no destructor runs.
void Server::crash(std::string_view why) const {
  logger_.error("the server ends at once: this is a bug", {{"what", why}});
  std::_Exit(1);
}

Result<void> Server::run(std::vector<Socket> sockets, std::vector<Watch*> watches,
                         std::function<void()> ready) {
  for (std::size_t i = 1; i < loops_.size(); ++i)
    loops_[i]->start(fmt::format("postern-core{}", i));
  TaskGroup main{cores_.front()->executor,
                 [this](const std::exception_ptr& bug) { crash(words_of(bug)); }};
  main.spawn(whole(std::move(sockets), std::move(watches), std::move(ready)));
  try {
    loops_.front()->run();
  } catch (...) {
    crash(words_of(std::current_exception()));
  }
  return std::move(outcome_);
}

}  // namespace postern::server
