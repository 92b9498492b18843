#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/core.hpp"
#include "imap/mailbox_name.hpp"
#include "imap/reader.hpp"
#include "imapd/announce.hpp"
#include "imapd/output.hpp"
#include "imapd/selection.hpp"
#include "imapd/session.hpp"

// One connection: what it is and has, and what all commands need of it. Lives in the frame of
// `serve` and is touched on its core only.
namespace postern::imapd {

/// RFC 9051 §3; values are bits, for the command table.
enum class State : std::uint8_t { not_authenticated = 1, authenticated = 2, selected = 4 };

/// How much a command's end may tell of what others did.
enum class Sync : std::uint8_t {
  none,
  no_expunge,  ///< FETCH, STORE and SEARCH by number (RFC 9051 §7.5.1).
  full,
};

/// Messages of an APPEND that have come.
struct PendingAppend {
  MailboxId mailbox;
  std::uint64_t octets = 0;
  std::vector<std::shared_ptr<const store::StagedMessage>> messages;
};

struct Connection {
  Connection(Core& on, net::Stream& peer, const Services& with, const Settings& how);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  Core& core;
  net::Stream& stream;
  const Services& services;
  const Settings& settings;
  Instant login_deadline;
  imap::CommandReader reader;
  Output out;

  std::shared_ptr<void> place;  ///< Among its net's strangers; after login, its account's others.
  std::unique_ptr<store::AccountSession> account;           ///< Null until somebody logged in.
  std::shared_ptr<const directory::Credential> credential;  ///< That the login was given for.
  std::unique_ptr<Selection> selection;                     ///< Null: no mailbox is selected.
  std::unique_ptr<PendingAppend> append;                    ///< Null unless an APPEND is coming in.

  std::string tag;                 ///< Of the command under way.
  std::unique_ptr<OwnChange> own;  ///< Of the command under way, if it changed flags.
  bool rev2 = false;               ///< ENABLE IMAP4rev2
  bool utf8 = false;               ///< ENABLE UTF8=ACCEPT
  bool condstore = false;          ///< RFC 7162 §3.1
  bool idling = false;             ///< Changes are to wake the stream.
  bool woke_itself = false;        ///< A wake of our own has not come back yet.
  bool begin_tls = false;          ///< The answer to STARTTLS is to go out, then TLS begins.
  bool logged_out = false;         ///< Everything was said; close.
  std::string_view farewell = {};  ///< Not empty: say BYE with this text and close.
  std::uint32_t errors = 0;        ///< Commands refused in a row.
  std::uint32_t failed_logins = 0;

  [[nodiscard]] State state() const {
    if (selection) return State::selected;
    return account ? State::authenticated : State::not_authenticated;
  }
  [[nodiscard]] imap::NameForm form() const {
    return rev2 || utf8 ? imap::NameForm::utf8 : imap::NameForm::mutf7;
  }
};

/// Why what the login gave is over, in words for BYE; empty while it is not.
[[nodiscard]] std::string_view why_over(const Connection& c);

/// How long the next read may last: to the end of login before it, then the idle limit.
[[nodiscard]] Duration read_limit(const Connection& c);

enum class Input : std::uint8_t { fed, woken };
/// Says what there is to say, gives back what memory it can, and waits for octets, which go to the
/// reader. `woken`: the mailbox changed (only while `idling`). A wake from outside is
/// `shutting_down`. Other failures are the stream's.
Task<Result<Input>> more_input(Connection& c, Duration limit);

/// A line that is no command (SASL). `line_too_long`, or the stream's failures.
Task<Result<std::string>> read_line(Connection& c);

/// Lets `delay` pass, as the answer to a failed login must; the stream's failure as soon as the
/// peer leaves. What the peer says meanwhile waits.
Task<Result<void>> linger(Connection& c, Duration delay);

/// Takes the newest view and tells the client of it. Without a selected mailbox, nothing. If the
/// mailbox is gone, `farewell` is set. Other failures: the store's, the stream's.
Task<Result<void>> refresh(Connection& c, Sync sync, bool uid);

/// Leaves the selected mailbox, if there is one.
void unselect(Connection& c);
/// The same with the CLOSED code that tells where its responses end (RFC 9051 §7.1).
void close_selection(Connection& c);
/// Makes `mailbox` the selected one. `not_found`.
Task<Result<void>> select(Connection& c, MailboxId mailbox, bool read_only);

/// While it lives, and the connection is `idling`, changes of the account wake the stream.
[[nodiscard]] std::unique_ptr<store::Subscription> subscribe(Connection& c);

/// From now on MODSEQ is told (RFC 7162 §3.1): a command that enables it was given.
void note_condstore(Connection& c);

/// `CAPABILITY IMAP4rev1 ...` as it is now.
[[nodiscard]] std::string capability_code(const Connection& c);

}  // namespace postern::imapd
