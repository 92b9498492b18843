#include "check/dns_source.hpp"

#include "vocab/try.hpp"

namespace postern::check {

Task<DnsSource::Made> DnsSource::create(resolver::Settings settings) {
  co_return resolver::UnboundResolver::create(workshop_.core(), settings);
}

Task<bool> DnsSource::stop() {
  if (unbound_ != nullptr) unbound_->stop();
  co_return true;
}

DnsSource::~DnsSource() {
  (void)workshop_.run(stop());
  workshop_.stop();
  resolver_.reset();
}

Result<std::unique_ptr<DnsSource>> DnsSource::network(const resolver::Settings& settings) {
  std::unique_ptr<DnsSource> out{new DnsSource};
  POSTERN_TRY(auto made, out->workshop_.run(out->create(settings)));
  out->unbound_ = made.get();
  out->resolver_ = std::move(made);
  return out;
}

Result<std::unique_ptr<DnsSource>> DnsSource::json(std::string_view text) {
  POSTERN_TRY(auto read, json_resolver(text));
  std::unique_ptr<DnsSource> out{new DnsSource};
  out->resolver_ = std::move(read);
  return out;
}

dns::Answers DnsSource::ask(std::vector<dns::Question> questions) {
  return workshop_.run(resolver_->lookup_all(std::move(questions)));
}

}  // namespace postern::check
