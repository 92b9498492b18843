#pragma once

#include "verify/context.hpp"

namespace postern::verify {

/// One record of space `reports`: that it stands where it belongs and can be read.
void check_report(Context& context, const kv::Pair& pair);

}  // namespace postern::verify
