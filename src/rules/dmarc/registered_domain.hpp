#pragma once

#include <string>

#include "dmarc/tree_walk.hpp"
#include "dns/name.hpp"

namespace postern::dmarc {

/// The domain that somebody had to register to have `name`: one label below what `suffix` calls
/// public, or two labels if it does not know. Never what DNS says: a stranger's `psd=n` would make
/// each of their names an organisation of its own. Below that: `name` itself.
[[nodiscard]] dns::Name registered_domain(const dns::Name& name, const PublicSuffix& suffix);
/// The same in text; what is no name is its own organisation.
[[nodiscard]] std::string registered_domain(const std::string& domain, const PublicSuffix& suffix);

}  // namespace postern::dmarc
