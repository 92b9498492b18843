#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "admin/admin.hpp"
#include "admin/offline.hpp"
#include "admin/services.hpp"
#include "async/core_loop.hpp"
#include "async/event.hpp"
#include "async/pool.hpp"
#include "config/config.hpp"
#include "control/server.hpp"
#include "delivery/delivery.hpp"
#include "directory/directory.hpp"
#include "http/client.hpp"
#include "imapd/session.hpp"
#include "kv/rocks_engine.hpp"
#include "log/log.hpp"
#include "mailauth/history.hpp"
#include "metrics/metrics.hpp"
#include "net/listener.hpp"
#include "net/tcp_dialer.hpp"
#include "net/tls_context.hpp"
#include "queue/queue.hpp"
#include "reports/reports.hpp"
#include "resolver/unbound.hpp"
#include "server/sessions.hpp"
#include "server/sockets.hpp"
#include "server/watch.hpp"
#include "signing/key_ring.hpp"
#include "smtpc/client.hpp"
#include "smtpd/session.hpp"
#include "store/mail_store.hpp"
#include "trace/trace.hpp"

namespace postern::server {

/// What a connection is served with: replaced as a whole by a reload; a session keeps its own.
struct Snapshot {
  config::Config config;
  std::shared_ptr<const smtpd::Settings> smtp, submission, submissions;
  std::shared_ptr<const imapd::Settings> imap, imaps;
  /// What `signing.secret_file` holds, if that is set. Later ones than the first are not used.
  std::optional<signing::InstallationSecret> secret;
};
/// `bad_config`: a certificate or secret file that cannot be used.
/// Certificates and keys come through `read`, or from the disk when that is empty.
[[nodiscard]] Result<std::shared_ptr<const Snapshot>> make_snapshot(config::Config config,
                                                                    const net::ReadFile& read);

/// The running server: owns every part, in the order in which they depend on each other. Made and
/// destroyed on the main thread, before and after its loops run; signals are held then
/// (signals.hpp).
class Server {
 public:
  Server(std::shared_ptr<const Snapshot> snapshot, log::Logger logger);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Opens the store and starts serving `sockets`; runs the first core on this thread till one of
  /// `watches` asks it to stop, or a failure to start, which is the error. `ready` is called once
  /// all is served. A bug that leaves no orderly end ends the process at once, as a crash would:
  /// the store is made for that. Once.
  Result<void> run(std::vector<Socket> sockets, std::vector<Watch*> watches,
                   std::function<void()> ready);

  // For watches, on the first core.
  /// Begins the end, now or, while starting, as soon as all is open. Once is enough.
  void ask_to_stop();
  [[nodiscard]] bool stopping() const { return stop_asked_; }
  /// Waits no longer for the goodbyes of connections. Commits under way end in order.
  void hurry();
  /// New sessions are served with `snapshot`.
  void use(std::shared_ptr<const Snapshot> snapshot);

  /// What commands work on; valid once `ready` was called. For localserve's first account too.
  [[nodiscard]] admin::Services& services() { return *services_; }
  /// Called after the store is open and before anything is served.
  std::function<Task<Result<void>>(admin::Services&)> prepare;
  /// Called when the end begins because somebody asked for it.
  std::function<void()> on_stop;

 private:
  Task<Result<void>> start(std::vector<Socket> sockets);
  Task<Result<void>> open_parts();
  Result<void> listen(std::vector<Socket> sockets);
  Task<> stop();
  void stop_asking_others();
  Task<> live(std::vector<Socket> sockets, std::function<void()> ready);
  Task<> whole(std::vector<Socket> sockets, std::vector<Watch*> watches,
               std::function<void()> ready);
  Task<> maintain();
  void tell_refused(std::string_view service, net::Places& places) const;
  Task<> sweep_now_and_then();
  Task<Result<void>> open_keys();
  Result<std::shared_ptr<resolver::Resolver>> fresh_dns();
  Task<> tend_keys();
  [[noreturn]] void crash(std::string_view why) const;
  void serve_on(net::Listener& listener, Kind kind);
  [[nodiscard]] std::string refusal(Kind kind) const;
  [[nodiscard]] std::shared_ptr<const Snapshot> now() const { return snapshot_.load(); }
  void add_gauges();
  // report_parts.cpp
  void make_reports();
  void use_report_settings(const config::Config& config);
  void add_report_gauges();
  void note_session(reports::SeenSession session);
  Task<Result<void>> post(std::string url, std::string octets);

  std::atomic<std::shared_ptr<const Snapshot>> snapshot_;
  log::Logger logger_;
  SystemClock clock_;
  SystemRandom random_;
  metrics::Registry registry_;
  std::vector<std::unique_ptr<CoreLoop>> loops_;
  std::vector<Core*> cores_;
  std::unique_ptr<Sessions> sessions_;
  std::unique_ptr<ThreadPool> disk_pool_;
  std::unique_ptr<ThreadPool> password_pool_;
  std::unique_ptr<ThreadPool> report_pool_;  ///< Reads what may be hostile: one at a time.
  std::unique_ptr<kv::Engine> engine_;
  std::unique_ptr<mailauth::History> history_;
  std::unique_ptr<store::MailStore> store_;
  std::unique_ptr<trace::Log> trace_;
  std::unique_ptr<directory::Directory> directory_;
  std::unique_ptr<signing::KeyRing> keys_;
  std::unique_ptr<resolver::UnboundResolver> resolver_;
  std::vector<std::weak_ptr<resolver::UnboundResolver>> fresh_dns_;
  std::unique_ptr<queue::Queue> queue_;
  std::unique_ptr<net::TcpDialer> dialer_;
  std::unique_ptr<smtpc::Client> client_;
  std::unique_ptr<http::Client> https_;
  std::unique_ptr<delivery::Delivery> delivery_;
  std::unique_ptr<queue::LocalDelivery> queued_delivery_;
  std::unique_ptr<reports::Reports> reports_;
  std::unique_ptr<smtpd::Guard> guard_;
  std::unique_ptr<smtpd::Metrics> smtp_metrics_;
  std::unique_ptr<imapd::Metrics> imap_metrics_;
  std::unique_ptr<net::Places> imap_places_;  ///< Of connections that are not logged in.
  std::unique_ptr<imapd::LoginGuard> login_guard_;
  imapd::AccountPlaces account_places_;
  std::unique_ptr<smtpd::Services> smtp_services_;
  std::unique_ptr<imapd::Services> imap_services_;
  std::unique_ptr<admin::Services> services_;
  std::unique_ptr<control::Server> control_;
  std::unique_ptr<net::CoreSet> core_set_;
  std::unique_ptr<net::CoreSet> metrics_set_;  ///< A full house can still be looked into.
  std::vector<std::unique_ptr<net::Listener>> listeners_;
  std::vector<std::shared_ptr<Sleeper>> sleepers_;
  Result<void> outcome_;
  Event stop_;  ///< Asked to.
  bool stop_asked_ = false;
};

}  // namespace postern::server
