#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace postern {

/// Why an operation failed, named for whoever must answer it. One vocabulary for all floors; each
/// protocol turns it into its own words in one table (smtpd/reply_for.cpp, imapd/response_for.cpp,
/// ...). A new code makes the compiler ask every such table for an answer.
enum class Errc : std::uint8_t {
  bad_syntax,       ///< Input that is not what its grammar says.
  bad_sequence,     ///< Right words at the wrong moment.
  line_too_long,    ///< A line beyond its limit; the rest of it was dropped.
  too_large,        ///< A message, literal or argument beyond a fixed limit.
  limit_reached,    ///< Out of a shared budget (memory, workers, counts); trying later helps.
  not_found,        ///< No such mailbox, message, account, key, file.
  already_exists,   ///< The name is taken.
  not_permitted,    ///< Known, and not allowed to this caller.
  auth_failed,      ///< Wrong credentials, or none of that name.
  over_quota,       ///< The account's quota would be exceeded.
  store_full,       ///< The disk reserve is reached: no new mail.
  unavailable,      ///< The store is read-only or reopening; nothing was changed.
  outcome_unknown,  ///< A commit whose sync failed: it may appear later or never.
  corrupt,          ///< Stored bytes fail their checksum or do not decode.
  io_failed,        ///< The disk or the system refused.
  conflict,         ///< Someone else changed it first (UNCHANGEDSINCE, uniqueness).
  unsupported,      ///< Understood and not offered.
  policy_reject,    ///< A rule says no.
  dns_unavailable,  ///< No answer in time, SERVFAIL.
  dns_bogus,        ///< DNSSEC says the answer is forged or broken.
  tls_failed,       ///< A handshake or certificate check failed.
  bad_config,       ///< Configuration that cannot be used.
  peer_timeout,     ///< The peer did not act within its limit.
  peer_closed,      ///< The peer is gone.
  woken,            ///< A wait ended because somebody called `wake`.
  shutting_down,    ///< Cancelled. Keep last: kErrcCount counts up to it.
};
inline constexpr int kErrcCount = static_cast<int>(Errc::shutting_down) + 1;

/// The enumerator's own name, for logs and traces.
[[nodiscard]] std::string_view to_string(Errc code);

/// `detail` is for the log and for operators (it may hold addresses or paths); no reply to a peer
/// is ever built from it.
struct Error {
  Errc code;
  std::string detail = {};
};

/// A value, or why there is none. A class and not an alias for std::expected because only a
/// [[nodiscard]] class makes the compiler object to `co_await peer.write(x);` with its error
/// dropped.
template <class T>
class [[nodiscard]] Result : public std::expected<T, Error> {
 public:
  using std::expected<T, Error>::expected;
};

[[nodiscard]] inline std::unexpected<Error> fail(Errc code, std::string detail = {}) {
  return std::unexpected(Error{code, std::move(detail)});
}

}  // namespace postern
