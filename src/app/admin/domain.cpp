#include "smtp/domain.hpp"

#include <algorithm>
#include <array>

#include <boost/json.hpp>

#include "admin/admin.hpp"
#include "admin/verbs.hpp"
#include "vocab/try.hpp"

namespace postern::admin {
namespace {

json::object to_json(const directory::Domain& domain) {
  return {{"name", domain.name},           {"alias_of", domain.alias_of},
          {"catch_all", domain.catch_all}, {"separators", domain.separators},
          {"fold_case", domain.fold_case}, {"fold_dots", domain.fold_dots}};
}

/// Puts the options that `request` names over those of `domain`.
Result<void> take_options(const json::object& request, directory::Domain& domain) {
  for (const auto& [key, slot] : {std::pair{"alias_of", &directory::Domain::alias_of},
                                  std::pair{"catch_all", &directory::Domain::catch_all},
                                  std::pair{"separators", &directory::Domain::separators}}) {
    POSTERN_TRY(auto text, take_text(request, key));
    if (request.contains(key)) domain.*slot = std::move(text);
  }
  POSTERN_TRY(const auto fold_case, take_flag(request, "fold_case"));
  POSTERN_TRY(const auto fold_dots, take_flag(request, "fold_dots"));
  domain.fold_case = fold_case.value_or(domain.fold_case);
  domain.fold_dots = fold_dots.value_or(domain.fold_dots);
  return {};
}

Task<Result<json::value>> add(Services& services, const json::object& request) {
  directory::Domain domain;
  POSTERN_CO_TRY(domain.name, need_text(request, "name"));
  POSTERN_CO_CHECK(take_options(request, domain));
  POSTERN_CO_CHECK(co_await services.directory.add_domain(domain));
  auto out = to_json(domain);
  if (services.keys != nullptr) {
    // The domain is there whether or not it can sign; `dkim add` makes keys later.
    const auto made = co_await services.keys->make_pair(domain.name);
    json::array keys;
    if (made) {
      for (const auto& key : *made) keys.push_back(admin::to_json(key));
    } else {
      out["dkim_error"] = to_sentence(made.error());
    }
    out["dkim"] = std::move(keys);
  } else {
    out["dkim_error"] = to_sentence(services.no_keys);
  }
  co_return json::value(std::move(out));
}

Task<Result<json::value>> set(Services& services, const json::object& request) {
  POSTERN_CO_TRY(const auto name, need_text(request, "name"));
  POSTERN_CO_TRY(const auto parsed, smtp::parse_domain(name, true));
  auto domains = services.directory.domains();
  const auto found = std::ranges::find(domains, parsed.ascii, &directory::Domain::name);
  if (found == domains.end()) co_return fail(Errc::not_found, name);
  POSTERN_CO_CHECK(take_options(request, *found));
  POSTERN_CO_CHECK(co_await services.directory.change_domain(*found));
  co_return json::value(to_json(*found));
}

Task<Result<json::value>> list(Services& services, const json::object&) {
  auto domains = services.directory.domains();
  std::ranges::sort(domains, {}, &directory::Domain::name);
  json::array out;
  for (const auto& domain : domains) out.push_back(to_json(domain));
  co_return json::value(std::move(out));
}

Task<Result<json::value>> remove(Services& services, const json::object& request) {
  POSTERN_CO_TRY(const auto name, need_text(request, "name"));
  const auto removed = co_await services.directory.remove_domain(name);
  // What a crash left between the two is finished by the next try.
  const bool gone = removed || removed.error().code == Errc::not_found;
  if (gone && services.keys != nullptr) POSTERN_CO_CHECK(co_await services.keys->remove_all(name));
  if (!removed) co_return std::unexpected(removed.error());
  co_return json::value(json::object{{"name", name}});
}

constexpr std::array kVerbs{Verb{"domain.add", add}, Verb{"domain.set", set},
                            Verb{"domain.list", list}, Verb{"domain.remove", remove}};

}  // namespace

std::span<const Verb> domain_verbs() {
  return kVerbs;
}

}  // namespace postern::admin
