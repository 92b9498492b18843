#include <algorithm>
#include <utility>

#include "authres/authres.hpp"
#include "mime/lexer.hpp"
#include "text/ascii.hpp"
#include "vocab/try.hpp"

namespace postern::authres {
namespace {

using mime::Lexer;

constexpr std::uint32_t kMaxInstance = 50;  ///< RFC 8617 §4.2.1.

/// Where a value can begin: a quoted string, perhaps followed by an address's domain, or a run up
/// to a blank, comment or semicolon.
std::string take_value(Lexer& in) {
  in.skip_cfws();
  if (in.peek() != '"') return std::string{in.run(";(")};
  std::string out = in.quoted();
  if (in.peek() == '@') out += in.run(";(");
  return out;
}

/// Passes whatever stands before the next semicolon, and it.
void next_statement(Lexer& in) {
  while (!in.done() && in.peek() != ';') {
    in.skip_cfws();
    if (in.peek() == '"') {
      (void)in.quoted();
    } else if (in.peek() != ';' && !in.done()) {
      in.advance();
    }
  }
  if (!in.done()) in.advance();
}

/// `/ version`, if it stands there.
std::uint32_t take_method_version(Lexer& in) {
  in.skip_cfws();
  if (in.peek() != '/') return 1;
  in.advance();
  in.skip_cfws();
  return text::parse_number<std::uint32_t>(in.run("=;(")).value_or(0);
}

/// What follows a result: reason and properties in any order, and whatever else there is.
void take_detail(Lexer& in, Statement& to, std::string_view word) {
  in.skip_cfws(&to.comment);
  if (in.peek() == '.') {
    in.advance();
    in.skip_cfws();
    const std::string name{in.run("=;(\"")};
    in.skip_cfws();
    if (in.peek() != '=') return;
    in.advance();
    std::string value = take_value(in);
    if (!name.empty() && to.properties.size() < kMaxProperties)
      to.properties.push_back({std::string{word}, name, std::move(value)});
  } else if (in.peek() == '=') {
    in.advance();
    std::string value = take_value(in);
    if (text::iequals(word, "reason")) to.reason = std::move(value);
  }
}

/// One statement, up to its semicolon. Nothing: there is no `method=result`.
std::optional<Statement> take_statement(Lexer& in) {
  Statement out;
  in.skip_cfws();
  out.method = in.run("=/;(\"");
  out.version = take_method_version(in);
  in.skip_cfws();
  if (out.method.empty() || in.peek() != '=') return std::nullopt;
  in.advance();
  in.skip_cfws();
  out.result = in.run(";(=\"");
  if (out.result.empty()) return std::nullopt;
  while (true) {
    in.skip_cfws(&out.comment);
    if (in.done() || in.peek() == ';') return out;
    const auto word = in.run(".=;(\"");
    if (!word.empty()) {
      take_detail(in, out, word);
    } else if (in.peek() == '"') {
      (void)in.quoted();
    } else {
      in.advance();
    }
  }
}

/// The id and its version. Leaves `in` where it was when a statement stands there instead.
void take_id(Lexer& in, AuthenticationResults& to) {
  const Lexer start = in;
  to.authserv_id = in.peek() == '"' ? in.quoted() : std::string{in.run(";=(\"")};
  in.skip_cfws();
  if (in.peek() == '=') {
    to.authserv_id.clear();
    in = start;
    return;
  }
  if (const auto version = text::parse_number<std::uint32_t>(in.run(";("))) to.version = *version;
  next_statement(in);
}

Result<AuthenticationResults> parse_from(Lexer in, std::optional<std::uint32_t> instance) {
  AuthenticationResults out{.authserv_id = {}, .instance = instance};
  in.skip_cfws();
  if (in.done()) return fail(Errc::bad_syntax, "an empty Authentication-Results field");
  take_id(in, out);
  if (out.version != 1) return out;
  while (!in.done() && out.statements.size() < kMaxStatements) {
    if (auto statement = take_statement(in)) out.statements.push_back(*std::move(statement));
    next_statement(in);
  }
  return out;
}

}  // namespace

std::optional<std::string_view> Statement::property(std::string_view of_type,
                                                    std::string_view of_name) const {
  const auto it = std::ranges::find_if(properties, [&](const Property& held) {
    return text::iequals(held.type, of_type) && text::iequals(held.name, of_name);
  });
  if (it == properties.end()) return std::nullopt;
  return it->value;
}

Result<AuthenticationResults> parse(std::string_view value) {
  return parse_from(Lexer{value}, std::nullopt);
}

Result<AuthenticationResults> parse_arc(std::string_view value) {
  Lexer in{value};
  in.skip_cfws();
  const bool named = text::iequals(in.run("=;("), "i");
  in.skip_cfws();
  if (!named || in.peek() != '=') return fail(Errc::bad_syntax, "no instance");
  in.advance();
  in.skip_cfws();
  const auto instance = text::parse_number<std::uint32_t>(in.run(";("));
  in.skip_cfws();
  if (!instance || *instance == 0 || *instance > kMaxInstance || in.peek() != ';')
    return fail(Errc::bad_syntax, "no instance of 1 to 50");
  in.advance();
  return parse_from(in, instance);
}

}  // namespace postern::authres
