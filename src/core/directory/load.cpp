// Reading everything at start, and again after a change of which nobody knows what became.
#include <utility>

#include "directory/local_directory.hpp"
#include "layout/keys.hpp"
#include "vocab/try.hpp"

namespace postern::directory {
namespace {

using layout::SystemKind;

constexpr std::size_t kInstallationSize = 16;
constexpr std::size_t kSecretSize = 32;

/// Puts stored pairs into a view; keys come in order, so domains and accounts before what is
/// theirs.
class Loader {
 public:
  explicit Loader(View& view) : view_{view} {}

  Result<void> take(const kv::Pair& pair) {
    constexpr std::size_t kKindAt = 4;  // format, space, shard: layout/spaces.hpp
    if (pair.key.size() <= kKindAt) return fail(Errc::corrupt, "a key of the directory");
    const std::string_view rest = std::string_view{pair.key}.substr(kKindAt + 1);
    switch (static_cast<SystemKind>(pair.key.at(kKindAt))) {
      case SystemKind::store:      return store(pair.value);
      case SystemKind::domain:     return domain(rest, pair.value);
      case SystemKind::account:    return account(rest, pair.value);
      case SystemKind::address:    return address(rest, pair.value);
      case SystemKind::credential: return credential(rest, pair.value);
    }
    return {};  // a kind of a later release that says we may read it
  }

 private:
  Result<void> store(std::string_view value) {
    POSTERN_TRY(view_.store, decode_store(value));
    if (view_.store.min_reader > kMinReader)
      return fail(Errc::unsupported, "the store needs a later release");
    return {};
  }

  Result<void> domain(std::string_view name, std::string_view value) {
    DomainEntry entry;
    POSTERN_TRY(entry.record, decode_domain(value));
    entry.record.domain.name = name;
    if (!entry.domain().catch_all.empty()) {
      POSTERN_TRY(entry.catch_all, parse_name(entry.domain().catch_all));
    }
    view_.domains.put(std::string{name}, std::move(entry));
    return {};
  }

  static Result<AccountId> id_of(std::string_view rest) {
    record::KeyReader in{rest};
    const auto id = in.account();
    POSTERN_CHECK(in.finish());
    return id;
  }

  Result<void> account(std::string_view rest, std::string_view value) {
    AccountEntry entry;
    POSTERN_TRY(const auto id, id_of(rest));
    POSTERN_TRY(entry.record, decode_account(value));
    entry.record.account.id = id;
    view_.accounts.put(id, std::move(entry));
    return {};
  }

  Result<void> address(std::string_view name, std::string_view value) {
    POSTERN_TRY(auto record, decode_address(value));
    AddressEntry entry{.account = record.account, .alias = nullptr};
    if (record.account == AccountId{}) {
      auto alias = std::make_shared<AliasEntry>();
      for (const auto& member : record.alias.members) {
        POSTERN_TRY(auto parsed, parse_name(member));
        alias->members.push_back(std::move(parsed));
      }
      alias->record = std::move(record);
      entry.alias = std::move(alias);
    }
    view_.addresses.put(std::string{name}, std::move(entry));
    return {};
  }

  Result<void> credential(std::string_view rest, std::string_view value) {
    POSTERN_TRY(const auto id, id_of(rest));
    POSTERN_TRY(auto record, decode_credential(value));
    const auto* const owner = view_.accounts.find(id);
    if (owner == nullptr) return fail(Errc::corrupt, "a credential of no account");
    auto entry = *owner;
    entry.credential = std::make_shared<const Credential>(std::move(record));
    view_.accounts.put(id, std::move(entry));
    return {};
  }

  View& view_;
};

}  // namespace

Task<Result<void>> LocalDirectory::load() {
  // Before the reader: a reopening between the two is then seen at the next change.
  const auto generation = engine_.generation();
  const auto reader = engine_.published();
  auto view = std::make_shared<View>();
  Loader loader{*view};
  const auto space = record::KeyWriter::shard_prefix(std::to_underlying(layout::Space::system), 0);
  kv::Range range{.begin = space, .end = record::prefix_end(space)};
  for (bool more = true; more;) {
    POSTERN_CO_TRY(const auto page, co_await reader->scan(range));
    for (const auto& pair : page.pairs) POSTERN_CO_CHECK(loader.take(pair));
    more = kv::next_page(range, page);
  }
  if (view->store.installation.empty()) POSTERN_CO_CHECK(co_await begin_store(*view));
  view->choose_administrator();
  published_.set(std::move(view));
  generation_ = generation;
  stale_ = false;
  co_return Result<void>{};
}

/// The first start: an identity, and the secret that must outlive every restart.
Task<Result<void>> LocalDirectory::begin_store(View& view) {
  view.store.installation = home_.random.bytes(kInstallationSize);
  view.store.scram_secret = home_.random.bytes(kSecretSize);
  kv::Batch batch;
  batch.put(store_key(), encode(view.store));
  POSTERN_CO_TRY(const auto ticket,
                 co_await engine_.append(std::move(batch), kv::Engine::Purpose::housekeeping));
  co_return co_await engine_.durable(ticket);
}

}  // namespace postern::directory
