#pragma once

#include "verify/context.hpp"

namespace postern::verify {

/// A pair of space `trace`: it can be read, and stands on its day.
void check_trace(Context& context, const kv::Pair& pair);

}  // namespace postern::verify
