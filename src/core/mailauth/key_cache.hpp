#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "crypto/key_source.hpp"
#include "crypto/signature.hpp"
#include "vocab/result.hpp"

// Signers' keys, kept ready for their next message: making an RSA key ready costs libcrypto about
// as much as the verification itself.
namespace postern::mailauth {

/// Finds a key by its octets, never by where it was published, so that it cannot go stale: whoever
/// changes a record changes what is looked for. Any number of threads may share one; it outlives
/// every call, not the keys that it gave. Keys are made without the lock, which is never held long.
class KeyCache final : public crypto::KeySource {
 public:
  /// Longer octets are not kept: 4096 bits with an exponent of 64 take about 560. So a full cache
  /// of 1024 keys holds a few MB, whatever strangers publish.
  static constexpr std::size_t kMaxOctets = 1024;

  /// Keeps at most `most` keys (1 at least); the one longest not asked for makes room.
  explicit KeyCache(std::size_t most = 1024);

  /// As promised there. Only usable keys are kept.
  [[nodiscard]] Result<std::shared_ptr<const crypto::PublicKey>> get(
      crypto::KeyKind kind, std::string_view octets) override;

  /// How many are kept.
  [[nodiscard]] std::size_t size() const;

 private:
  struct Entry {
    crypto::KeyKind kind;
    std::string octets;
    std::shared_ptr<const crypto::PublicKey> key;
  };
  using Entries = std::list<Entry>;
  using Id = std::pair<crypto::KeyKind, std::string_view>;

  [[nodiscard]] std::shared_ptr<const crypto::PublicKey> find(const Id& id);

  const std::size_t most_;
  mutable std::mutex mutex_;  ///< Guards what follows.
  Entries entries_;           ///< The one asked for last comes first.
  /// By octets of `entries_`. Ordered, since strangers choose them: hashes could be made to
  /// collide.
  std::map<Id, Entries::iterator> by_octets_;
};

}  // namespace postern::mailauth
