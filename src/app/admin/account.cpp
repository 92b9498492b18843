#include <algorithm>
#include <array>

#include <boost/json.hpp>

#include "admin/admin.hpp"
#include "admin/verbs.hpp"
#include "async/gather.hpp"
#include "layout/keys.hpp"
#include "layout/records.hpp"
#include "mailauth/exceptions.hpp"
#include "text/ascii.hpp"
#include "vocab/secret.hpp"
#include "vocab/try.hpp"

namespace postern::admin {
namespace {

/// Accounts of one request, and how many of their passwords are hashed at a time.
constexpr std::size_t kMaxBatch = 1000;
constexpr std::size_t kAtOnce = 16;

/// What an administrator should know about why there is no account.
Error explained(Error error, const std::string& address) {
  const auto at = address.rfind('@');
  if (at == std::string::npos)
    return {Errc::bad_syntax, address + " is no address: write it as name@domain"};
  if (error.code == Errc::not_found) {
    const auto domain = address.substr(at + 1);
    error.detail = "the domain " + domain + " is not ours: `postern domain add " + domain + "`";
  }
  return error;
}

Task<Result<AccountId>> make(Services& services, std::string address, Secret<std::string> password,
                             std::uint64_t quota) {
  if (password.reveal().empty()) co_return fail(Errc::bad_syntax, "the password is empty");
  const auto made = co_await services.directory.add_account(address, std::move(password), quota);
  if (!made) co_return std::unexpected(explained(made.error(), address));
  co_return *made;
}

Task<Result<json::value>> add(Services& services, const json::object& request) {
  POSTERN_CO_TRY(const auto address, need_text(request, "address"));
  POSTERN_CO_TRY(auto password, need_text(request, "password"));
  POSTERN_CO_TRY(const auto quota, take_number(request, "quota", 0));
  Secret<std::string> secret{std::move(password)};
  POSTERN_CO_TRY(const auto id, co_await make(services, address, std::move(secret), quota));
  co_return json::value(json::object{{"address", address}, {"id", to_hex(id.value())}});
}

struct Newcomer {
  std::string address;
  std::string password;
};
Result<std::vector<Newcomer>> take_newcomers(const json::object& request) {
  const auto* const found = request.if_contains("accounts");
  const auto* const list = found == nullptr ? nullptr : found->if_array();
  if (list == nullptr) return fail(Errc::bad_syntax, "\"accounts\" must be a list");
  if (list->size() > kMaxBatch) return fail(Errc::too_large, "more than 1000 accounts at a time");
  std::vector<Newcomer> out;
  for (const auto& one : *list) {
    const auto* const object = one.if_object();
    if (object == nullptr) return fail(Errc::bad_syntax, "\"accounts\" must hold objects");
    Newcomer newcomer;
    POSTERN_TRY(newcomer.address, need_text(*object, "address"));
    POSTERN_TRY(newcomer.password, take_text(*object, "password"));
    out.push_back(std::move(newcomer));
  }
  return out;
}

/// Some are added, others perhaps not: the answer tells which and why.
Task<Result<json::value>> add_many(Services& services, const json::object& request) {
  POSTERN_CO_TRY(auto newcomers, take_newcomers(request));
  POSTERN_CO_TRY(const auto quota, take_number(request, "quota", 0));
  std::uint64_t added = 0;
  json::array failed;
  for (std::size_t first = 0; first < newcomers.size(); first += kAtOnce) {
    const auto last = std::min(first + kAtOnce, newcomers.size());
    std::vector<Task<Result<AccountId>>> work;
    for (auto i = first; i < last; ++i) {
      Secret<std::string> secret{std::move(newcomers.at(i).password)};
      work.push_back(make(services, newcomers.at(i).address, std::move(secret), quota));
    }
    const auto made = co_await gather(std::move(work));
    for (auto i = first; i < last; ++i) {
      const auto& one = made.at(i - first);
      if (one) ++added;
      if (!one) {
        failed.push_back(json::object{{"address", newcomers.at(i).address},
                                      {"error", to_sentence(one.error())},
                                      {"code", to_string(one.error().code)}});
      }
    }
  }
  co_return json::value(json::object{{"added", added}, {"failed", std::move(failed)}});
}

/// What each account uses, from its state record; nothing where it has none (any more).
Task<Result<std::vector<std::optional<std::uint64_t>>>> usage(
    const kv::Engine& engine, const std::vector<directory::Account>& accounts) {
  std::vector<std::string> keys;
  keys.reserve(accounts.size());
  for (const auto& account : accounts) keys.push_back(layout::state_key(account.id));
  const auto reader = engine.published();
  POSTERN_CO_TRY(const auto values, co_await reader->get(std::move(keys)));
  std::vector<std::optional<std::uint64_t>> out;
  for (const auto& value : values) {
    const auto state = value ? layout::decode_state(*value) : fail(Errc::not_found);
    out.push_back(state ? std::optional{state->used} : std::nullopt);
  }
  co_return out;
}

constexpr std::array kRules{std::pair{std::string_view{"follow"}, dmarc::AccountRule::follow},
                            std::pair{std::string_view{"accept"}, dmarc::AccountRule::accept},
                            std::pair{std::string_view{"junk"}, dmarc::AccountRule::junk},
                            std::pair{std::string_view{"strict"}, dmarc::AccountRule::strict}};

std::string_view name_of(dmarc::AccountRule rule) {
  return std::ranges::find(kRules, rule, &std::pair<std::string_view, dmarc::AccountRule>::second)
      ->first;
}

json::array to_list(const std::vector<std::string>& texts) {
  json::array out;
  for (const auto& text : texts) out.push_back(json::string{text});
  return out;
}

Task<Result<json::value>> list(Services& services, const json::object& request) {
  POSTERN_CO_TRY(const auto domain, take_text(request, "domain"));
  auto accounts = services.directory.accounts();
  if (!domain.empty()) {
    std::erase_if(accounts, [&](const directory::Account& account) {
      const auto at = account.address.rfind('@');
      return !text::iequals(std::string_view{account.address}.substr(at + 1), domain);
    });
  }
  std::ranges::sort(accounts, {}, &directory::Account::address);
  POSTERN_CO_TRY(const auto used, co_await usage(services.engine, accounts));
  json::array out;
  for (std::size_t i = 0; i < accounts.size(); ++i) {
    const auto& account = accounts.at(i);
    out.push_back(json::object{{"address", account.address},
                               {"id", to_hex(account.id.value())},
                               {"quota", account.quota},
                               {"used", used.at(i).value_or(0)},
                               {"disabled", account.disabled},
                               {"relay", account.may_relay},
                               {"dmarc", name_of(account.dmarc)},
                               {"exceptions", to_list(account.exceptions)},
                               {"created", to_text(account.created)}});
  }
  co_return json::value(std::move(out));
}

json::value done(const std::string& address) {
  return json::object{{"address", address}};
}

Task<Result<json::value>> set_password(Services& services, const json::object& request) {
  POSTERN_CO_TRY(const auto address, need_text(request, "address"));
  POSTERN_CO_TRY(auto password, need_text(request, "password"));
  Secret<std::string> secret{std::move(password)};
  POSTERN_CO_CHECK(co_await services.directory.set_password(address, std::move(secret)));
  co_return done(address);
}

Task<Result<json::value>> remove(Services& services, const json::object& request) {
  POSTERN_CO_TRY(const auto address, need_text(request, "address"));
  POSTERN_CO_CHECK(co_await services.directory.remove_account(address));
  co_return done(address);
}

Task<Result<json::value>> set_quota(Services& services, const json::object& request) {
  POSTERN_CO_TRY(const auto address, need_text(request, "address"));
  if (!request.contains("quota")) co_return fail(Errc::bad_syntax, "\"quota\" is missing");
  POSTERN_CO_TRY(const auto quota, take_number(request, "quota", 0));
  POSTERN_CO_CHECK(co_await services.directory.set_quota(address, quota));
  co_return json::value(json::object{{"address", address}, {"quota", quota}});
}

Task<Result<json::value>> disable(Services& services, const json::object& request) {
  POSTERN_CO_TRY(const auto address, need_text(request, "address"));
  POSTERN_CO_CHECK(co_await services.directory.set_disabled(address, true));
  co_return done(address);
}

Task<Result<json::value>> enable(Services& services, const json::object& request) {
  POSTERN_CO_TRY(const auto address, need_text(request, "address"));
  POSTERN_CO_CHECK(co_await services.directory.set_disabled(address, false));
  co_return done(address);
}

Task<Result<json::value>> relay(Services& services, const json::object& request) {
  POSTERN_CO_TRY(const auto address, need_text(request, "address"));
  POSTERN_CO_TRY(const auto on, take_flag(request, "relay"));
  if (!on) co_return fail(Errc::bad_syntax, "\"relay\" is missing");
  POSTERN_CO_CHECK(co_await services.directory.set_relay(address, *on));
  co_return json::value(json::object{{"address", address}, {"relay", *on}});
}

/// What is not named stays as it is.
Task<Result<json::value>> set_dmarc(Services& services, const json::object& request) {
  POSTERN_CO_TRY(const auto address, need_text(request, "address"));
  POSTERN_CO_TRY(const auto word, take_text(request, "rule"));
  POSTERN_CO_TRY(const auto given, take_texts(request, "exceptions"));
  const auto accounts = services.directory.accounts();
  const auto found = std::ranges::find_if(accounts, [&](const directory::Account& account) {
    return text::iequals(account.address, address);
  });
  if (found == accounts.end()) co_return fail(Errc::not_found, address);
  auto rule = found->dmarc;
  if (!word.empty()) {
    const auto* const known =
        std::ranges::find(kRules, word, &std::pair<std::string_view, dmarc::AccountRule>::first);
    if (known == kRules.end())
      co_return fail(Errc::bad_syntax, "the rule is follow, accept, junk or strict");
    rule = known->second;
  }
  auto exceptions = found->exceptions;
  if (request.contains("exceptions")) {
    exceptions.clear();
    for (const auto& one : given) {
      POSTERN_CO_TRY(auto kept, mailauth::parse_exception(one));
      exceptions.push_back(std::move(kept));
    }
  }
  POSTERN_CO_CHECK(co_await services.directory.set_dmarc(address, rule, exceptions));
  co_return json::value(json::object{
      {"address", address}, {"dmarc", name_of(rule)}, {"exceptions", to_list(exceptions)}});
}

constexpr std::array kVerbs{
    Verb{"account.add", add},         Verb{"account.add_many", add_many},
    Verb{"account.list", list},       Verb{"account.set_password", set_password},
    Verb{"account.remove", remove},   Verb{"account.quota", set_quota},
    Verb{"account.disable", disable}, Verb{"account.enable", enable},
    Verb{"account.relay", relay},     Verb{"account.dmarc", set_dmarc}};

}  // namespace

std::span<const Verb> account_verbs() {
  return kVerbs;
}

}  // namespace postern::admin
