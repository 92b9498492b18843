#include "dkim/sign.hpp"

#include <algorithm>
#include <chrono>

#include "crypto/hash.hpp"
#include "dkim/verify.hpp"
#include "text/ascii.hpp"
#include "text/base64.hpp"
#include "vocab/try.hpp"

namespace postern::dkim {
namespace {

constexpr std::size_t kMaxLine = 78;
constexpr std::string_view kFold = "\r\n\t";

std::int64_t seconds(Timestamp time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

/// An oversigned From does not depend on what the caller's lists say.
std::vector<std::string> with_from(std::vector<std::string> names, const Message& message) {
  if (std::ranges::find(names, "from") != names.end()) return names;
  names.insert(names.begin(), message.named("from").size() + 1, "from");
  return names;
}

}  // namespace

FieldWriter::FieldWriter(std::string_view name) : out_{name}, column_{name.size() + 1} {
  out_ += ':';
}

void FieldWriter::put(std::string_view piece) {
  out_ += piece;
  column_ += piece.size();
}

void FieldWriter::separate() {
  if (!first_) put(";");
  first_ = false;
}

FieldWriter& FieldWriter::tag(std::string_view name, std::string_view value) {
  separate();
  // One for the blank, one for `=`, one for the `;` behind it.
  const bool fits = column_ + name.size() + value.size() + 3 <= kMaxLine;
  if (!fits) {
    out_ += kFold;
    column_ = 1;
  } else {
    put(" ");
  }
  put(name);
  put("=");
  put(value);
  return *this;
}

FieldWriter& FieldWriter::list(std::string_view name, const std::vector<std::string>& words) {
  tag(name, words.empty() ? "" : words.front());
  for (std::size_t i = 1; i < words.size(); ++i) {
    put(":");
    if (column_ + words.at(i).size() + 1 > kMaxLine) {
      out_ += kFold;
      column_ = 1;
    }
    put(words.at(i));
  }
  return *this;
}

FieldWriter& FieldWriter::base64(std::string_view name, std::string_view octets) {
  tag(name, "");
  return base64_value(octets);
}

FieldWriter& FieldWriter::open_signature() {
  return tag("b", "");
}

FieldWriter& FieldWriter::base64_value(std::string_view octets) {
  const std::string letters = text::to_base64(octets);
  std::string_view rest = letters;
  while (!rest.empty()) {
    if (column_ + 1 >= kMaxLine) {
      out_ += kFold;
      column_ = 1;
    }
    const auto piece = rest.substr(0, kMaxLine - column_ - 1);
    put(piece);
    rest.remove_prefix(piece.size());
  }
  return *this;
}

Algorithm algorithm_of(const crypto::PrivateKey& key) {
  return key.kind() == crypto::KeyKind::rsa ? Algorithm::rsa_sha256 : Algorithm::ed25519_sha256;
}

std::vector<std::string> names_to_sign(const Message& message, const SignedFields& fields) {
  std::vector<std::string> out;
  for (const auto& name : fields.oversigned)
    out.insert(out.end(), message.named(name).size() + 1, name);
  for (const auto& name : fields.signed_if_there)
    out.insert(out.end(), message.named(name).size(), name);
  return out;
}

Result<void> check_signer(const Signer& signer) {
  const bool ascii = text::is_ascii(signer.domain) && text::is_ascii(signer.selector);
  if (!ascii || !is_signing_domain(signer.domain) || !key_name(signer.selector, signer.domain))
    return fail(Errc::bad_config, "no domain or selector to sign with");
  return {};
}

Result<std::string> close_signature(FieldWriter field, std::string_view hashed,
                                    const crypto::PrivateKey& key) {
  POSTERN_TRY(const std::string signature, key.sign(crypto::sha256(hashed)));
  return field.base64_value(signature).text() + "\r\n";
}

Result<std::string> sign(const Message& message, const Signer& signer, Timestamp now,
                         const SignSettings& settings) {
  POSTERN_CHECK(check_signer(signer));
  if (message.header_too_large || message.named("from").empty())
    return fail(Errc::bad_syntax, "no From field to sign");
  const BodyHash* body = message.body(kSignedBody);
  if (body == nullptr) return fail(Errc::bad_sequence, "the body was not hashed for signing");

  const auto names = with_from(names_to_sign(message, settings.fields), message);
  FieldWriter field{"DKIM-Signature"};
  field.tag("v", "1").tag("a", to_string(algorithm_of(signer.key))).tag("c", "relaxed/relaxed");
  field.tag("d", signer.domain).tag("s", signer.selector);
  field.tag("t", std::to_string(seconds(now)));
  if (settings.lifetime) field.tag("x", std::to_string(seconds(now + *settings.lifetime)));
  field.list("h", names).base64("bh", crypto::view(body->digest)).open_signature();

  std::string hashed;
  append_selected(hashed, message, names, Canon::relaxed);
  append_field(hashed, field.text(), Canon::relaxed);
  hashed.resize(hashed.size() - 2);  // its CRLF is not signed
  return close_signature(std::move(field), hashed, signer.key);
}

}  // namespace postern::dkim
