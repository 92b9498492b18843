#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "async/core.hpp"
#include "async/mutex.hpp"
#include "async/pool.hpp"
#include "async/task.hpp"
#include "crypto/signature.hpp"
#include "kv/engine.hpp"
#include "log/log.hpp"
#include "resolver/resolver.hpp"
#include "signing/key.hpp"
#include "signing/lifecycle.hpp"
#include "signing/secret.hpp"
#include "signing/signer.hpp"

namespace postern::signing {

/// Every signing key there is, in memory as an immutable snapshot, and stored encrypted; changed by
/// few, durable commits. May be used on any core; outlives its tasks.
class KeyRing final : public Signer {
 public:
  /// What it works with; all outlive it. Changes are made on `home`; keys are made and used on
  /// `pool`.
  struct Parts {
    kv::Engine& engine;
    Core& home;
    Pool& pool;
    log::Logger logger;
  };
  /// The secret of the file `path`, which is made if there is none, but not while the store holds
  /// keys under one that is missing: `bad_config`. Else as load_or_make_secret. Blocks.
  [[nodiscard]] static Task<Result<InstallationSecret>> find_secret(kv::Engine& engine,
                                                                    std::string path,
                                                                    Random& random);
  /// Loads all keys. Those that `secret` does not open are listed as `lost` and sign nothing: all
  /// of them if it is an error, which making a key then gives. Errors: `corrupt` and the store's.
  [[nodiscard]] static Task<Result<std::unique_ptr<KeyRing>>> open(
      Parts parts, Result<InstallationSecret> secret);

  Task<Result<Signed>> sign(const dkim::Message& message) override;
  Task<Result<std::string>> seal(const dkim::Message& message, const arc::Validation& found,
                                 std::string_view results, std::string_view domain) override;

  struct Listed {
    KeyName name;
    KeyFacts facts;
    Loss lost = Loss::none;
  };
  /// Sorted by domain and selector. Memory only, any core.
  [[nodiscard]] std::vector<Listed> list() const;

  // Administration; durable when they return. `not_found`: no such key.
  /// A new key, pending. An empty selector is chosen. `already_exists`; `bad_config`: not such
  /// names; `limit_reached`: kMaxKeys of the domain.
  Task<Result<Listed>> make(std::string domain, std::string selector, crypto::KeyKind kind);
  /// One of each kind.
  Task<Result<std::vector<Listed>>> make_pair(std::string domain);
  /// Signs from now on; those of its kind and domain that did are retired. `conflict`: it is
  /// retired, or lost.
  Task<Result<void>> activate(KeyName name);
  /// Signs no more, for good: the private key is erased. `conflict`: it is already.
  Task<Result<void>> retire(KeyName name);
  Task<Result<void>> remove(KeyName name);
  Task<Result<void>> remove_all(std::string domain);

  /// Asks DNS for the keys of `domain` (all domains if it is empty) that are not retired: those
  /// whose time has come, or every one. Keeps what it shows; gives those of which it tells nothing
  /// now.
  enum class Which : std::uint8_t { due, every };
  Task<Result<std::vector<KeyName>>> look(resolver::Resolver& resolver, std::string domain,
                                          Which which, Schedule schedule);
  /// Looks, and does what is due: activates, retires, erases, makes successors. What an
  /// administrator has to do goes to the log. Called every few minutes.
  Task<> tend(resolver::Resolver& resolver, Schedule schedule);

  static constexpr std::size_t kMaxKeys = 50;  ///< Of one domain.

 private:
  struct Entry {
    StoredKey stored;
    std::shared_ptr<const crypto::PrivateKey> key;  ///< Null: retired or lost.
  };
  using Ring = std::map<KeyName, Entry>;
  struct Change {
    Ring ring;
    kv::Batch batch;
    void put(const KeyName& name, Entry entry);
    void erase(const KeyName& name);
  };
  using Decide = std::function<Result<void>(Change&)>;

  KeyRing(Parts parts, Result<InstallationSecret> secret);
  [[nodiscard]] Loss loss_of(const Entry& entry) const;
  Task<Result<void>> load();
  [[nodiscard]] Entry entry_of(const KeyName& name, StoredKey stored) const;
  Task<Result<void>> change(Decide decide);
  Task<Result<void>> change_at_home(Decide decide);
  Task<Result<Listed>> make_at_home(std::string domain, std::string selector, crypto::KeyKind kind);
  [[nodiscard]] std::shared_ptr<const Ring> now() const;
  Task<> take_step(const Step& step);
  void tell_seen(const KeyName& name, State state, bool seen) const;
  Task<Result<void>> keep_seen(KeyName name, Timestamp since);
  [[nodiscard]] Timestamp last_look(const KeyName& name) const;
  void note_look(const KeyName& name, Timestamp when);

  Parts parts_;
  Result<InstallationSecret> secret_;
  std::string secret_id_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Ring> ring_;     ///< Guarded by `mutex_`.
  std::map<KeyName, Timestamp> looked_;  ///< The same; when DNS last answered.
  AsyncMutex changing_;
  bool stale_ = false;  ///< A commit ended nobody knows how: read again before the next.
};

/// As the life cycle's decisions want them.
[[nodiscard]] std::vector<Known> known_of(const std::vector<KeyRing::Listed>& keys);

}  // namespace postern::signing
