#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "imap/fault.hpp"
#include "imap/fetch_item.hpp"
#include "imap/mailbox_name.hpp"
#include "imap/search_key.hpp"
#include "imap/sequence_set.hpp"
#include "imap/status_item.hpp"
#include "mime/date.hpp"
#include "vocab/secret.hpp"

// What a client may ask: IMAP4rev1 (RFC 3501 §6), IMAP4rev2 (RFC 9051 §6) and the extensions named
// at each. All values are owned. Mailbox names are UTF-8 (mailbox_name.hpp). Words that the
// protocol takes in any case are in capitals; flags are as `canonical_flag` gives them.
namespace postern::imap {

struct Capability {};
struct Noop {};
struct Logout {};
struct Check {};
struct Close {};
struct Unselect {};  ///< RFC 3691
struct StartTls {};
struct Namespace {};  ///< RFC 2342
/// RFC 2177: lasts until the line `is_done` accepts.
struct Idle {};

struct Login {
  std::string user;
  Secret<std::string> password;
};

struct Authenticate {
  std::string mechanism;
  /// SASL-IR (RFC 4959 §3), base64 taken off; `=` gives "".
  std::optional<Secret<std::string>> initial_response;
};

/// RFC 2971 §3.1. Values that are NIL are left out.
struct Id {
  std::vector<std::pair<std::string, std::string>> fields;
};

/// RFC 5161. In capitals; unknown ones are not an error (§3.1).
struct Enable {
  std::vector<std::string> capabilities;
};

/// SELECT and EXAMINE, with parameters (RFC 4466 §2.1).
struct Select {
  /// RFC 7162 §3.2.5.
  struct QResync {
    std::uint32_t uid_validity;
    std::uint64_t mod_seq;
    std::optional<SequenceSet> known_uids;
    /// Message numbers, and their UIDs.
    std::optional<std::pair<SequenceSet, SequenceSet>> seq_match;
  };
  std::string mailbox;
  bool read_only = false;  ///< EXAMINE
  bool condstore = false;  ///< RFC 7162 §3.1.8
  std::optional<QResync> qresync;
};

struct Create {
  std::string mailbox;
  /// USE (RFC 6154 §3): attributes as `canonical_special_use` gives them.
  std::vector<std::string> special_use;
};
struct Delete {
  std::string mailbox;
};
struct Rename {
  std::string from;
  std::string to;
};
struct Subscribe {
  std::string mailbox;
  bool subscribed;  ///< false: UNSUBSCRIBE
};

/// LIST, plain and extended (RFC 5258, RFC 9051 §6.3.9).
struct List {
  struct Selection {
    bool subscribed = false;
    bool remote = false;
    bool recursive_match = false;
    bool special_use = false;  ///< RFC 6154 §2
  };
  struct Return {
    bool subscribed = false;
    bool children = false;
    bool special_use = false;
    std::vector<StatusItem> status;  ///< LIST-STATUS (RFC 5819); empty: not asked
  };
  /// Selection or return options, or patterns in parentheses, were given, even if empty: replies
  /// then follow RFC 5258 §3 (for instance no special meaning of an empty pattern).
  bool extended = false;
  Selection select;
  Return returns;
  std::string reference;
  std::vector<std::string> patterns;
};
struct Lsub {
  std::string reference;
  std::string pattern;
};

struct StatusOf {
  std::string mailbox;
  std::vector<StatusItem> items;  ///< each once
};

/// One message of APPEND (RFC 9051 §6.3.12; several: RFC 3502).
struct AppendMessage {
  std::vector<std::string> flags;
  std::optional<mime::DateTime> date;
  std::uint64_t size = 0;
  bool literal8 = false;  ///< `~{n}` (RFC 3516 §4.4): NUL may be in it.
  bool utf8 = false;      ///< `UTF8 (~{n}` (RFC 6855 §4).
};
/// The octets are not here. At CommandReader's `message_literal` the last of `messages` is the one
/// about to come; when the command is complete all have come.
struct Append {
  std::string mailbox;
  std::vector<AppendMessage> messages;
};

struct Expunge {
  /// UID EXPUNGE (RFC 4315 §2.1).
  std::optional<SequenceSet> uids;
};

struct Fetch {
  bool uid = false;  ///< `set` holds UIDs, and every reply names the UID.
  SequenceSet set;
  std::vector<FetchItem> items;                ///< macros expanded, plain items once
  std::optional<std::uint64_t> changed_since;  ///< RFC 7162 §3.1.4.1; 0 is taken, clients send it
  bool vanished = false;                       ///< RFC 7162 §3.2.6
};

struct Store {
  enum class How : std::uint8_t { replace, add, remove };
  bool uid = false;
  SequenceSet set;
  How how = How::replace;
  bool silent = false;
  std::vector<std::string> flags;                ///< without \Recent, which no one can change
  std::optional<std::uint64_t> unchanged_since;  ///< RFC 7162 §3.1.3
};

/// COPY and MOVE (RFC 6851).
struct Copy {
  bool uid = false;
  bool move = false;
  SequenceSet set;
  std::string mailbox;
};

struct Search {
  /// RETURN (RFC 9051 §6.4.4, RFC 4731).
  struct Return {
    bool min = false;
    bool max = false;
    bool all = false;
    bool count = false;
    bool save = false;  ///< RFC 5182
  };
  bool uid = false;
  /// Given at all: the reply is ESEARCH. `RETURN ()` is `RETURN (ALL)`.
  std::optional<Return> returns;
  SearchKey key;
};

using Command =
    std::variant<Capability, Noop, Logout, Check, Close, Unselect, StartTls, Namespace, Idle, Login,
                 Authenticate, Id, Enable, Select, Create, Delete, Rename, Subscribe, List, Lsub,
                 StatusOf, Append, Expunge, Fetch, Store, Copy, Search>;

struct Request {
  std::string tag;
  Command command;
};

/// Parses one assembled command (CommandReader::text(), without the CRLF that ends it). Linear;
/// nesting of SEARCH is bounded. `form`: how the client writes mailbox names now.
[[nodiscard]] std::expected<Request, Refusal> parse_command(std::string_view text, NameForm form);

/// The tag at the front of a command line, for an answer to what cannot be parsed; "*" if there is
/// none (RFC 9051 §9 "tag"; longer than 256 octets counts as none).
[[nodiscard]] std::string tag_of(std::string_view text);

/// Whether `line` ends an IDLE (RFC 2177 §3): DONE in any case, spaces around it.
[[nodiscard]] bool is_done(std::string_view line);

/// System flags and `\` words as the RFCs spell them (`\seen` gives `\Seen`); keywords unchanged.
[[nodiscard]] std::string canonical_flag(std::string_view flag);

}  // namespace postern::imap
