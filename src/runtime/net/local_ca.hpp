#pragma once

#include <string>
#include <vector>

#include "async/random.hpp"
#include "text/ip.hpp"
#include "vocab/result.hpp"
#include "vocab/time.hpp"

// Certificates for trying Postern on one's own machine: a certificate authority made for this
// installation and never shared, and a leaf signed by it.
namespace postern::net {

struct LocalCaSettings {
  std::string directory;           ///< Exists already.
  std::vector<std::string> names;  ///< ASCII (A-labels); together with `ips` at least one.
  std::vector<text::IpAddress> ips;
};

/// PEM files within the directory.
struct LocalCaFiles {
  std::string ca_file;     ///< What programs are told to trust.
  std::string chain_file;  ///< The leaf, then the CA.
  std::string key_file;    ///< The leaf's key, mode 0600.
};

/// Makes what is missing: the CA (ECDSA P-256, 10 years) if there is none, the leaf (ECDSA P-256,
/// 397 days) if there is none, it does not cover the names, is not of this CA, or ends within 30
/// days of `now`. What is fine is kept. Blocks on the disk. Keys come from OpenSSL's own generator,
/// serial numbers from `random`. `bad_config` for names that cannot be certified, `io_failed` with
/// file and reason.
[[nodiscard]] Result<LocalCaFiles> ensure_local_ca(const LocalCaSettings& settings, Timestamp now,
                                                   Random& random);

}  // namespace postern::net
