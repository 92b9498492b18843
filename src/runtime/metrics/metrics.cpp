#include "metrics/metrics.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <stdexcept>

#include <fmt/format.h>

namespace postern::metrics {
namespace {

bool is_name(std::string_view name) {
  const auto ok = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && !(name.front() >= '0' && name.front() <= '9') &&
         std::ranges::all_of(name, ok);
}

// The text format escapes backslash and LF in help, and the double quote too in label values.
std::string escaped(std::string_view text, bool quote) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && quote) {
      out += "\\\"";
    } else {
      out += c;
    }
  }
  return out;
}

std::string rendered(Labels labels) {
  std::string out;
  for (const auto& [key, value] : labels) {
    if (!is_name(key) || key == "le") throw std::logic_error("bad label: " + std::string(key));
    if (!out.empty()) out += ',';
    fmt::format_to(std::back_inserter(out), "{}=\"{}\"", key, escaped(value, true));
  }
  return out;
}

void append_sample(std::string& out, std::string_view name, std::string_view labels, auto value) {
  out += name;
  if (!labels.empty()) fmt::format_to(std::back_inserter(out), "{{{}}}", labels);
  fmt::format_to(std::back_inserter(out), " {}\n", value);
}

void append_histogram(std::string& out, std::string_view name, std::string_view labels,
                      const Histogram& histogram) {
  const std::string bucket = std::string(name) + "_bucket";
  const std::string before = labels.empty() ? "" : std::string(labels) + ",";
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < histogram.bounds().size(); ++i) {
    count += histogram.in_bucket(i);
    append_sample(out, bucket, fmt::format("{}le=\"{}\"", before, histogram.bounds().at(i)), count);
  }
  count += histogram.in_bucket(histogram.bounds().size());
  append_sample(out, bucket, before + "le=\"+Inf\"", count);
  append_sample(out, std::string(name) + "_sum", labels, histogram.sum());
  append_sample(out, std::string(name) + "_count", labels, count);
}

}  // namespace

std::vector<double> latency_bounds() {
  return {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
          0.05,   0.1,     0.25,   0.5,   1,      2.5,   5,    10};
}

std::vector<double> size_bounds() {
  return {1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864};
}

Histogram::Histogram(std::vector<double> bounds)
    : bounds_{std::move(bounds)}, buckets_(bounds_.size() + 1) {
  if (std::ranges::adjacent_find(bounds_, std::greater_equal{}) != bounds_.end()) {
    throw std::logic_error("histogram bounds must ascend");
  }
}

void Histogram::observe(double value) {
  const auto at = std::ranges::lower_bound(bounds_, value) - bounds_.begin();
  buckets_.at(static_cast<std::size_t>(at)).fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
}

void Histogram::observe(Duration time) {
  observe(std::chrono::duration<double>(time).count());
}

Registry::Metric& Registry::place(std::string_view name, std::string_view help,
                                  std::string_view type, Labels labels,
                                  const std::function<Metric()>& make) {
  if (!is_name(name)) throw std::logic_error("bad metric name: " + std::string(name));
  const std::string key = rendered(labels);
  auto& family =
      families_.try_emplace(std::string(name), Family{std::string(help), type, {}}).first->second;
  if (family.type != type) throw std::logic_error(std::string(name) + " has another type");
  const auto found = family.metrics.find(key);
  if (found != family.metrics.end()) return found->second;
  return family.metrics.emplace(key, make()).first->second;
}

Counter& Registry::counter(std::string_view name, std::string_view help, Labels labels) {
  const std::scoped_lock lock(mutex_);
  return *std::get<std::unique_ptr<Counter>>(
      place(name, help, "counter", labels, [] { return std::make_unique<Counter>(); }));
}

Gauge& Registry::gauge(std::string_view name, std::string_view help, Labels labels) {
  const std::scoped_lock lock(mutex_);
  Metric& metric = place(name, help, "gauge", labels, [] { return std::make_unique<Gauge>(); });
  if (const auto* own = std::get_if<std::unique_ptr<Gauge>>(&metric)) return **own;
  throw std::logic_error(std::string(name) + " is read from elsewhere");
}

Histogram& Registry::histogram(std::string_view name, std::string_view help,
                               std::vector<double> bounds, Labels labels) {
  const std::scoped_lock lock(mutex_);
  const auto make = [&]() -> Metric {
    const auto& kin = families_.find(name)->second.metrics;
    if (kin.empty()) return std::make_unique<Histogram>(std::move(bounds));
    return std::make_unique<Histogram>(
        std::get<std::unique_ptr<Histogram>>(kin.begin()->second)->bounds());
  };
  return *std::get<std::unique_ptr<Histogram>>(place(name, help, "histogram", labels, make));
}

void Registry::gauge_from(std::string_view name, std::string_view help,
                          std::function<double()> read, Labels labels) {
  const std::scoped_lock lock(mutex_);
  bool fresh = false;
  place(name, help, "gauge", labels, [&]() -> Metric {
    fresh = true;
    return std::move(read);
  });
  if (!fresh) throw std::logic_error(std::string(name) + " is registered twice");
}

void Registry::render_metric(std::string& out, std::string_view name, std::string_view labels,
                             const Metric& metric) {
  if (const auto* counter = std::get_if<std::unique_ptr<Counter>>(&metric)) {
    append_sample(out, name, labels, (*counter)->value());
  } else if (const auto* gauge = std::get_if<std::unique_ptr<Gauge>>(&metric)) {
    append_sample(out, name, labels, (*gauge)->value());
  } else if (const auto* histogram = std::get_if<std::unique_ptr<Histogram>>(&metric)) {
    append_histogram(out, name, labels, **histogram);
  } else {
    append_sample(out, name, labels, std::get<Reader>(metric)());
  }
}

std::string Registry::render() const {
  const std::scoped_lock lock(mutex_);
  std::string out;
  for (const auto& [name, family] : families_) {
    fmt::format_to(std::back_inserter(out), "# HELP {} {}\n# TYPE {} {}\n", name,
                   escaped(family.help, false), name, family.type);
    for (const auto& [labels, metric] : family.metrics) render_metric(out, name, labels, metric);
  }
  return out;
}

}  // namespace postern::metrics
