#include "resolver/unbound.hpp"

#include <atomic>
#include <optional>
#include <unordered_map>
#include <utility>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>

#include "resolver/answer_cache.hpp"
#include "resolver/unbound_context.hpp"

namespace postern::resolver {
namespace {

/// Written on the home core, read anywhere.
class Counter {
 public:
  void operator++() { value_.fetch_add(1, std::memory_order_relaxed); }
  void set(std::uint64_t value) { value_.store(value, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

struct Counters {
  Counter lookups, merged, remembered, refused, secure, insecure, bogus, nxdomain, servfail,
      timeouts, pending;

  void count(const dns::Answer& answer) {
    if (answer.status == dns::Status::bogus) {
      ++bogus;
      return;
    }
    if (answer.status == dns::Status::secure) ++secure;
    if (answer.status == dns::Status::insecure) ++insecure;
    if (answer.outcome == dns::Outcome::nxdomain) ++nxdomain;
    if (answer.outcome == dns::Outcome::servfail) ++servfail;
    if (answer.outcome == dns::Outcome::timeout) ++timeouts;
  }
};

dns::Answer no_answer(dns::Outcome outcome, std::string why) {
  return {.outcome = outcome, .why = std::move(why)};
}

}  // namespace

class UnboundResolver::Impl {
 public:
  Impl(Core home, const Settings& settings, Context context)
      : home_{home},
        limit_{settings.limit},
        max_pending_{settings.max_pending},
        context_{std::move(context)},
        ready_{home.executor, ub_fd(context_.get())} {
    wait();
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    stop();
    context_.reset();  // Its callbacks know the lookups: it goes first.
  }

  void post(dns::Question question, Done done) {
    asio::post(home_.executor, [this, alive = std::weak_ptr{alive_}, question = std::move(question),
                                done = std::move(done)]() mutable {
      if (alive.expired()) return;
      begin(std::move(question), std::move(done));
    });
  }

  /// Any thread.
  std::optional<dns::Answer> remembered(const dns::Question& question) {
    auto out = cache_.find(question, home_.clock.instant());
    if (!out) return out;
    ++counters.lookups;
    ++counters.remembered;
    return out;
  }

  void stop() {
    if (stopped_) return;
    stopped_ = true;
    ready_.release();  // The descriptor is libunbound's.
    while (!pending_.empty())
      finish(*pending_.begin()->second, no_answer(dns::Outcome::servfail, "shutting down"), true);
  }

  Counters counters;

 private:
  /// One question that libunbound is working on, and all who want its answer.
  struct Pending final : Timers::Timer {
    Pending(Impl& impl, dns::Question asked) : owner{impl}, question{std::move(asked)} {}
    void fire() override {
      owner.finish(*this, no_answer(dns::Outcome::timeout, "no answer in time"), true);
    }

    Impl& owner;
    dns::Question question;
    std::vector<Done> waiters;
    int id = 0;
  };

  void begin(dns::Question question, Done done) {
    ++counters.lookups;
    if (stopped_) return done(no_answer(dns::Outcome::servfail, "shutting down"));
    if (const auto at = pending_.find(question); at != pending_.end()) {
      ++counters.merged;
      at->second->waiters.push_back(std::move(done));
      return;
    }
    if (pending_.size() >= max_pending_) {
      ++counters.refused;
      return done(no_answer(dns::Outcome::servfail, "too many lookups"));
    }
    ask(std::move(question), std::move(done));
  }

  void ask(dns::Question question, Done done) {
    auto owned = std::make_unique<Pending>(*this, std::move(question));
    Pending& pending = *owned;
    pending.waiters.push_back(std::move(done));
    pending_.emplace(pending.question, std::move(owned));
    counters.pending.set(pending_.size());
    home_.timers.arm_after(pending, limit_);
    const int error = ub_resolve_async(context_.get(), pending.question.name.to_string().c_str(),
                                       static_cast<int>(pending.question.type), kClassIn, &pending,
                                       &Impl::on_result, &pending.id);
    if (error != UB_NOERROR)
      finish(pending, no_answer(dns::Outcome::servfail, ub_strerror(error)), false);
  }

  /// Called by ub_process, that is, on the home core; never after ub_cancel.
  static void on_result(void* data, int error, ub_result* result) {
    auto& pending = *static_cast<Pending*>(data);
    auto answer = read_result(pending.question, error, result);
    ub_resolve_free(result);
    pending.owner.finish(pending, std::move(answer), false);
  }

  /// Tells everybody and forgets the lookup.
  void finish(Pending& pending, dns::Answer answer, bool cancel) {
    if (cancel) ub_cancel(context_.get(), pending.id);
    cache_.put(pending.question, answer, home_.clock.instant());
    counters.count(answer);
    const auto node = pending_.extract(pending.question);
    counters.pending.set(pending_.size());
    for (auto& done : node.mapped()->waiters) done(answer);
  }

  void wait() {
    ready_.async_wait(
        asio::posix::stream_descriptor::wait_read,
        [this, alive = std::weak_ptr{alive_}](const boost::system::error_code& error) {
          // Stopped; `this` may be gone, though the descriptor was ready before.
          if (error || alive.expired() || stopped_) return;
          ub_process(context_.get());
          if (!stopped_) wait();
        });
  }

  static constexpr int kClassIn = 1;

  Core home_;
  Duration limit_;
  std::size_t max_pending_;
  bool stopped_ = false;
  AnswerCache cache_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  ///< For handlers that come late.
  std::unordered_map<dns::Question, std::unique_ptr<Pending>> pending_;
  Context context_;
  asio::posix::basic_stream_descriptor<Executor> ready_;
};

UnboundResolver::UnboundResolver(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}
UnboundResolver::~UnboundResolver() = default;

Result<std::unique_ptr<UnboundResolver>> UnboundResolver::create(Core home,
                                                                 const Settings& settings) {
  auto context = make_context(settings);
  if (!context) return std::unexpected(std::move(context).error());
  return std::unique_ptr<UnboundResolver>{
      new UnboundResolver{std::make_unique<Impl>(home, settings, *std::move(context))}};
}

void UnboundResolver::stop() {
  impl_->stop();
}

void UnboundResolver::start(dns::Question question, Done done) {
  if (auto known = impl_->remembered(question)) return done(*std::move(known));
  impl_->post(std::move(question), std::move(done));
}

Stats UnboundResolver::stats() const {
  const Counters& c = impl_->counters;
  return {.lookups = c.lookups.get(),
          .merged = c.merged.get(),
          .remembered = c.remembered.get(),
          .refused = c.refused.get(),
          .secure = c.secure.get(),
          .insecure = c.insecure.get(),
          .bogus = c.bogus.get(),
          .nxdomain = c.nxdomain.get(),
          .servfail = c.servfail.get(),
          .timeouts = c.timeouts.get(),
          .pending = c.pending.get()};
}

}  // namespace postern::resolver
