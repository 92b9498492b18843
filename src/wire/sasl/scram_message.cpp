#include "sasl/scram_message.hpp"

#include <algorithm>

#include "text/ascii.hpp"
#include "text/base64.hpp"
#include "text/utf8.hpp"
#include "vocab/try.hpp"

namespace postern::sasl {
namespace {

constexpr std::string_view kBadEncoding = "invalid-encoding";

std::unexpected<Error> bad(std::string_view error_name) {
  return fail(Errc::bad_syntax, std::string{error_name});
}

Result<void> check_message(std::string_view message) {
  if (message.size() > kMaxScramMessage || message.contains('\0') || !text::is_utf8(message)) {
    return bad(kBadEncoding);
  }
  return {};
}

// The text up to the next comma, which is taken too; nothing when there is no comma.
std::optional<std::string_view> take_field(std::string_view& rest) {
  const std::size_t comma = rest.find(',');
  if (comma == rest.npos) return std::nullopt;
  const std::string_view field = rest.substr(0, comma);
  rest.remove_prefix(comma + 1);
  return field;
}

// The attributes of a message in their fixed order, then extensions.
class Attributes {
 public:
  explicit Attributes(std::string_view rest) : rest_{rest} {}

  // The value of the next attribute, which must be `letter`.
  Result<std::string_view> take(char letter) {
    const std::string_view attribute = next();
    if (attribute.size() < 2 || attribute[1] != '=') return bad(kBadEncoding);
    if (attribute[0] == 'm') return bad("extensions-not-supported");
    if (attribute[0] != letter) return bad(kBadEncoding);
    return attribute.substr(2);
  }

  // Whatever is left must be extensions: well-formed, unknown and therefore ignored.
  Result<void> finish() {
    while (!done_) {
      const std::string_view attribute = next();
      const bool well_formed =
          attribute.size() > 2 && text::is_alpha(attribute[0]) && attribute[1] == '=';
      if (!well_formed) return bad(kBadEncoding);
      if (attribute[0] == 'm') return bad("extensions-not-supported");
    }
    return {};
  }

 private:
  std::string_view next() {
    if (const auto field = take_field(rest_)) return *field;
    done_ = true;
    return std::exchange(rest_, {});
  }

  std::string_view rest_;
  bool done_ = false;
};

Result<std::string> decode(std::string_view value, std::string_view error_name) {
  auto data = text::from_base64(value);
  if (!data || data->empty()) return bad(error_name);
  return *std::move(data);
}

Result<std::string_view> take_nonce(Attributes& attributes) {
  POSTERN_TRY(const std::string_view nonce, attributes.take('r'));
  if (!is_scram_nonce(nonce)) return bad(kBadEncoding);
  return nonce;
}

Result<void> parse_binding_flag(std::string_view field, ClientFirst& first) {
  if (field == "n") {
    first.flag = BindingFlag::not_supported;
  } else if (field == "y") {
    first.flag = BindingFlag::server_does_not;
  } else if (field.size() > 2 && field.starts_with("p=")) {
    first.flag = BindingFlag::used;
    first.binding_type = field.substr(2);
  } else {
    return bad(kBadEncoding);
  }
  return {};
}

}  // namespace

Result<ClientFirst> parse_client_first(std::string_view message) {
  POSTERN_CHECK(check_message(message));
  ClientFirst first;
  std::string_view rest = message;
  const auto flag = take_field(rest);
  const auto authzid = take_field(rest);
  if (!flag || !authzid) return bad(kBadEncoding);
  POSTERN_CHECK(parse_binding_flag(*flag, first));
  if (!authzid->empty()) {
    auto name = unescape_scram_name(authzid->substr(std::min<std::size_t>(2, authzid->size())));
    if (!authzid->starts_with("a=") || !name) return bad("invalid-username-encoding");
    first.authzid = *std::move(name);
  }
  first.bare = rest;
  first.gs2_header = message.substr(0, message.size() - rest.size());
  Attributes attributes{rest};
  POSTERN_TRY(const std::string_view user, attributes.take('n'));
  auto name = unescape_scram_name(user);
  if (!name) return bad("invalid-username-encoding");
  first.user = *std::move(name);
  POSTERN_TRY(first.nonce, take_nonce(attributes));
  POSTERN_CHECK(attributes.finish());
  return first;
}

Result<ServerFirst> parse_server_first(std::string_view message) {
  POSTERN_CHECK(check_message(message));
  ServerFirst first;
  Attributes attributes{message};
  POSTERN_TRY(first.nonce, take_nonce(attributes));
  POSTERN_TRY(const std::string_view salt, attributes.take('s'));
  POSTERN_TRY(first.salt, decode(salt, kBadEncoding));
  POSTERN_TRY(const std::string_view count, attributes.take('i'));
  const auto iterations = text::parse_number<std::uint32_t>(count);
  if (!iterations || count.starts_with('0')) return bad(kBadEncoding);
  first.iterations = *iterations;
  POSTERN_CHECK(attributes.finish());
  return first;
}

Result<ClientFinal> parse_client_final(std::string_view message) {
  POSTERN_CHECK(check_message(message));
  const std::size_t comma = message.rfind(',');
  if (comma == message.npos) return bad(kBadEncoding);
  ClientFinal final;
  final.without_proof = message.substr(0, comma);
  Attributes proof_only{message.substr(comma + 1)};
  POSTERN_TRY(const std::string_view proof, proof_only.take('p'));
  POSTERN_TRY(final.proof, decode(proof, "invalid-proof"));
  Attributes attributes{final.without_proof};
  POSTERN_TRY(const std::string_view binding, attributes.take('c'));
  POSTERN_TRY(final.channel_binding, decode(binding, kBadEncoding));
  POSTERN_TRY(final.nonce, take_nonce(attributes));
  POSTERN_CHECK(attributes.finish());
  return final;
}

Result<ServerFinal> parse_server_final(std::string_view message) {
  POSTERN_CHECK(check_message(message));
  ServerFinal final;
  const bool is_error = message.starts_with("e=");
  Attributes attributes{message};
  POSTERN_TRY(const std::string_view value, attributes.take(is_error ? 'e' : 'v'));
  if (is_error) {
    if (value.empty()) return bad(kBadEncoding);
    final.error = value;
  } else {
    POSTERN_TRY(final.verifier, decode(value, kBadEncoding));
  }
  POSTERN_CHECK(attributes.finish());
  return final;
}

std::string escape_scram_name(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c == ',') {
      out += "=2C";
    } else if (c == '=') {
      out += "=3D";
    } else {
      out += c;
    }
  }
  return out;
}

std::optional<std::string> unescape_scram_name(std::string_view escaped) {
  std::string out;
  while (!escaped.empty()) {
    if (escaped.front() != '=') {
      out += escaped.front();
      escaped.remove_prefix(1);
      continue;
    }
    const std::string_view code = escaped.substr(0, 3);
    if (code != "=2C" && code != "=3D") return std::nullopt;
    out += code == "=2C" ? ',' : '=';
    escaped.remove_prefix(code.size());
  }
  if (out.empty()) return std::nullopt;
  return out;
}

bool is_scram_nonce(std::string_view nonce) {
  return !nonce.empty() &&
         std::ranges::all_of(nonce, [](char c) { return c > ' ' && c < 0x7f && c != ','; });
}

std::string make_scram_nonce(std::string_view random_bytes) {
  return text::to_base64(random_bytes);
}

}  // namespace postern::sasl
