#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spf/macro.hpp"
#include "text/ip.hpp"
#include "vocab/result.hpp"

// What an SPF record says, before anything is asked: RFC 7208 §4.5, §4.6, §5, §6, §12.
namespace postern::spf {

/// RFC 7208 §2.6, RFC 8601 §2.7.2.
enum class Outcome : std::uint8_t { none, neutral, pass, fail, softfail, temperror, permerror };
/// "pass", as RFC 8601 spells it.
[[nodiscard]] std::string_view to_string(Outcome outcome);
[[nodiscard]] std::optional<Outcome> parse_outcome(std::string_view word);

/// A mechanism with its qualifier: RFC 7208 §5.
struct Directive {
  enum class Kind : std::uint8_t { all, include, a, mx, ptr, ip4, ip6, exists };
  Kind kind = Kind::all;
  Outcome qualifier = Outcome::pass;  ///< What a match means.
  std::optional<MacroString> domain = {};
  unsigned prefix4 = 32;  ///< Of a, mx, ip4.
  unsigned prefix6 = 128;
  text::IpAddress net = {};  ///< Of ip4 and ip6.
  std::string text = {};     ///< As written, for people; printable ASCII.

  /// Whether evaluating it counts against the limit of look-ups (RFC 7208 §4.6.4).
  [[nodiscard]] bool asks() const {
    return kind != Kind::all && kind != Kind::ip4 && kind != Kind::ip6;
  }
};

struct Record {
  std::vector<Directive> directives;
  std::optional<MacroString> redirect = {};  ///< RFC 7208 §6.1.
  std::optional<MacroString> exp = {};       ///< RFC 7208 §6.2.
  std::string redirect_text = {};            ///< As written.
};

/// Whether a TXT record claims to be an SPF record of version 1 (RFC 7208 §4.5).
[[nodiscard]] bool is_spf(std::string_view txt);

/// Reads a record for which `is_spf` holds. Linear; a DNS record bounds its size. Error
/// `bad_syntax`, with the term and what is wrong with it: the whole record is void then, even where
/// an earlier term would match (RFC 7208 §4.6).
[[nodiscard]] Result<Record> parse_record(std::string_view txt);

}  // namespace postern::spf
