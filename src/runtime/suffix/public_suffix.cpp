#include "suffix/public_suffix.hpp"

#include <utility>

#include <libpsl.h>

namespace postern::suffix {

using dns::Name;

void PublicSuffixList::Free::operator()(psl_ctx_st* list) const {
  psl_free(list);
}

PublicSuffixList PublicSuffixList::builtin() {
  return PublicSuffixList{psl_builtin()};
}

Result<PublicSuffixList> PublicSuffixList::load(const std::string& path) {
  std::unique_ptr<psl_ctx_st, Free> list{psl_load_file(path.c_str())};
  if (!list || (psl_suffix_count(list.get()) == 0))
    return fail(Errc::io_failed, "no public suffix list in " + path);
  PublicSuffixList out{list.get()};
  out.owned_ = std::move(list);
  return out;
}

std::optional<Name> PublicSuffixList::suffix_of(const Name& name) const {
  // A name with other octets than those of hosts (escaped in text) is shortened to what is one.
  if (name.is_root() || !list_) return std::nullopt;
  const std::string text = name.to_string();
  const char* const found = psl_unregistrable_domain(list_, text.c_str());
  const auto suffix = Name::parse(found ? std::string_view{found} : std::string_view{text});
  if (!suffix || suffix->is_root()) return std::nullopt;
  const bool listed = psl_is_public_suffix2(list_, suffix->to_string().c_str(),
                                            PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE) != 0;
  return listed ? std::optional{*suffix} : std::nullopt;
}

std::optional<Name> PublicSuffixList::registrable(const Name& name) const {
  const auto suffix = suffix_of(name);
  if (!suffix || *suffix == name) return std::nullopt;
  Name out = name;
  while (out.depth() > suffix->depth() + 1) out = out.parent();
  return out;
}

}  // namespace postern::suffix
