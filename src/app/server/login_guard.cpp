#include "server/login_guard.hpp"

namespace postern::server {
namespace {

class SharedLoginGuard final : public imapd::LoginGuard {
 public:
  SharedLoginGuard(smtpd::Guard& guard, net::Places& strangers, const Clock& clock)
      : guard_{guard}, places_{strangers}, clock_{clock} {}
  [[nodiscard]] std::shared_ptr<void> enter(const text::IpAddress& peer) override {
    return places_.enter(peer);
  }
  Duration failed(const text::IpAddress& peer) override {
    return guard_.failed_login(peer, clock_.now());
  }
  void good(const text::IpAddress& peer) override { guard_.good_login(peer); }

 private:
  smtpd::Guard& guard_;
  net::Places& places_;
  const Clock& clock_;
};

}  // namespace

std::unique_ptr<imapd::LoginGuard> make_login_guard(smtpd::Guard& guard, net::Places& strangers,
                                                    const Clock& clock) {
  return std::make_unique<SharedLoginGuard>(guard, strangers, clock);
}

}  // namespace postern::server
