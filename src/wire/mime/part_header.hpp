#pragma once

#include <string_view>

#include "mime/structure.hpp"

namespace postern::mime {

/// Fills in what the header `raw` of a part says about it (RFC 2045 §3): type, parameters,
/// disposition and so on, `kind` too; not offsets, envelope, children. `in_digest`: the part stands
/// in a multipart/digest, whose default type differs. Of repeated fields the first counts. `part`
/// is a fresh one.
void read_part_header(Part& part, std::string_view raw, bool in_digest);

/// The boundary of a part of kind multipart; empty: none.
[[nodiscard]] std::string boundary_of(const Part& part);

}  // namespace postern::mime
