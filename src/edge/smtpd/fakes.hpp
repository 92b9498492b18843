#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "async/manual_core.hpp"
#include "async/sleep.hpp"
#include "crypto/scram.hpp"
#include "delivery/delivery.hpp"
#include "directory/directory.hpp"
#include "log/sink.hpp"
#include "mime/message.hpp"
#include "net/transcript.hpp"
#include "resolver/scripted.hpp"
#include "sasl/scram_server.hpp"
#include "smtpd/session.hpp"
#include "store/memory_budget.hpp"
#include "text/ascii.hpp"
#include "text/base64.hpp"
#include "vocab/try.hpp"

// Test support: what an SMTP session talks to, as simple as it can be.
namespace postern::smtpd {

/// A message that remembers its octets.
struct FakeStaged : store::StagedMessage {
  std::string content;
};

/// example.org is ours, and of it ann, bob and postmaster; ann has a login and the address sales@.
class FakeDirectory : public directory::Directory {
 public:
  static constexpr AccountId kAnn{1};
  explicit FakeDirectory(std::string ann_password) : password{std::move(ann_password)} {}

  bool is_local_domain(std::string_view a_label) const override { return a_label == "example.org"; }
  directory::Resolution resolve(const smtp::Address&) const override { return {}; }
  bool may_send_as(AccountId account, const smtp::Address& address) const override {
    return account == kAnn && is_local_domain(address.domain.ascii) &&
           (address.local == "ann" || address.local == "sales");
  }
  std::optional<directory::Account> account(AccountId id) const override {
    return directory::Account{.id = id, .may_relay = may_relay};
  }

  Task<Result<Login>> authenticate(std::string login, Secret<std::string> given) override {
    if (busy) co_return fail(Errc::limit_reached);
    if (login != "ann@example.org" || given.reveal() != password) co_return fail(Errc::auth_failed);
    co_return Login{kAnn, nullptr, nullptr};
  }
  sasl::ScramCredentials scram_credentials(std::string_view login) const override {
    constexpr std::uint32_t kIterations = 4096;
    if (login != "ann@example.org")
      return sasl::fake_scram_credentials(std::string(32, 'k'), login, kIterations);
    const std::string salt(16, 's');
    return {salt, kIterations, crypto::derive_scram_keys(password, salt, kIterations), true};
  }
  bool still_good(AccountId, const std::shared_ptr<const directory::Credential>&) const override {
    return !good_for || (*good_for)-- > 0;
  }
  Task<Result<Login>> login_proven(std::string, crypto::ScramKeys) override {
    if (disabled) co_return fail(Errc::auth_failed);
    co_return Login{kAnn, nullptr, nullptr};
  }

  Task<Result<void>> add_domain(directory::Domain) override { co_return no(); }
  Task<Result<void>> remove_domain(std::string) override { co_return no(); }
  Task<Result<void>> change_domain(directory::Domain) override { co_return no(); }
  Task<Result<AccountId>> add_account(std::string, Secret<std::string>, std::uint64_t) override {
    co_return fail(Errc::unsupported);
  }
  Task<Result<void>> set_password(std::string, Secret<std::string>) override { co_return no(); }
  Task<Result<void>> set_quota(std::string, std::uint64_t) override { co_return no(); }
  Task<Result<void>> set_disabled(std::string, bool) override { co_return no(); }
  Task<Result<void>> set_relay(std::string, bool) override { co_return no(); }
  Task<Result<void>> set_dmarc(std::string, dmarc::AccountRule, std::vector<std::string>) override {
    co_return no();
  }
  Task<Result<void>> finish_removals() override { co_return Result<void>{}; }
  Task<Result<void>> remove_account(std::string) override { co_return no(); }
  Task<Result<void>> put_alias(directory::Alias) override { co_return no(); }
  Task<Result<void>> remove_alias(std::string) override { co_return no(); }
  std::vector<directory::Domain> domains() const override { return {}; }
  std::vector<directory::Account> accounts() const override { return {}; }
  std::vector<directory::Alias> aliases() const override { return {}; }

  std::string password;
  bool busy = false;
  bool disabled = false;
  bool may_relay = false;
  mutable std::optional<int> good_for;  ///< How often a login is still called good.

 private:
  static Result<void> no() { return fail(Errc::unsupported); }
};

class FakeDelivery final : public delivery::Delivery {
 public:
  explicit FakeDelivery(Core& core) : core_{core} {}

  Task<delivery::RecipientVerdict> check(const smtp::Address& to, std::uint64_t size,
                                         delivery::Source source) override {
    using Kind = delivery::RecipientVerdict::Kind;
    ++checks;
    const auto local = text::lower(to.local);
    if (to.is_bare_postmaster()) co_return verdict(Kind::accept);
    if (to.domain.ascii != "example.org")
      co_return verdict(source.submission ? Kind::accept : Kind::relay_denied);
    if (local == "moved") co_return verdict(Kind::disabled, "Ann has moved to example.net");
    if (local == "full") co_return verdict(Kind::full);
    if (local == "long") co_return verdict(Kind::full_long);
    if (local == "later") co_return verdict(Kind::try_later);
    if (local == "small") co_return verdict(size > 1000 ? Kind::never_fits : Kind::accept);
    const bool known = local == "ann" || local == "bob" || local == "postmaster";
    co_return verdict(known ? Kind::accept : Kind::unknown);
  }

  std::unique_ptr<store::Draft> new_draft() override { return std::make_unique<FakeDraft>(*this); }

  Task<Result<delivery::Outcome>> deliver(
      delivery::Transaction transaction,
      std::shared_ptr<const store::StagedMessage> message) override {
    if (commit_time > Duration{0}) co_await sleep(core_, commit_time);
    if (deliver_fails) co_return fail(*deliver_fails, "secret detail");
    if (passes_on && transaction.seal)
      transaction.sealed = co_await transaction.seal("example.org");
    transaction.seal = nullptr;  // borrowed from the session
    messages.push_back(static_cast<const FakeStaged&>(*message).content);
    transactions.push_back(std::move(transaction));
    co_return delivery::Outcome{};
  }

  Task<Result<TraceId>> submit_notice(std::string, smtp::Address, TraceId) override {
    co_return fail(Errc::unsupported);
  }

  std::vector<std::string> messages;
  std::vector<delivery::Transaction> transactions;
  std::optional<Errc> deliver_fails;
  std::optional<Errc> feed_fails;
  std::optional<Errc> content_fails;
  bool passes_on = false;  ///< As an alias that leads elsewhere.
  Duration commit_time{0};
  std::size_t checks = 0;
  std::size_t fed = 0;  ///< Octets that drafts were given.
  /// What drafts hold till their end; who finds none waits for it, as in the store.
  std::shared_ptr<store::MemoryBudget> memory;

 private:
  struct FakeDraft final : store::Draft {
    FakeDelivery& owner;
    explicit FakeDraft(FakeDelivery& delivery) : owner{delivery} {}
    Task<Result<void>> feed(std::string_view octets) override {
      if (owner.feed_fails) co_return fail(*owner.feed_fails);
      for (int tries = 0; memory && !memory->take(octets.size()); ++tries) {
        if (tries == 30) co_return fail(Errc::limit_reached);
        co_await sleep(owner.core_, 1s);
      }
      held += octets.size();
      owner.fed += octets.size();
      staged->content += octets;
      co_return Result<void>{};
    }
    Task<Result<std::string>> content() const override {
      if (owner.content_fails) co_return fail(*owner.content_fails);
      co_return staged->content;
    }
    Task<Result<std::shared_ptr<const store::StagedMessage>>> finish() override {
      staged->size = staged->content.size();
      POSTERN_CO_TRY(staged->parsed, mime::parse(staged->content));
      co_return std::shared_ptr<const store::StagedMessage>{staged};
    }
    [[nodiscard]] bool memory_scarce() const override { return memory && memory->scarce(); }
    ~FakeDraft() override {
      if (memory) memory->give_back(held);
    }
    FakeDraft(const FakeDraft&) = delete;
    FakeDraft& operator=(const FakeDraft&) = delete;
    std::size_t held = 0;
    std::shared_ptr<store::MemoryBudget> memory = owner.memory;
    std::shared_ptr<FakeStaged> staged = std::make_shared<FakeStaged>();
  };

  static delivery::RecipientVerdict verdict(delivery::RecipientVerdict::Kind kind,
                                            std::string text = {}) {
    return {.kind = kind, .text = std::move(text)};
  }

  Core& core_;
};

class FakeTrace final : public trace::Log {
 public:
  TraceId new_id() override { return TraceId{++last}; }
  void add(kv::Batch&, const trace::Event&, const std::vector<std::string>&) const override {}
  using trace::Log::note;
  void note(trace::Event event, const std::vector<std::string>& addresses) override {
    events_noted.push_back(std::move(event));
    noted_for.push_back(addresses);
  }
  Task<Result<void>> flush() override { co_return Result<void>{}; }
  Task<Result<std::vector<trace::Event>>> events(TraceId) override {
    co_return fail(Errc::unsupported);
  }
  Task<Result<std::vector<TraceId>>> find(std::string, std::size_t) override {
    co_return fail(Errc::unsupported);
  }
  Task<Result<void>> expire(Duration, std::uint64_t) override { co_return Result<void>{}; }

  std::uint64_t last = 0;
  std::vector<trace::Event> events_noted;
  std::vector<std::vector<std::string>> noted_for;
};

/// Everything a session needs, in memory.
struct Rig {
  explicit Rig(Profile profile = Profile::inbound)
      : directory{text::to_base64(SystemRandom{}.bytes(15))} {
    // A stand-in: streams in memory ask only whether there is one.
    const auto tls =
        net::TlsContext::client({.system_trust = false, .trust_files = {}, .sessions = 0});
    settings->profile = profile;
    settings->hostname = "mx.example.org";
    settings->tls = tls.value();
    resolver.add_mx("example.net", 10, "mail.example.net");
  }

  [[nodiscard]] net::TranscriptSession session() {
    return [this](std::unique_ptr<net::Stream> stream) {
      return serve(machine.core(), std::move(stream), services, settings);
    };
  }
  /// The first difference between `script` and what a session does; empty when there is none.
  [[nodiscard]] std::string play(std::string_view script, const net::MemoryOptions& options = {}) {
    return net::play_transcript(machine, session(), script, options);
  }
  /// What AUTH PLAIN sends for ann.
  [[nodiscard]] std::string ann_plain() const {
    return text::to_base64(std::string{"\0ann@example.org\0", 17} + directory.password);
  }

  ManualCore machine;
  log::CaptureSink sink;
  log::Backend backend{
      sink, {.level = log::Level::trace}, [this] { return machine.clock().now(); }};
  metrics::Registry registry;
  Metrics metrics{registry};
  Guard guard{Guard::Settings{}};
  resolver::ScriptedResolver resolver{machine.core().timers};
  FakeTrace trace;
  FakeDirectory directory;
  FakeDelivery delivery{machine.core()};
  Services services{delivery, directory, resolver, trace, guard, metrics, log::Logger{backend}};
  std::shared_ptr<Settings> settings = std::make_shared<Settings>();
};

}  // namespace postern::smtpd
