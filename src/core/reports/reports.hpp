#pragma once

#include <memory>
#include <string>

#include "reports/collector.hpp"
#include "reports/inbox.hpp"
#include "reports/ledger.hpp"
#include "reports/sender.hpp"
#include "reports/uploads.hpp"

namespace postern::reports {

/// All of the module that a running server has, wired together.
class Reports {
 public:
  /// What it works with; but for the last five, which are its own, it outlives it.
  struct Parts {
    kv::Engine& engine;
    resolver::Resolver& resolver;
    Core& core;  ///< Where it sends and flushes.
    Pool& pool;
    queue::SubmitNotice submit;
    Inbox::Judge judge;
    log::Logger logger;
    Inbox::Limits inbox = {};
    Post post = {};  ///< None: nothing is uploaded.
  };
  explicit Reports(Parts parts);

  [[nodiscard]] Collector& collector() { return collector_; }
  [[nodiscard]] Sender& sender() { return sender_; }
  [[nodiscard]] Inbox& inbox() { return inbox_; }
  [[nodiscard]] Uploads& uploads() { return uploads_; }
  /// Whether messages and sessions are to be counted. Any thread.
  [[nodiscard]] bool counting() const { return sender_.settings()->enabled; }
  void use(std::shared_ptr<const Settings> settings) { sender_.use(std::move(settings)); }

  /// Stores what is counted, once a minute, till `stop`. Beside `sender().run()` and
  /// `uploads().run()`.
  Task<> flush_now_and_then();
  /// Ends these loops; what is counted after that, `collector().flush()` takes.
  void stop();

 private:
  Core& core_;
  log::Logger logger_;
  Collector collector_;
  Ledger ledger_;
  Uploads uploads_;
  Sender sender_;
  Inbox inbox_;
  Sleeper sleeper_;
};

}  // namespace postern::reports
