#include "async/workshop.hpp"
#include "check/dns_source.hpp"
#include "vocab/try.hpp"

namespace postern::check {
namespace {

class Network final : public DnsSource {
 public:
  Network() = default;
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;
  ~Network() override {
    (void)workshop_.run(stop());
    workshop_.stop();
    resolver_.reset();
  }

  Result<void> open(const resolver::Settings& settings) {
    POSTERN_TRY(resolver_, workshop_.run(create(settings)));
    return {};
  }
  dns::Answers ask(const std::vector<dns::Question>& questions) override {
    return workshop_.run(resolver_->lookup_all(questions));
  }

 private:
  using Made = Result<std::unique_ptr<resolver::UnboundResolver>>;
  Task<Made> create(resolver::Settings settings) {
    co_return resolver::UnboundResolver::create(workshop_.core(), settings);
  }
  Task<bool> stop() {
    if (resolver_) resolver_->stop();
    co_return true;
  }

  Workshop workshop_{"postern-dns"};
  std::unique_ptr<resolver::UnboundResolver> resolver_;
};

}  // namespace

Result<std::unique_ptr<DnsSource>> dns_of_network(const resolver::Settings& settings) {
  auto out = std::make_unique<Network>();
  POSTERN_CHECK(out->open(settings));
  return std::unique_ptr<DnsSource>{std::move(out)};
}

}  // namespace postern::check
