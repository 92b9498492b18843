#pragma once

#include <memory>

#include <unbound.h>

#include "dns/answer.hpp"
#include "resolver/unbound.hpp"
#include "vocab/result.hpp"

// What knows libunbound's options and results. Only for this module.
namespace postern::resolver {

struct DeleteContext {
  void operator()(ub_ctx* context) const { ub_ctx_delete(context); }
};
using Context = std::unique_ptr<ub_ctx, DeleteContext>;

/// A context with all of `settings`, in thread mode, final: settings can change no more.
/// Error `bad_config`.
[[nodiscard]] Result<Context> make_context(const Settings& settings);

/// What `result` says about `question`; null, or with `error` not 0: that it failed.
[[nodiscard]] dns::Answer read_result(const dns::Question& question, int error,
                                      const ub_result* result);

}  // namespace postern::resolver
