#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "net/tls_context.hpp"
#include "server/channel.hpp"
#include "server/sockets.hpp"
#include "vocab/result.hpp"

// All that a server needs from outside its data directory, as the supervisor reads it and the
// server gets it.
namespace postern::server {

/// What the supervisor sends: the configuration's text, and every file that it names.
struct Outgoing {
  config::Config config;
  std::vector<Parcel> parcels;  ///< Without `end`.
};
/// Reads `config_file` and the certificates and keys it names. `bad_config` with file, line and
/// what to do.
[[nodiscard]] Result<Outgoing> read_bundle(const std::string& config_file);

/// What the server got.
class Incoming {
 public:
  Incoming() = default;
  Incoming(const Incoming&) = delete;
  Incoming& operator=(const Incoming&) = delete;
  ~Incoming();

  /// Adds what came; true once the bundle is complete. Kinds that are no part of one are
  /// `bad_sequence`; others `bad_syntax`, `too_large`.
  [[nodiscard]] Result<bool> take(Parcel parcel);
  /// `bad_config`.
  [[nodiscard]] Result<config::Config> config() const;
  /// Reads the files that came instead of the disk. Uses this object, which outlives it.
  [[nodiscard]] net::ReadFile reader() const;
  /// The listening sockets, which the caller then owns.
  [[nodiscard]] std::vector<Socket> take_sockets();

 private:
  std::string name_;
  std::string text_;
  std::map<std::string, std::string> files_;
  std::vector<std::pair<Kind, Descriptor>> sockets_;
};

}  // namespace postern::server
