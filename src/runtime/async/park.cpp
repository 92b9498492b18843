#include "async/park.hpp"

#include <utility>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/post.hpp>

namespace postern {

/// Knows what is parked on one io_context, so that nothing is left when that ends: a parked frame
/// holds the only handle to itself.
class ParkingLot final : public asio::execution_context::service {
 public:
  using key_type = ParkingLot;
  static inline asio::execution_context::id id;

  explicit ParkingLot(asio::execution_context& context) : service{context} {}
  void add(Parked::Link& link) { parked_.push_back(link); }

 private:
  void shutdown() override {
    while (!parked_.empty()) {
      Parked& parked = *parked_.front().owner;
      parked_.pop_front();
      // Posts the frame's destruction, which the scheduler, shut down after us, carries out.
      const auto dropped = std::exchange(parked.resume_, nullptr);
    }
  }
  boost::intrusive::list<Parked::Link, boost::intrusive::base_hook<Parked::Hook>,
                         boost::intrusive::constant_time_size<false>>
      parked_;
};

Parked::Parked() {
  link_.owner = this;
}

Parked::~Parked() = default;

Task<> Parked::wait() {
  const auto keep = [this](auto handler) {
    const Executor home = asio::get_associated_executor(handler);
    asio::use_service<ParkingLot>(home.context()).add(link_);
    resume_ = [home, handler = std::move(handler)]() mutable {
      asio::post(home, std::move(handler));
    };
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<Executor>, void()>(keep, use_task);
}

void Parked::resume() {
  if (!resume_) return;
  link_.unlink();
  std::exchange(resume_, nullptr)();
}

}  // namespace postern
