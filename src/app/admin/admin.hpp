#pragma once

#include <string>
#include <string_view>

#include "admin/services.hpp"
#include "async/task.hpp"
#include "vocab/result.hpp"

// Every act of administration, as one line of JSON in and one out; the same beside a running server
// (by its control socket) and on a stopped store (offline.hpp).
//
//   {"cmd":"account.add","address":"ann@example.org","password":"..."}
//   {"ok":true,"data":{"address":"ann@example.org","id":"00c0ffee00c0ffee"}}
//   {"ok":false,"error":"already exists: ann@example.org","code":"already_exists"}
//
// `code` is the name of an Errc; `bad_syntax` also when the request itself is at fault.
namespace postern::admin {

/// Does what `request` asks. `services` outlives the task, which runs on `services.core`.
[[nodiscard]] Task<std::string> handle(Services& services, std::string request);

/// An error as people read it: "already exists: ann@example.org".
[[nodiscard]] std::string to_sentence(const Error& error);
/// The answer that an error is.
[[nodiscard]] std::string to_answer(const Error& error);

}  // namespace postern::admin
