#include "verify/verify.hpp"

#include <functional>
#include <optional>
#include <set>
#include <utility>

#include <boost/asio/post.hpp>

#include "mailauth/path_codec.hpp"
#include "record/key.hpp"
#include "signing/key_codec.hpp"
#include "verify/account_check.hpp"
#include "verify/blob_space.hpp"
#include "verify/queue_space.hpp"
#include "verify/reports_space.hpp"
#include "verify/system_space.hpp"
#include "verify/trace_space.hpp"
#include "vocab/try.hpp"

namespace postern::verify {
namespace {

using layout::Space;

/// What is read between two turns of the others on the core.
constexpr std::size_t kPagePairs = 2000;
constexpr std::size_t kPageBytes = std::size_t{1} << 20U;

using Visit = std::function<void(const kv::Pair&)>;

std::string begin_of(Space space) {
  return {static_cast<char>(record::kKeyFormat), static_cast<char>(space)};
}
std::string after(Space space) {
  return record::prefix_end(begin_of(space));
}
/// Above every key of ours.
std::string end_of_all() {
  return std::string(64, '\xff');
}

Task<Result<void>> walk(const kv::Reader& reader, Context& context, std::string begin,
                        std::string end, const Visit& visit) {
  const auto here = co_await this_executor();
  kv::Range range{.begin = std::move(begin),
                  .end = std::move(end),
                  .limit = kPagePairs,
                  .max_bytes = kPageBytes};
  for (bool more = true; more;) {
    const auto page = co_await reader.scan(range);
    if (!page) {
      if (page.error().code == Errc::unavailable) co_return std::unexpected(page.error());
      context.report.add("from key " + hex(range.begin) + " on", why(page.error()));
      co_return Result<void>{};
    }
    context.report.counts.keys += page->pairs.size();
    for (const auto& pair : page->pairs) visit(pair);
    more = kv::next_page(range, *page);
    co_await asio::post(here, use_task);
  }
  co_return Result<void>{};
}

/// Spaces without an account: shard 0 and a kind.
bool is_of(std::string_view key, Space space) {
  return key.starts_with(begin_of(space)) && octet(key, 2) == 0 && octet(key, 3) == 0 &&
         key.size() > kShardKindAt;
}

/// Space `account`: one after the other.
class AccountSpace {
 public:
  explicit AccountSpace(Context& context) : context_{context} {}

  void take(const kv::Pair& pair) {
    record::KeyReader in{pair.key};
    in.u16();
    const auto id = in.account();
    if (pair.key.size() <= kAccountKindAt) return unknown_key(context_, pair.key);
    if (!now_ || now_->id() != id) {
      if (now_) now_->finish();
      now_.emplace(context_, id);
      seen_.insert(id);
    }
    now_->take(pair);
  }
  void finish() {
    if (now_) now_->finish();
    for (const auto& [id, disabled] : context_.accounts) {
      if (!disabled && !seen_.contains(id))
        context_.report.add("account " + hex(id.value()), "has nothing in the store");
    }
  }

 private:
  Context& context_;
  std::optional<AccountCheck> now_;
  std::set<AccountId> seen_;
};

Task<Result<void>> walk_system(const kv::Reader& reader, Context& context) {
  SystemSpace system{context};
  const Visit visit = [&](const kv::Pair& pair) {
    if (is_of(pair.key, Space::system)) {
      system.take(pair);
    } else {
      unknown_key(context, pair.key);
    }
  };
  POSTERN_CO_CHECK(co_await walk(reader, context, {}, begin_of(Space::account), visit));
  system.finish();
  co_return Result<void>{};
}

Task<Result<void>> walk_accounts(const kv::Reader& reader, Context& context) {
  AccountSpace accounts{context};
  const Visit visit = [&](const kv::Pair& pair) { accounts.take(pair); };
  POSTERN_CO_CHECK(
      co_await walk(reader, context, begin_of(Space::account), after(Space::account), visit));
  accounts.finish();
  co_return Result<void>{};
}

Task<Result<void>> walk_queue(const kv::Reader& reader, Context& context) {
  QueueSpace queue{context};
  const Visit visit = [&](const kv::Pair& pair) {
    if (is_of(pair.key, Space::queue)) {
      queue.take(pair);
    } else {
      unknown_key(context, pair.key);
    }
  };
  POSTERN_CO_CHECK(
      co_await walk(reader, context, begin_of(Space::queue), after(Space::queue), visit));
  queue.finish();
  co_return Result<void>{};
}

Task<Result<void>> walk_blobs(const kv::Reader& reader, Context& context) {
  BlobSpace blobs{context};
  const Visit visit = [&](const kv::Pair& pair) {
    if (pair.key.size() > kShardKindAt) {
      blobs.take(pair);
    } else {
      unknown_key(context, pair.key);
    }
  };
  POSTERN_CO_CHECK(
      co_await walk(reader, context, begin_of(Space::blob), after(Space::blob), visit));
  blobs.finish();
  co_return Result<void>{};
}

Task<Result<void>> walk_trace(const kv::Reader& reader, Context& context) {
  const Visit visit = [&](const kv::Pair& pair) {
    if (is_of(pair.key, Space::trace)) {
      check_trace(context, pair);
    } else {
      unknown_key(context, pair.key);
    }
  };
  co_return co_await walk(reader, context, begin_of(Space::trace), after(Space::trace), visit);
}

Task<Result<void>> walk_strangers(const kv::Reader& reader, Context& context) {
  const Visit visit = [&](const kv::Pair& pair) {
    if (!is_of(pair.key, Space::strangers) || !mailauth::is_path_key(pair.key))
      return unknown_key(context, pair.key);
    if (const auto day = mailauth::decode_path_day(pair.value); !day)
      context.report.add("path key " + hex(pair.key), why(day.error()));
  };
  co_return co_await walk(reader, context, begin_of(Space::strangers), after(Space::strangers),
                          visit);
}

Task<Result<void>> walk_signing(const kv::Reader& reader, Context& context) {
  const Visit visit = [&](const kv::Pair& pair) {
    const auto name = signing::name_of(pair.key);
    if (!is_of(pair.key, Space::signing) || !name) return unknown_key(context, pair.key);
    const auto key = signing::decode(pair.value);
    const auto where = "signing key " + name->selector + " of " + name->domain;
    if (!key) return context.report.add(where, why(key.error()));
    const bool retired = key->facts.state == signing::State::retired;
    if (key->sealed.empty() != retired)
      context.report.add(where, retired ? "is retired and could still sign" : "has no private key");
  };
  co_return co_await walk(reader, context, begin_of(Space::signing), after(Space::signing), visit);
}

Task<Result<void>> walk_reports(const kv::Reader& reader, Context& context) {
  const Visit visit = [&](const kv::Pair& pair) {
    if (is_of(pair.key, Space::reports)) {
      check_report(context, pair);
    } else {
      unknown_key(context, pair.key);
    }
  };
  co_return co_await walk(reader, context, begin_of(Space::reports), end_of_all(), visit);
}

}  // namespace

Task<Result<Report>> verify_store(std::shared_ptr<const kv::Reader> reader) {
  Context context;
  POSTERN_CO_CHECK(co_await walk_system(*reader, context));
  POSTERN_CO_CHECK(co_await walk_accounts(*reader, context));
  // Before the bodies, which are held against all who need them.
  POSTERN_CO_CHECK(co_await walk_queue(*reader, context));
  POSTERN_CO_CHECK(co_await walk_blobs(*reader, context));
  POSTERN_CO_CHECK(co_await walk_trace(*reader, context));
  POSTERN_CO_CHECK(co_await walk_strangers(*reader, context));
  POSTERN_CO_CHECK(co_await walk_signing(*reader, context));
  POSTERN_CO_CHECK(co_await walk_reports(*reader, context));
  co_return std::move(context.report);
}

}  // namespace postern::verify
