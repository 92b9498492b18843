#include "server/login_guard.hpp"

namespace postern::server {
namespace {

class SharedLoginGuard final : public imapd::LoginGuard {
 public:
  SharedLoginGuard(smtpd::Guard& guard, const Clock& clock) : guard_{guard}, clock_{clock} {}
  Duration failed(const text::IpAddress& peer) override {
    return guard_.failed_login(peer, clock_.now());
  }
  void good(const text::IpAddress& peer) override { guard_.good_login(peer); }

 private:
  smtpd::Guard& guard_;
  const Clock& clock_;
};

}  // namespace

std::unique_ptr<imapd::LoginGuard> make_login_guard(smtpd::Guard& guard, const Clock& clock) {
  return std::make_unique<SharedLoginGuard>(guard, clock);
}

}  // namespace postern::server
