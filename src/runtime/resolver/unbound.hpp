#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "async/core.hpp"
#include "dns/name.hpp"
#include "resolver/resolver.hpp"
#include "text/ip.hpp"
#include "vocab/result.hpp"
#include "vocab/time.hpp"

namespace postern::resolver {

struct Server {
  text::IpAddress ip;
  std::uint16_t port = 53;
};

/// Questions about `zone` and below go to these servers, which are authoritative for it.
struct Stub {
  dns::Name zone;
  std::vector<Server> servers;
};

struct Settings {
  /// For one lookup, whatever its servers do; then the outcome is `timeout`. Unbound itself tries
  /// on and may have the answer for the next one who asks.
  Duration limit = std::chrono::seconds{15};
  /// All caches together.
  std::size_t cache_bytes = std::size_t{16} << 20U;
  /// Different questions under way; more are answered `servfail` at once.
  std::size_t max_pending = 1000;
  bool ipv6 = true;  ///< Ask name servers over IPv6 too.
  /// Start proofs at the built-in keys of the root. Off only where no question reaches the root.
  bool root_trust_anchor = true;
  /// Where the root's keys are kept as they change (RFC 5011); made with the built-in ones if it is
  /// not there, or cannot be used. Empty: the built-in keys, for good. Absolute, in a folder that
  /// libunbound's thread may write to.
  std::string root_key_file;
  /// Take the keys that `root_key_file` holds now and never write to it: it is somebody else's. If
  /// it cannot be read, or holds none that can be used, the built-in keys.
  bool root_key_read_only = false;
  /// More trust anchors, DS or DNSKEY records in presentation form.
  std::vector<std::string> trust_anchors;
  /// Recursive servers to ask instead of the root. Their answers are validated like any.
  std::vector<Server> forwarders;
  std::vector<Stub> stubs;
};

/// Counted since the start.
struct Stats {
  std::uint64_t lookups = 0;
  std::uint64_t merged = 0;      ///< Lookups that joined one under way.
  std::uint64_t remembered = 0;  ///< Lookups answered from the last minute's answers.
  std::uint64_t refused = 0;     ///< Lookups beyond `max_pending`.
  std::uint64_t secure = 0;      ///< From here on, what answers were; merged lookups count once.
  std::uint64_t insecure = 0;
  std::uint64_t bogus = 0;
  std::uint64_t nxdomain = 0;
  std::uint64_t servfail = 0;  ///< Without the bogus ones.
  std::uint64_t timeouts = 0;
  std::uint64_t pending = 0;  ///< Right now.
};

/// A recursive, validating resolver inside the process: libunbound with one thread of its own.
/// Depends on nothing of the host (no resolv.conf, no hosts file, no key file). Belongs to the core
/// `home`; `lookup` may be called on any core.
class UnboundResolver final : public Resolver {
 public:
  /// Error `bad_config`: an option, anchor or server that libunbound does not take.
  [[nodiscard]] static Result<std::unique_ptr<UnboundResolver>> create(Core home,
                                                                       const Settings& settings);
  /// After `stop`, or when no core runs any more; before the cores' loops are destroyed. Waits for
  /// libunbound's thread.
  ~UnboundResolver() override;

  /// Answers all that is under way, and all that comes later, with `servfail`, but for
  /// what it remembers. On the home core.
  void stop();

  /// Any thread.
  [[nodiscard]] Stats stats() const;

 private:
  class Impl;
  explicit UnboundResolver(std::unique_ptr<Impl> impl);
  void start(dns::Question question, Done done) override;

  std::unique_ptr<Impl> impl_;
};

}  // namespace postern::resolver
