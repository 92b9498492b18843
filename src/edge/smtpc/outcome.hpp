#pragma once

#include <string>
#include <string_view>

#include "queue/transport.hpp"
#include "route/failure.hpp"
#include "smtp/reply.hpp"
#include "vocab/result.hpp"

namespace postern::smtpc {

/// What `reply` of `host` means for a recipient. A reply without enhanced status gets X.0.0; what
/// is neither 2xx, 4xx nor 5xx defers.
[[nodiscard]] queue::RecipientOutcome from_reply(const smtp::Reply& reply, std::string_view host);
/// What we found out ourselves. `code` decides: 5xx fails, else it is deferred.
[[nodiscard]] queue::RecipientOutcome ours(int code, std::string_view status, std::string text);
/// What has no answer yet when the server stops.
[[nodiscard]] queue::RecipientOutcome stopping();
[[nodiscard]] queue::RecipientOutcome from_failure(const route::Failure& failure);
/// A connection that broke while `doing` ("connecting", "waiting for the greeting").
[[nodiscard]] queue::RecipientOutcome from_error(const Error& error, std::string_view doing);
/// Whether a refusal says that our address has no name: the next address may have one.
[[nodiscard]] bool blames_ptr(const queue::RecipientOutcome& outcome);

}  // namespace postern::smtpc
