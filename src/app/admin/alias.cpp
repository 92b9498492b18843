#include <algorithm>
#include <array>

#include <boost/json.hpp>

#include "admin/verbs.hpp"
#include "vocab/try.hpp"

namespace postern::admin {
namespace {

json::object to_json(const directory::Alias& alias) {
  json::array members;
  for (const auto& member : alias.members) members.emplace_back(member);
  return {{"address", alias.address}, {"members", std::move(members)}, {"refusal", alias.refusal}};
}

Task<Result<json::value>> add(Services& services, const json::object& request) {
  directory::Alias alias;
  POSTERN_CO_TRY(alias.address, need_text(request, "address"));
  POSTERN_CO_TRY(alias.members, take_texts(request, "members"));
  POSTERN_CO_TRY(alias.refusal, take_text(request, "refusal"));
  POSTERN_CO_CHECK(co_await services.directory.put_alias(alias));
  co_return json::value(to_json(alias));
}

Task<Result<json::value>> list(Services& services, const json::object&) {
  auto aliases = services.directory.aliases();
  std::ranges::sort(aliases, {}, &directory::Alias::address);
  json::array out;
  for (const auto& alias : aliases) out.push_back(to_json(alias));
  co_return json::value(std::move(out));
}

Task<Result<json::value>> remove(Services& services, const json::object& request) {
  POSTERN_CO_TRY(const auto address, need_text(request, "address"));
  POSTERN_CO_CHECK(co_await services.directory.remove_alias(address));
  co_return json::value(json::object{{"address", address}});
}

constexpr std::array kVerbs{Verb{"alias.add", add}, Verb{"alias.list", list},
                            Verb{"alias.remove", remove}};

}  // namespace

std::span<const Verb> alias_verbs() {
  return kVerbs;
}

}  // namespace postern::admin
