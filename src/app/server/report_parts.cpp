// Reports about authentication and TLS: how a server has them.
#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "config/authentication.hpp"
#include "config/reports.hpp"
#include "server/budget.hpp"
#include "server/server.hpp"
#include "vocab/try.hpp"

namespace postern::server {
namespace {

/// Mails that wait to be read; of more, the reports are not read.
constexpr std::size_t kReportQueue = 100;

}  // namespace

void Server::make_reports() {
  report_pool_ = std::make_unique<ThreadPool>("postern-report", 1, kReportQueue);
  const auto& config = now()->config;
  reports_ = std::make_unique<reports::Reports>(reports::Reports::Parts{
      .engine = *engine_,
      .resolver = *resolver_,
      .core = *cores_.front(),
      .pool = *report_pool_,
      .submit =
          [this](std::string content, smtp::Address to, TraceId about) {
            return delivery_->submit_notice(std::move(content), std::move(to), about);
          },
      .judge = {.is_ours =
                    [this](const std::string& domain) {
                      return directory_->is_local_domain(domain);
                    },
                .suffix = config::authentication_settings(config)->suffix},
      .logger = logger_.with({{"service", "reports"}}),
      .inbox = {.memory = divide_memory(static_cast<std::uint64_t>(config.memory)).reports},
      .post = [this](std::string url,
                     std::string octets) { return post(std::move(url), std::move(octets)); }});
  use_report_settings(config);
  services_->reports = &reports_->sender();
  add_report_gauges();
}

/// RFC 8460 §5.4.
Task<Result<void>> Server::post(std::string url, std::string octets) {
  http::Request request{.method = http::Method::post,
                        .url = std::move(url),
                        .headers = {{.name = "Content-Type", .value = "application/tlsrpt+gzip"}},
                        .body = std::move(octets)};
  POSTERN_CO_TRY(const auto response,
                 co_await https_->send(std::move(request), {.response = {.want_body = false}}));
  if (response.good()) co_return Result<void>{};
  // RFC 9110 §15: what may be over soon; all else will be said again.
  constexpr std::array kForNow{408U, 425U, 429U};
  const bool for_now =
      response.status >= 500 || std::ranges::find(kForNow, response.status) != kForNow.end();
  co_return fail(for_now ? Errc::unavailable : Errc::policy_reject,
                 fmt::format("it answers with status {}", response.status));
}

/// From a delivery to another server.
void Server::note_session(reports::SeenSession session) {
  if (reports_ && reports_->counting()) reports_->collector().note_tls(std::move(session));
}

void Server::use_report_settings(const config::Config& config) {
  if (reports_) reports_->use(config::report_settings(config));
}

void Server::add_report_gauges() {
  const auto sent = [this](std::string_view what, std::uint64_t reports::Sender::Stats::* count) {
    registry_.gauge_from(
        "postern_reports_sent", "Reports to others by what became of them",
        [this, count] { return static_cast<double>(reports_->sender().stats().*count); },
        {{"outcome", what}});
  };
  using Sent = reports::Sender::Stats;
  sent("sent", &Sent::reports);
  sent("unwanted", &Sent::unwanted);
  sent("deferred", &Sent::deferred);
  sent("failed", &Sent::failed);
  const auto uploaded = [this](std::string_view what,
                               std::uint64_t reports::Uploads::Stats::* count) {
    registry_.gauge_from(
        "postern_reports_uploaded", "TLS reports to https destinations by what became of them",
        [this, count] { return static_cast<double>(reports_->uploads().stats().*count); },
        {{"outcome", what}});
  };
  uploaded("sent", &reports::Uploads::Stats::sent);
  uploaded("failed", &reports::Uploads::Stats::failed);
  const auto got = [this](std::string_view what, std::uint64_t reports::Inbox::Stats::* count) {
    registry_.gauge_from(
        "postern_reports_received", "Reports of others by what became of them",
        [this, count] { return static_cast<double>(reports_->inbox().stats().*count); },
        {{"outcome", what}});
  };
  using Got = reports::Inbox::Stats;
  got("kept", &Got::kept);
  got("repeated", &Got::repeated);
  got("ignored", &Got::ignored);
  got("too_many", &Got::too_many);
}

}  // namespace postern::server
