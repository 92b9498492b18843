#include "dkim/signature.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "text/ascii.hpp"
#include "text/base64.hpp"
#include "vocab/try.hpp"

namespace postern::dkim {
namespace {

constexpr std::size_t kStartChars = 12;
constexpr std::size_t kMaxSecondsDigits = 12;
constexpr std::size_t kMaxLengthDigits = 76;
constexpr std::uint64_t kInfinite = std::numeric_limits<std::uint64_t>::max();

bool all_digits(std::string_view value) {
  return !value.empty() && std::ranges::all_of(value, text::is_digit);
}

/// Reads one tag after the other; the first that is wrong is the signature's flaw.
class Reader {
 public:
  Reader(const TagList& tags, SignatureKind kind) : tags_{tags}, kind_{kind} {}

  Signature read() {
    // What identifies a signature in a report comes first, so that flaws do not hide it.
    read_source();
    read_b();
    read_algorithm();
    out_.identity = "@" + out_.domain;
    if (kind_ == SignatureKind::dkim) {
      read_version();
      read_identity();
    }
    read_canon();
    read_body_hash();
    read_length();
    read_fields();
    read_query();
    read_times();
    return std::move(out_);
  }

 private:
  void flaw(std::string reason) {
    if (!out_.flaw) out_.flaw = Flaw{.reason = std::move(reason)};
  }

  const Tag* required(std::string_view name) {
    const Tag* tag = tags_.find(name);
    if (tag == nullptr) flaw(std::string{name} + "= is missing");
    return tag;
  }

  void read_source() {
    const Tag* domain = required("d");
    const Tag* selector = required("s");
    if (domain != nullptr) out_.domain = text::lower(domain->value);
    if (selector != nullptr) out_.selector = selector->value;
    if (domain == nullptr || selector == nullptr) return;
    if (!is_signing_domain(domain->value)) return flaw("d= is no domain");
    const auto name = dns::Name::parse(domain->value);
    if (!name) return flaw("d= is no domain");
    out_.domain = name->to_string();
    auto key = key_name(selector->value, *name);
    if (!key) return flaw("s= is no selector");
    out_.key = *std::move(key);
  }

  void read_b() {
    const Tag* tag = required("b");
    if (tag == nullptr) return;
    out_.b_begin = tag->begin;
    out_.b_end = tag->end;
    auto octets = text::from_folded_base64(tag->value);
    if (!octets || octets->empty()) return flaw("b= is not base64");
    out_.signature = *std::move(octets);
    // Blanks among the first characters are rare, many of them rarer.
    out_.start = without_blanks(tag->value.substr(0, 2 * kStartChars)).substr(0, kStartChars);
    if (out_.start.size() < kStartChars)
      out_.start = without_blanks(tag->value).substr(0, kStartChars);
  }

  void read_algorithm() {
    const Tag* tag = required("a");
    if (tag == nullptr) return;
    out_.algorithm_word = tag->value;
    const auto algorithm = parse_algorithm(tag->value);
    if (!algorithm) return flaw("a= is not a known algorithm");
    out_.algorithm = *algorithm;
    if (*algorithm == Algorithm::rsa_sha1) unsafe_ = true;
  }

  void read_version() {
    const Tag* tag = required("v");
    if (tag != nullptr && tag->value != "1") flaw("v= is not 1");
  }

  void read_identity() {
    const Tag* tag = tags_.find("i");
    if (tag == nullptr) return;
    auto decoded = from_quoted_printable(tag->value);
    const auto at = decoded ? decoded->rfind('@') : std::string::npos;
    if (at == std::string::npos) return flaw("i= is no identity");
    const auto inner = dns::Name::parse(decoded->substr(at + 1));
    const auto outer = dns::Name::parse(out_.domain);
    if (!inner || !outer || !inner->is_within(*outer)) return flaw("i= is not within d=");
    out_.identity = decoded->substr(0, at + 1) + inner->to_string();
  }

  void read_canon() {
    const Tag* tag = tags_.find("c");
    if (tag == nullptr) {
      // RFC-DEVIATION: RFC 8617 §4.1.2 takes over the default of DKIM, simple/simple. What seals
      // without c= uses what ARC's drafts had, and so does the suite that validators are held to.
      if (kind_ == SignatureKind::arc) out_.header = out_.body.canon = Canon::relaxed;
      return;
    }
    const auto slash = tag->value.find('/');
    const auto header = canon(tag->value.substr(0, slash));
    const auto body =
        slash == std::string_view::npos ? Canon::simple : canon(tag->value.substr(slash + 1));
    if (!header || !body) return flaw("c= is not a known canonicalization");
    out_.header = *header;
    out_.body.canon = *body;
  }

  static std::optional<Canon> canon(std::string_view word) {
    if (text::iequals(word, "simple")) return Canon::simple;
    if (text::iequals(word, "relaxed")) return Canon::relaxed;
    return std::nullopt;
  }

  void read_body_hash() {
    const Tag* tag = required("bh");
    if (tag == nullptr) return;
    auto octets = parse_base64(tag->value);
    if (!octets) return flaw("bh= is not base64");
    out_.body_hash = *std::move(octets);
  }

  void read_length() {
    const Tag* tag = tags_.find("l");
    if (tag == nullptr) return;
    if (!all_digits(tag->value) || tag->value.size() > kMaxLengthDigits)
      return flaw("l= is no number");
    out_.body.length = text::parse_number<std::uint64_t>(tag->value).value_or(kInfinite);
  }

  void read_fields() {
    const Tag* tag = required("h");
    if (tag == nullptr) return;
    out_.fields = FieldNames{tag->value};
    if (out_.fields.empty()) flaw("h= is empty");
  }

  void read_query() {
    const Tag* tag = tags_.find("q");
    if (tag == nullptr) return;
    const auto methods = split_list(tag->value);
    const auto is_dns = [](std::string_view word) { return text::iequals(word, "dns/txt"); };
    if (std::ranges::none_of(methods, is_dns)) flaw("q= has no known query method");
  }

  void read_times() {
    const Tag* signed_at = tags_.find("t");
    const Tag* expires = tags_.find("x");
    if (signed_at != nullptr) out_.signed_at = parse_seconds(signed_at->value);
    if (expires != nullptr) out_.expires = parse_seconds(expires->value);
    if (signed_at != nullptr && !out_.signed_at) flaw("t= is no time");
    if (expires != nullptr && !out_.expires) flaw("x= is no time");
    if (out_.signed_at && out_.expires && *out_.expires <= *out_.signed_at)
      flaw("x= is not after t=");
    if (unsafe_) flaw("rsa-sha1 is not accepted");
  }

  const TagList& tags_;
  SignatureKind kind_;
  Signature out_;
  bool unsafe_ = false;
};

bool is_domain_char(char c) {
  return text::is_alnum(c) || c == '-' || c == '_' || c == '.' || text::is_8bit(c);
}

}  // namespace

std::string_view to_string(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::rsa_sha256:     return "rsa-sha256";
    case Algorithm::ed25519_sha256: return "ed25519-sha256";
    case Algorithm::rsa_sha1:       return "rsa-sha1";
  }
  return "rsa-sha256";
}

std::optional<Algorithm> parse_algorithm(std::string_view word) {
  for (const auto algorithm :
       {Algorithm::rsa_sha256, Algorithm::ed25519_sha256, Algorithm::rsa_sha1}) {
    if (text::iequals(word, to_string(algorithm))) return algorithm;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> parse_seconds(std::string_view value) {
  if (!all_digits(value)) return std::nullopt;
  if (value.size() > kMaxSecondsDigits) return kInfinite;
  return text::parse_number<std::uint64_t>(value);
}

std::optional<std::string> parse_base64(std::string_view value) {
  if (value.empty()) return std::nullopt;
  return text::from_folded_base64(value);
}

bool is_signing_domain(std::string_view domain) {
  return domain.contains('.') && !domain.ends_with('.') &&
         std::ranges::all_of(domain, is_domain_char);
}

Result<dns::Name> key_name(std::string_view selector, std::string_view domain) {
  POSTERN_TRY(const auto name, dns::Name::parse(domain));
  return key_name(selector, name);
}

Result<dns::Name> key_name(std::string_view selector, const dns::Name& domain) {
  if (!std::ranges::all_of(selector, is_domain_char) || selector.empty() || selector.ends_with('.'))
    return fail(Errc::bad_syntax, "no selector");
  std::string prefix{selector};
  prefix += "._domainkey";
  return domain.below(prefix);
}

Signature parse_signature(std::string_view value, SignatureKind kind) {
  const auto tags = TagList::parse(value);
  if (tags) return read_signature(*tags, kind);
  Signature out;
  out.flaw = Flaw{.verdict = Verdict::permerror, .reason = "malformed: " + tags.error().detail};
  return out;
}

Signature read_signature(const TagList& tags, SignatureKind kind) {
  return Reader{tags, kind}.read();
}

std::optional<Flaw> check_times(const Signature& signature, std::int64_t now_seconds,
                                std::int64_t skew_seconds) {
  const auto after = [](std::int64_t seconds) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(seconds, 0));
  };
  if (signature.expires && *signature.expires < after(now_seconds - skew_seconds))
    return Flaw{.verdict = Verdict::permerror, .reason = "the signature has expired"};
  if (signature.signed_at && *signature.signed_at > after(now_seconds + skew_seconds))
    return Flaw{.verdict = Verdict::permerror, .reason = "the signature is from the future"};
  return std::nullopt;
}

}  // namespace postern::dkim
