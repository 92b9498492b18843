#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "async/manual_core.hpp"
#include "kv/memory_engine.hpp"
#include "log/sink.hpp"
#include "reports/reports.hpp"
#include "resolver/scripted.hpp"

// What the tests of this module share: a store, DNS and a queue that takes everything.
namespace postern::reports {

struct LogLines final : log::Sink {
  void write(log::Level, std::string_view line) override { lines.emplace_back(line); }
  std::vector<std::string> lines;
};

class Rig {
 protected:
  using Days = std::chrono::days;

  static constexpr Timestamp kStart{std::chrono::sys_days{std::chrono::days{20'000}} +
                                    std::chrono::hours{12}};
  static constexpr Day kToday = 20'000;

  Rig() {
    start();
    txt("_dmarc.example.org", "v=DMARC1; p=reject; rua=mailto:agg@example.org");
  }

  /// As a process begins, on what the disk holds.
  void start() {
    reports_ = std::make_unique<Reports>(Reports::Parts{
        .engine = *engine_,
        .resolver = resolver_,
        .core = machine_.core(),
        .pool = pool_,
        .submit = [this](std::string content, smtp::Address to,
                         TraceId) { return submit(std::move(content), std::move(to)); },
        .judge = {.is_ours = [](const std::string& domain) { return domain == "example.net"; },
                  .suffix = {}},
        .logger = log::Logger{backend_},
        .post = post_});
    Settings settings;
    settings.enabled = true;
    settings.from = "noreply@mx.example.net";
    settings.hostname = "mx.example.net";
    reports_->use(std::make_shared<const Settings>(settings));
  }
  void restart() {
    reports_.reset();
    const auto disk = engine_->crash();
    engine_ = std::make_unique<kv::MemoryEngine>(options(), disk);
    start();
  }

  void txt(std::string_view name, std::string text) {
    resolver_.add(name, dns::Type::txt, dns::Txt{std::move(text)});
  }

  template <class T>
  T run(Task<T> task) {
    const auto out = std::make_shared<std::optional<T>>();
    const auto keep = [](Task<T> work, std::shared_ptr<std::optional<T>> into) -> Task<> {
      *into = co_await std::move(work);
    };
    machine_.group().spawn(keep(std::move(task), out));
    machine_.advance(std::chrono::milliseconds{100});
    auto& value = *out;
    if (!value) throw std::logic_error{"the task has not ended"};
    return *std::move(value);
  }
  /// Stores what was counted, on disk.
  void flush() {
    run(reports_->collector().flush()).value();
    sync();
  }
  void sync() { run(engine_->durable(engine_->tip()->ticket())).value(); }

  /// The server's loops for `length`.
  void live(Duration length) {
    machine_.group().spawn(reports_->sender().run());
    machine_.group().spawn(reports_->flush_now_and_then());
    machine_.group().spawn(reports_->uploads().run());
    machine_.advance(length);
    reports_->stop();
    machine_.advance(std::chrono::seconds{1});
  }

  static SeenMessage message(const std::string& domain = "example.org",
                             std::string_view ip = "192.0.2.1") {
    SeenMessage out;
    out.policy = {.domain = domain, .p = feedback::Policy::reject};
    out.row = {.source_ip = text::IpAddress::parse(ip),
               .count = 1,
               .disposition = feedback::Disposition::reject,
               .dkim = feedback::Aligned::fail,
               .spf = feedback::Aligned::fail,
               .header_from = domain};
    return out;
  }
  void see(const std::string& domain = "example.org", std::string_view ip = "192.0.2.1") {
    reports_->collector().note(message(domain, ip));
  }
  static SeenSession session(std::optional<feedback::TlsResult> failure = {}) {
    return {.domain = "example.org",
            .mx = "mx.example.org",
            .mx_ip = text::IpAddress::parse("192.0.2.25"),
            .failure = failure};
  }

  struct Sent {
    std::string to;
    std::string content;
  };
  std::vector<Sent> sent_;
  bool queue_fails_ = false;
  std::string queue_throws_for_;
  Post post_;  ///< For the next `start`.

  kv::MemoryEngine::Options options() {
    return {.sync = kv::MemoryEngine::Sync::delayed, .core = &machine_.core()};
  }

  LogLines sink_;
  log::Backend backend_{sink_, {}, [] { return Timestamp{}; }};
  ManualCore machine_{1, kStart};
  std::unique_ptr<kv::MemoryEngine> engine_ = std::make_unique<kv::MemoryEngine>(options());
  resolver::ScriptedResolver resolver_{machine_.core().timers};
  InlinePool pool_;
  std::unique_ptr<Reports> reports_;

 private:
  Task<Result<TraceId>> submit(std::string content, smtp::Address to) {
    if (smtp::to_string(to) == queue_throws_for_) throw std::runtime_error{"no such queue"};
    if (queue_fails_) co_return fail(Errc::unavailable);
    sent_.push_back({.to = smtp::to_string(to), .content = std::move(content)});
    co_return TraceId{sent_.size()};
  }
};

}  // namespace postern::reports
