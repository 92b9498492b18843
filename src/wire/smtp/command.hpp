#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "smtp/envelope.hpp"
#include "vocab/secret.hpp"

// The commands of a client, RFC 5321 §4.1.1 and its extensions, read into values of their own.
namespace postern::smtp {

enum class HelloKind : std::uint8_t { helo, ehlo, lhlo };

/// Real clients say anything here, and a mismatch is for policy to judge: only controls, emptiness
/// and more than 255 octets are refused.
struct Hello {
  HelloKind kind = HelloKind::ehlo;
  std::string name;                   ///< As written; any printable or 8-bit octets.
  std::optional<Domain> domain = {};  ///< What `name` is, if it is a domain or address literal.
};
struct Data {};
/// BDAT (RFC 3030 §2).
struct Bdat {
  std::uint64_t size = 0;  ///< Octets that follow the command.
  bool last = false;
};
struct Rset {};
struct Noop {};
struct Quit {};
struct Vrfy {
  std::string what;
  bool smtputf8 = false;  ///< RFC 6531 §3.7.4.2
};
struct Expn {
  std::string what;
  bool smtputf8 = false;
};
struct Help {
  std::string about;
};
struct StartTls {};
/// AUTH (RFC 2554 §4).
struct Auth {
  std::string mechanism;                            ///< Upper case.
  std::optional<Secret<std::string>> initial = {};  ///< Base64 as sent; "=" became empty.
};
struct Etrn {
  std::string node;
};
/// To be answered 500 5.5.2.
struct UnknownCommand {
  std::string verb;      ///< At most 32 octets, printable ASCII.
  bool foreign = false;  ///< Another protocol (HTTP, TLS): better hang up than answer line by line.
};
/// A known command that is broken: the reply to give. 521 asks to hang up after it.
struct RefusedCommand {
  Reply reply;
};

using Command = std::variant<Hello, Mail, Rcpt, Data, Bdat, Rset, Noop, Quit, Vrfy, Expn, Help,
                             StartTls, Auth, Etrn, UnknownCommand, RefusedCommand>;

/// Reads one command line without its CRLF. Verbs and keywords ignore case (RFC 5321 §2.4); white
/// space at the end is ignored (§4.1.1). A line with CR, LF or NUL inside is refused: it is how
/// mail is smuggled (§2.3.8). A broken BDAT gets 521: how much of what follows is data is not
/// known. The result owns all it holds.
[[nodiscard]] Command parse_command(std::string_view line, const CommandRules& rules);

}  // namespace postern::smtp
