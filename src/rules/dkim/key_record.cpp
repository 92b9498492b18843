#include "dkim/key_record.hpp"

#include <algorithm>

#include "dkim/tag_list.hpp"
#include "text/ascii.hpp"
#include "text/base64.hpp"
#include "vocab/try.hpp"

namespace postern::dkim {
namespace {

bool lists(const Tag& tag, std::initializer_list<std::string_view> words) {
  const auto is_listed = [&](std::string_view piece) {
    return std::ranges::any_of(words, [&](auto word) { return text::iequals(piece, word); });
  };
  return std::ranges::any_of(split_list(tag.value), is_listed);
}

Result<std::string> parse_key_octets(std::string_view value) {
  if (auto octets = text::from_folded_base64(value)) return *std::move(octets);
  auto letters = without_blanks(value);
  letters.resize(std::min(letters.find_last_not_of('=') + 1, letters.size()));
  while (letters.size() % 4 != 0) letters += '=';
  auto octets = text::from_base64(letters);
  if (!octets) return fail(Errc::bad_syntax, "p= is not base64");
  return *std::move(octets);
}

Flaw flaw(std::string reason) {
  return {.verdict = Verdict::permerror, .reason = std::move(reason)};
}

}  // namespace

Result<KeyRecord> parse_key_record(std::string_view text) {
  if (text.size() > kMaxKeyRecord) return fail(Errc::bad_syntax, "too long for a key record");
  POSTERN_TRY(const TagList tags, TagList::parse(text));
  const Tag* version = tags.find("v");
  if (version != nullptr && (version->value != "DKIM1" || version != tags.tags().data()))
    return fail(Errc::bad_syntax, "not v=DKIM1");
  const Tag* key = tags.find("p");
  if (key == nullptr) return fail(Errc::bad_syntax, "no p=");
  KeyRecord out;
  POSTERN_TRY(out.octets, parse_key_octets(key->value));
  if (const Tag* tag = tags.find("k")) out.kind = text::lower(tag->value);
  if (const Tag* tag = tags.find("h")) out.sha256 = lists(*tag, {"sha256"});
  if (const Tag* tag = tags.find("s")) {
    out.email = lists(*tag, {"*", "email"});
    out.tls_reports = lists(*tag, {"*", "tlsrpt"});
  }
  if (const Tag* tag = tags.find("t")) {
    out.testing = lists(*tag, {"y"});
    out.strict = lists(*tag, {"s"});
  }
  if (const Tag* tag = tags.find("n"))
    out.notes = from_quoted_printable(tag->value).value_or(std::string{tag->value});
  return out;
}

std::optional<Flaw> check_key(const KeyRecord& record, const Signature& signature) {
  if (record.revoked()) return flaw("the key is revoked");
  if (!record.email && !record.tls_reports) return flaw(std::string{kNotForEmail});
  const bool ed25519 = signature.algorithm == Algorithm::ed25519_sha256;
  if (record.kind != (ed25519 ? "ed25519" : "rsa")) return flaw("the key is of another kind");
  if (!record.sha256) return flaw("the key is not for sha256");
  if (record.strict && !signature.identity.ends_with("@" + signature.domain))
    return flaw("i= must be of the domain d= itself");
  return std::nullopt;
}

Result<crypto::PublicKey> public_key(const KeyRecord& record) {
  return crypto::PublicKey::of(record.key_kind(), record.octets);
}

std::string to_key_record(const crypto::PrivateKey& key) {
  const std::string kind = key.kind() == crypto::KeyKind::rsa ? "rsa" : "ed25519";
  return "v=DKIM1; k=" + kind + "; p=" + text::to_base64(key.public_octets());
}

}  // namespace postern::dkim
