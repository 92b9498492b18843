#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "dns/name.hpp"

// The Author Domain of a message: RFC 9989 §5.3.1.
namespace postern::dmarc {

/// The one domain that all authors share.
struct Author {
  dns::Name domain;           ///< In A-labels.
  std::size_t mailboxes = 1;  ///< How many authors of this domain there are.
};

/// Why a message has no Author Domain. Each is refused: what a reader is shown could be chosen
/// freely otherwise (RFC 9989 §11.5).
struct NoAuthor {
  enum class Kind : std::uint8_t {
    no_field,         ///< No From field.
    several_fields,   ///< Two or more.
    no_mailbox,       ///< Nothing in it is an address with a domain (empty, `<>`, an empty group).
    bad_domain,       ///< An address literal, or what is no domain name.
    several_domains,  ///< Mailboxes of different domains.
    too_many,         ///< More than kMaxAuthors mailboxes.
  };
  Kind kind = Kind::no_field;
  std::uint16_t reply = 554;            ///< With `enhanced`, what to refuse the message with.
  std::string_view enhanced = "5.6.0";  ///< Views a literal.
  std::string text;                     ///< One line of ASCII for people.
};

inline constexpr std::size_t kMaxAuthors = 100;

/// Reads the values of all From fields of a message (`mime::Field::value`, folded or not).
/// Groups, comments, routes and UTF-8 are understood (RFC 5322 §3.4, §4.4, RFC 6532 §3.2);
/// mailboxes without a domain are passed over where others have one (`From: Doe, Ann
/// <ann@example.com>`, which is unquoted and common). U-labels become A-labels. Linear.
[[nodiscard]] std::variant<Author, NoAuthor> author_of(std::span<const std::string_view> values);

}  // namespace postern::dmarc
