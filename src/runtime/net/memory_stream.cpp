#include "net/memory_stream.hpp"

#include <algorithm>
#include <deque>
#include <functional>
#include <string>
#include <utility>

#include "async/event.hpp"
#include "vocab/try.hpp"

namespace postern::net {
namespace {

/// One direction.
struct Pipe {
  struct Flight {
    Instant lands;
    std::string octets;
  };
  std::string arrived;
  std::deque<Flight> flying;
  std::size_t flying_octets = 0;
  std::uint64_t sent = 0;
  std::uint64_t taken = 0;
  bool ended = false;                     ///< The writer said goodbye.
  bool reader_gone = false;               ///< Nobody will read what is written.
  std::optional<std::uint64_t> tls_from;  ///< `sent` when the writer turned to TLS.

  [[nodiscard]] std::size_t held() const { return arrived.size() + flying_octets; }
};

/// What both ends share.
struct Link final : Timers::Timer {
  Link(Core& on, const MemoryOptions& how) : core{on}, options{how}, secret{on.random.u64()} {}

  void send(Pipe& pipe, std::string_view octets) {
    pipe.sent += octets.size();
    carried += octets.size();
    if (options.cut_after && carried >= *options.cut_after) cut = true;
    if (options.delay == Duration{0}) {
      pipe.arrived += octets;
    } else {
      pipe.flying.push_back({core.clock.instant() + options.delay, std::string{octets}});
      pipe.flying_octets += octets.size();
      if (!armed()) core.timers.arm_after(*this, options.delay);
    }
    changed.notify_all();
  }

  Core& core;
  MemoryOptions options;
  std::uint64_t secret;
  Event changed;
  Pipe to_server;
  Pipe to_client;
  std::uint64_t carried = 0;
  bool cut = false;
  bool tls_broken = false;
  TlsClientOptions client_wants;

 private:
  void land(Pipe& pipe) {
    while (!pipe.flying.empty() && pipe.flying.front().lands <= core.clock.instant()) {
      pipe.flying_octets -= pipe.flying.front().octets.size();
      pipe.arrived += pipe.flying.front().octets;
      pipe.flying.pop_front();
    }
    if (pipe.flying.empty()) return;
    const Instant next = pipe.flying.front().lands;
    if (!armed() || next < when()) core.timers.arm(*this, next);
  }
  void fire() override {
    land(to_server);
    land(to_client);
    changed.notify_all();
  }
};

class MemoryStream final : public Stream {
 public:
  MemoryStream(std::shared_ptr<Link> link, bool server)
      : link_{std::move(link)},
        server_{server},
        in_{server ? link_->to_server : link_->to_client},
        out_{server ? link_->to_client : link_->to_server} {}
  MemoryStream(const MemoryStream&) = delete;
  MemoryStream& operator=(const MemoryStream&) = delete;
  ~MemoryStream() override {
    out_.ended = true;
    in_.reader_gone = true;
    link_->changed.notify_all();
  }

  Task<Result<std::string_view>> read(Duration limit) override;
  Task<Result<void>> write(std::string_view bytes, Duration limit) override;
  Task<Result<void>> accept_tls(std::shared_ptr<const TlsContext>, Duration limit) override {
    co_return co_await handshake(limit);
  }
  Task<Result<void>> connect_tls(std::shared_ptr<const TlsContext>, TlsClientOptions options,
                                 Duration limit) override {
    link_->client_wants = std::move(options);
    co_return co_await handshake(limit);
  }

  [[nodiscard]] const TlsInfo* tls() const override { return tls_ ? &*tls_ : nullptr; }
  [[nodiscard]] std::optional<std::string> tls_exporter(std::string_view label,
                                                        std::size_t octets) const override {
    if (!tls_) return std::nullopt;
    return SeededRandom{link_->secret ^ std::hash<std::string_view>{}(label)}.bytes(octets);
  }
  [[nodiscard]] Endpoint peer() const override {
    return server_ ? link_->options.client : link_->options.server;
  }
  [[nodiscard]] Endpoint local() const override {
    return server_ ? link_->options.server : link_->options.client;
  }
  void wake() override {
    woken_ = true;
    link_->changed.notify_all();
  }
  void stop(Errc why) override {
    if (!stopped_) stopped_ = why;
    link_->changed.notify_all();
  }
  void close() override {
    if (!stopped_) stopped_ = Errc::peer_closed;
    out_.ended = true;
    in_.reader_gone = true;
    link_->changed.notify_all();
  }

 private:
  Task<Result<void>> handshake(Duration limit);
  [[nodiscard]] Result<bool> handshake_step();
  void agree();
  std::string_view take();
  /// Waits for a change; `peer_timeout` once `deadline` is there.
  Task<Result<void>> wait(Instant deadline);
  [[nodiscard]] Result<void> usable() const {
    if (stopped_) return fail(*stopped_);
    if (link_->tls_broken) return fail(Errc::tls_failed, "memory: handshake failed");
    return {};
  }

  std::shared_ptr<Link> link_;
  bool server_;
  Pipe& in_;
  Pipe& out_;
  std::optional<TlsInfo> tls_;
  std::unique_ptr<std::string>
      view_;  ///< What the last read gave; a new one each time, on purpose.
  std::optional<Errc> stopped_;
  bool woken_ = false;
};

Task<Result<void>> MemoryStream::wait(Instant deadline) {
  const Duration left = deadline - link_->core.clock.instant();
  if (left <= Duration{0}) co_return fail(Errc::peer_timeout);
  (void)co_await link_->changed.wait_for(link_->core.timers, left);
  co_return Result<void>{};
}

std::string_view MemoryStream::take() {
  std::size_t size = in_.arrived.size();
  if (const std::size_t chunk = link_->options.max_chunk; chunk > 0)
    size = std::min<std::size_t>(size, 1 + link_->core.random.below(chunk));
  view_ = std::make_unique<std::string>(in_.arrived, 0, size);
  view_->shrink_to_fit();
  in_.arrived.erase(0, size);
  in_.taken += size;
  link_->changed.notify_all();
  return *view_;
}

Task<Result<std::string_view>> MemoryStream::read(Duration limit) {
  view_.reset();
  const Instant deadline = link_->core.clock.instant() + limit;
  for (;;) {
    POSTERN_CO_CHECK(usable());
    if (std::exchange(woken_, false)) co_return fail(Errc::woken);
    if (!in_.arrived.empty()) co_return take();
    if (link_->cut && in_.flying.empty()) co_return fail(Errc::peer_closed);
    if (in_.ended && in_.flying.empty())
      co_return fail(Errc::peer_closed, tls_ ? std::string{kCloseNotify} : "");
    POSTERN_CO_CHECK(co_await wait(deadline));
  }
}

Task<Result<void>> MemoryStream::write(std::string_view bytes, Duration limit) {
  Instant deadline = link_->core.clock.instant() + limit;
  for (;;) {
    POSTERN_CO_CHECK(usable());
    if (bytes.empty()) co_return Result<void>{};
    if (link_->cut || out_.reader_gone) co_return fail(Errc::peer_closed);
    std::size_t room = link_->options.capacity - std::min(link_->options.capacity, out_.held());
    if (const auto& cut_after = link_->options.cut_after)
      room = std::min<std::size_t>(room, *cut_after - link_->carried);
    if (room > 0) {
      const std::size_t size = std::min(room, bytes.size());
      link_->send(out_, bytes.substr(0, size));
      bytes.remove_prefix(size);
      deadline = link_->core.clock.instant() + limit;
    } else {
      POSTERN_CO_CHECK(co_await wait(deadline));
    }
  }
}

/// Whether both sides have turned to TLS with no clear text left between them.
Result<bool> MemoryStream::handshake_step() {
  POSTERN_CHECK(usable());
  const bool early = in_.tls_from ? in_.taken < *in_.tls_from : in_.held() > 0;
  const bool distrusted = !link_->options.tls_verifies && link_->client_wants.require_verified;
  if (early || (in_.tls_from && distrusted)) {
    link_->tls_broken = true;
    link_->changed.notify_all();
    return fail(Errc::tls_failed, early ? "memory: clear text where TLS was due"
                                        : "memory: the certificate does not verify");
  }
  if (in_.tls_from) return true;
  if (in_.ended || link_->cut) return fail(Errc::peer_closed);
  return false;
}

void MemoryStream::agree() {
  TlsInfo info;
  info.version = "TLSv1.3";
  info.cipher = "TLS_AES_256_GCM_SHA384";
  info.group = "x25519";
  info.server_name = link_->client_wants.server_name;
  info.peer_verified =
      !server_ && link_->options.tls_verifies && !link_->client_wants.server_name.empty();
  if (!server_ && !link_->options.tls_verifies) info.verify_error = "self-signed certificate";
  tls_ = std::move(info);
}

Task<Result<void>> MemoryStream::handshake(Duration limit) {
  view_.reset();
  if (tls_) co_return fail(Errc::tls_failed, "already in TLS");
  const Instant deadline = link_->core.clock.instant() + limit;
  out_.tls_from = out_.sent;
  link_->changed.notify_all();
  for (;;) {
    POSTERN_CO_TRY(const bool agreed, handshake_step());
    if (agreed) break;
    POSTERN_CO_CHECK(co_await wait(deadline));
  }
  agree();
  co_return Result<void>{};
}

}  // namespace

MemoryPair make_memory_pair(Core& core, const MemoryOptions& options) {
  const auto link = std::make_shared<Link>(core, options);
  return {std::make_unique<MemoryStream>(link, false), std::make_unique<MemoryStream>(link, true)};
}

}  // namespace postern::net
