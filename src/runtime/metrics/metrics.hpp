#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "vocab/time.hpp"

// Counts of what happens, in the Prometheus text format 0.0.4. A module registers what it counts
// once, at construction, and keeps references; counting is a relaxed atomic operation from any
// thread. Labels are fixed at registration: nothing a peer sends becomes a label.
namespace postern::metrics {

/// Only grows.
class Counter {
 public:
  void add(std::uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_ = 0;
};

/// Goes up and down.
class Gauge {
 public:
  void set(std::int64_t value) { value_.store(value, std::memory_order_relaxed); }
  void add(std::int64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  void sub(std::int64_t n = 1) { value_.fetch_sub(n, std::memory_order_relaxed); }
  [[nodiscard]] std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_ = 0;
};

/// Counts one for as long as it lives: connections, sessions, work under way. `gauge` outlives it.
class Held {
 public:
  explicit Held(Gauge& gauge) : gauge_{&gauge} { gauge_->add(); }
  Held(Held&& other) noexcept : gauge_{std::exchange(other.gauge_, nullptr)} {}
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  Held& operator=(Held&&) = delete;
  ~Held() {
    if (gauge_ != nullptr) gauge_->sub();
  }

 private:
  Gauge* gauge_;
};

/// Upper bounds for times from 100 us to 10 s, in seconds.
[[nodiscard]] std::vector<double> latency_bounds();
/// Upper bounds for sizes from 1 KiB to 64 MiB, in bytes, by factors of 4.
[[nodiscard]] std::vector<double> size_bounds();

/// How often values fell at or below each of its bounds.
class Histogram {
 public:
  /// `bounds` strictly ascending; the bucket for everything above is added.
  explicit Histogram(std::vector<double> bounds);

  void observe(double value);
  /// In seconds, as Prometheus wants them.
  void observe(Duration time);

  [[nodiscard]] const std::vector<double>& bounds() const { return bounds_; }
  /// Values in bucket `i` alone, from 0 to bounds().size() (the last: above all bounds).
  [[nodiscard]] std::uint64_t in_bucket(std::size_t i) const {
    return buckets_.at(i).load(std::memory_order_relaxed);
  }
  [[nodiscard]] double sum() const { return sum_.load(std::memory_order_relaxed); }

 private:
  std::vector<double> bounds_;
  std::vector<std::atomic<std::uint64_t>> buckets_;
  std::atomic<double> sum_ = 0;
};

using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

/// Every metric of a process (or a test). Registering takes a lock; the references it gives live
/// as long as the registry. The same name and labels give the same metric again; the same name as
/// another type, or a malformed name, is a bug and throws std::logic_error. Names begin with
/// `postern_`; counters end in `_total`, times in `_seconds`, sizes in `_bytes`.
class Registry {
 public:
  Registry() = default;
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  Counter& counter(std::string_view name, std::string_view help, Labels labels = {});
  Gauge& gauge(std::string_view name, std::string_view help, Labels labels = {});
  /// All histograms of one name share the bounds given first.
  Histogram& histogram(std::string_view name, std::string_view help, std::vector<double> bounds,
                       Labels labels = {});
  /// A gauge whose value is asked for when the metrics are read, from the reading thread. `read`
  /// must stay callable as long as the registry.
  void gauge_from(std::string_view name, std::string_view help, std::function<double()> read,
                  Labels labels = {});

  /// All metrics in the text format, families by name, each with HELP and TYPE.
  [[nodiscard]] std::string render() const;

 private:
  using Reader = std::function<double()>;
  using Metric = std::variant<std::unique_ptr<Counter>, std::unique_ptr<Gauge>,
                              std::unique_ptr<Histogram>, Reader>;
  struct Family {
    std::string help;
    std::string_view type;
    std::map<std::string, Metric> metrics;  // by rendered labels, `a="b",c="d"`
  };

  static void render_metric(std::string& out, std::string_view name, std::string_view labels,
                            const Metric& metric);
  // The metric of that name and labels, or a place for it. Under the lock.
  Metric& place(std::string_view name, std::string_view help, std::string_view type, Labels labels,
                const std::function<Metric()>& make);

  mutable std::mutex mutex_;
  std::map<std::string, Family, std::less<>> families_;
};

}  // namespace postern::metrics
