#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "text/ip.hpp"
#include "vocab/result.hpp"
#include "vocab/time.hpp"

// The macros of SPF records and explanations: RFC 7208 §7.
namespace postern::spf {

enum class MacroUse : std::uint8_t {
  domain,       ///< A domain-spec: must end in a domain name or a macro; no c, r, t.
  explanation,  ///< The text that `exp=` leads to: may hold spaces, c, r, t.
  ignored,      ///< An unknown modifier: only its syntax counts.
};

/// A macro string, read once.
class MacroString {
 public:
  /// A piece: literal text, or a macro.
  struct Token {
    std::string literal = {};     ///< When `letter` is 0.
    char letter = 0;              ///< Lower case: s l o d i p h c r v t.
    bool url_escape = false;      ///< It was written in upper case.
    bool reverse = false;         ///< `r`
    unsigned keep = 0;            ///< So many parts from the right; 0: all.
    std::string delimiters = {};  ///< What separates parts; none: dots.
  };

  /// Error `bad_syntax`, with what is wrong as detail. Linear.
  [[nodiscard]] static Result<MacroString> parse(std::string_view text, MacroUse use);

  [[nodiscard]] const std::vector<Token>& tokens() const { return tokens_; }
  [[nodiscard]] bool uses(char letter) const;

 private:
  std::vector<Token> tokens_;
};

/// What macros stand for. Views are borrowed for the call.
struct MacroValues {
  std::string_view local_part;     ///< Of the sender.
  std::string_view sender_domain;  ///< Of the sender: `o`.
  std::string_view domain;         ///< The domain whose record is looked at: `d`.
  text::IpAddress ip;
  std::string_view validated;  ///< `p`: the name of `ip`, or "unknown".
  std::string_view helo;
  std::string_view receiver;  ///< `r`
  Timestamp now;              ///< `t`
};

/// Expanded text; at most `kMaxExpansion` octets, the rest is dropped.
[[nodiscard]] std::string expand(const MacroString& text, const MacroValues& values);

inline constexpr std::size_t kMaxExpansion = 4096;

/// `name` cut from the left, label by label, to the 253 octets of a domain name (RFC 7208 §7.3).
[[nodiscard]] std::string_view shortened(std::string_view name);

}  // namespace postern::spf
