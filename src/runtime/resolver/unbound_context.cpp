#include "resolver/unbound_context.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "resolver/root_anchor.hpp"
#include "resolver/root_keys.hpp"
#include "vocab/try.hpp"

namespace postern::resolver {
namespace {

constexpr int kNoError = 0;  ///< RCODEs of RFC 1035 §4.1.1.
constexpr int kNxDomain = 3;

Result<void> check(int error, const std::string& what) {
  if (error == UB_NOERROR) return {};
  return fail(Errc::bad_config, "resolver: " + what + ": " + ub_strerror(error));
}

Result<void> set(ub_ctx* context, const std::string& option, const std::string& value) {
  return check(ub_ctx_set_option(context, (option + ":").c_str(), value.c_str()), option);
}

/// Everything libunbound keeps, in proportion to what it may take in all. One slab each: a single
/// thread works on it.
Result<void> set_memory(ub_ctx* context, std::size_t bytes) {
  for (const auto& [cache, share] :
       {std::pair{"rrset-cache", bytes / 2}, {"msg-cache", bytes / 4}, {"key-cache", bytes / 16}}) {
    POSTERN_CHECK(set(context, std::string{cache} + "-size", std::to_string(share)));
    POSTERN_CHECK(set(context, std::string{cache} + "-slabs", "1"));
  }
  POSTERN_CHECK(set(context, "neg-cache-size", std::to_string(bytes / 16)));
  POSTERN_CHECK(set(context, "infra-cache-slabs", "1"));
  return set(context, "infra-cache-numhosts",
             std::to_string(std::max<std::size_t>(bytes / 8192, 100)));
}

bool asks_loopback(const Settings& settings) {
  const auto is_loopback = [](const Server& server) { return server.ip.is_loopback(); };
  return std::ranges::any_of(settings.forwarders, is_loopback) ||
         std::ranges::any_of(settings.stubs, [&](const Stub& stub) {
           return std::ranges::any_of(stub.servers, is_loopback);
         });
}

Result<void> set_options(ub_ctx* context, const Settings& settings) {
  POSTERN_CHECK(set_memory(context, settings.cache_bytes));
  POSTERN_CHECK(set(context, "do-ip6", settings.ipv6 ? "yes" : "no"));
  // Descriptors and queries are bounded too: the defaults are those of a server for thousands.
  POSTERN_CHECK(set(context, "outgoing-range", "512"));
  POSTERN_CHECK(set(context, "num-queries-per-thread", "512"));
  // A name server that was down is probed, not given up for 15 minutes.
  POSTERN_CHECK(set(context, "infra-keep-probing", "yes"));
  // The default, said for whoever reads this: RFC 9156, no more of a name than a server must know.
  POSTERN_CHECK(set(context, "qname-minimisation", "yes"));
  // Nobody's delegation may make us ask our own machine, unless the operator did.
  return set(context, "do-not-query-localhost", asks_loopback(settings) ? "no" : "yes");
}

std::string to_text(const Server& server) {
  return server.ip.to_string() + "@" + std::to_string(server.port);
}

std::string absolute(const dns::Name& name) {
  return name.is_root() ? "." : name.to_string() + ".";
}

Result<void> add_servers(ub_ctx* context, const Settings& settings) {
  for (const auto& server : settings.forwarders) {
    const auto text = to_text(server);
    POSTERN_CHECK(check(ub_ctx_set_fwd(context, text.c_str()), "forwarder " + text));
  }
  for (const auto& stub : settings.stubs) {
    for (const auto& server : stub.servers) {
      const auto text = to_text(server);
      POSTERN_CHECK(check(ub_ctx_set_stub(context, absolute(stub.zone).c_str(), text.c_str(), 0),
                          "stub server " + text));
    }
  }
  return {};
}

Result<void> add_anchors(ub_ctx* context, const Settings& settings) {
  std::vector<std::string> anchors = settings.trust_anchors;
  if (settings.root_trust_anchor && !settings.root_key_file.empty()) {
    POSTERN_CHECK(check(ub_ctx_add_ta_autr(context, settings.root_key_file.c_str()),
                        "the root's keys in " + settings.root_key_file));
  } else if (settings.root_trust_anchor) {
    anchors.insert(anchors.end(), kRootTrustAnchors.begin(), kRootTrustAnchors.end());
  }
  for (const auto& anchor : anchors) {
    POSTERN_CHECK(check(ub_ctx_add_ta(context, anchor.c_str()), "trust anchor " + anchor));
  }
  return {};
}

/// libunbound answers for zones like `test.` and the private reverse zones itself: not for those
/// that the operator serves. This ends configuration (libunbound refuses later settings), so it
/// comes last; it also brings out what is wrong with the settings together.
Result<void> finish(ub_ctx* context, const Settings& settings) {
  for (const auto& stub : settings.stubs) {
    for (dns::Name zone = stub.zone; !zone.is_root(); zone = zone.parent()) {
      POSTERN_CHECK(check(ub_ctx_zone_remove(context, absolute(zone).c_str()), "stub zone"));
    }
  }
  return check(ub_ctx_data_remove(context, "nothing.invalid."), "settings");
}

dns::Outcome outcome_of(const ub_result& result) {
  if (result.rcode == kNxDomain) return dns::Outcome::nxdomain;
  if (result.rcode != kNoError) return dns::Outcome::servfail;
  return result.havedata != 0 ? dns::Outcome::found : dns::Outcome::no_data;
}

/// All records, or an error: half an answer could mean the opposite of the whole.
Result<std::vector<dns::Record>> read_records(dns::Type type, const ub_result& result) {
  std::vector<dns::Record> records;
  for (std::size_t i = 0; result.data[i] != nullptr; ++i) {
    const std::string_view rdata{result.data[i], static_cast<std::size_t>(result.len[i])};
    POSTERN_TRY(dns::Record record, dns::parse_rdata(type, rdata));
    records.push_back(std::move(record));
  }
  return records;
}

dns::Answer failed(std::string why) {
  return {.status = dns::Status::indeterminate,
          .outcome = dns::Outcome::servfail,
          .why = std::move(why)};
}

/// `settings` with the root's keys that somebody else keeps in the file, as they are now.
Settings with_root_keys_of(const Settings& settings) {
  Settings out = settings;
  out.root_key_file.clear();
  std::ifstream in{settings.root_key_file, std::ios::binary};
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  auto keys = trusted_root_keys(text);
  if (keys.empty()) return out;
  out.root_trust_anchor = false;
  out.trust_anchors.insert(out.trust_anchors.end(), std::make_move_iterator(keys.begin()),
                           std::make_move_iterator(keys.end()));
  return out;
}

/// A file of root keys for libunbound to go on from, whole or not at all.
Result<void> write_root_keys(const std::string& file) {
  const std::string fresh = file + ".new";
  std::ofstream out{fresh, std::ios::trunc};
  for (const auto& anchor : kRootTrustAnchors) out << anchor << '\n';
  out.close();
  std::error_code error;
  if (out) std::filesystem::rename(fresh, file, error);
  if (!out || error) return fail(Errc::bad_config, "resolver: " + file + " cannot be written");
  return {};
}

Result<Context> make_context_once(const Settings& settings) {
  Context context{ub_ctx_create()};
  if (!context) return fail(Errc::bad_config, "resolver: libunbound does not start");
  // It would write to our standard error.
  POSTERN_CHECK(check(ub_ctx_debugout(context.get(), nullptr), "log"));
  POSTERN_CHECK(check(ub_ctx_async(context.get(), 1), "thread mode"));
  POSTERN_CHECK(set_options(context.get(), settings));
  POSTERN_CHECK(add_servers(context.get(), settings));
  POSTERN_CHECK(add_anchors(context.get(), settings));
  POSTERN_CHECK(finish(context.get(), settings));
  return context;
}

}  // namespace

Result<Context> make_context(const Settings& settings) {
  const std::string& keys = settings.root_key_file;
  if (!settings.root_trust_anchor || keys.empty()) return make_context_once(settings);
  if (settings.root_key_read_only) {
    auto context = make_context_once(with_root_keys_of(settings));
    if (context) return context;
    Settings built_in = settings;
    built_in.root_key_file.clear();
    return make_context_once(built_in);
  }
  std::error_code error;
  if (std::filesystem::file_size(keys, error) > 0 && !error) {
    auto context = make_context_once(settings);
    if (context) return context;
    // Torn or not ours: what the program was built with is a beginning that can be trusted. But
    // what is wrong with other settings is not the file's fault.
    Settings without = settings;
    without.root_key_file.clear();
    if (!make_context_once(without)) return context;
    std::filesystem::rename(keys, keys + ".bad", error);
  }
  POSTERN_CHECK(write_root_keys(keys));
  return make_context_once(settings);
}

dns::Answer read_result(const dns::Question& question, int error, const ub_result* result) {
  if (error != 0 || !result) return failed(ub_strerror(error));
  // First of all: bogus answers come with data.
  if (result->bogus != 0) {
    return {.status = dns::Status::bogus,
            .outcome = dns::Outcome::servfail,
            .canonical = question.name,
            .why = result->why_bogus ? result->why_bogus : "DNSSEC validation failed"};
  }
  const auto outcome = outcome_of(*result);
  if (outcome == dns::Outcome::servfail) return failed("RCODE " + std::to_string(result->rcode));
  dns::Answer answer{.status = result->secure != 0 ? dns::Status::secure : dns::Status::insecure,
                     .outcome = outcome,
                     .canonical = question.name,
                     .ttl = std::chrono::seconds{result->ttl}};
  if (result->canonname)
    answer.canonical = dns::Name::parse(result->canonname).value_or(question.name);
  if (outcome != dns::Outcome::found) return answer;
  auto records = read_records(question.type, *result);
  if (!records) return failed(records.error().detail);
  answer.records = *std::move(records);
  return answer;
}

}  // namespace postern::resolver
