#include "mailauth/findings.hpp"

#include <algorithm>

#include "authres/authres.hpp"
#include "authres/received_spf.hpp"
#include "text/ascii.hpp"
#include "text/utf8.hpp"

namespace postern::mailauth {
namespace {

using authres::Charset;
using authres::Statement;

std::string word(const auto& result) {
  return std::string{to_string(result)};
}

/// What stands behind the last @; empty without one.
std::string domain_of(std::string_view address) {
  const auto at = address.rfind('@');
  return at == std::string_view::npos ? std::string{} : std::string{address.substr(at + 1)};
}

/// Octets of one fact, and how many signatures are told of.
constexpr std::size_t kMaxFact = 300;
constexpr std::size_t kMaxSignatures = 8;

std::string spf_comment(const spf::Verdict& verdict) {
  if (!verdict.why.empty()) return verdict.why;
  return verdict.matched.empty() ? std::string{} : verdict.domain + ": " + verdict.matched;
}

Statement spf_statement(const Findings& f) {
  Statement out{.method = "spf", .result = word(f.spf.outcome), .comment = spf_comment(f.spf)};
  if (f.peer.mail_from.empty()) {
    out.properties.push_back({"smtp", "helo", f.peer.helo});
  } else {
    out.properties.push_back({"smtp", "mailfrom", f.peer.mail_from});
  }
  return out;
}

Statement helo_statement(const Findings& f) {
  return {.method = "spf",
          .result = word(f.spf_helo.outcome),
          .properties = {{"smtp", "helo", f.peer.helo}},
          .comment = spf_comment(f.spf_helo)};
}

Statement dkim_statement(const dkim::SignatureResult& signature) {
  Statement out{.method = "dkim", .result = word(signature.verdict), .reason = signature.reason};
  const auto add = [&out](std::string name, const std::string& value) {
    if (!value.empty()) out.properties.push_back({"header", std::move(name), value});
  };
  add("d", signature.domain);
  add("i", signature.identity);
  add("s", signature.selector);
  add("a", signature.algorithm);
  add("b", signature.start);
  if (signature.key_bits != 0) out.comment = std::to_string(signature.key_bits) + " bits";
  const auto also = [&out](std::string_view word) {
    out.comment += (out.comment.empty() ? "" : ", ") + std::string{word};
  };
  if (signature.testing) also("testing");
  if (signature.secure) also("DNSSEC");
  return out;
}

Statement arc_statement(const arc::Validation& arc) {
  Statement out{.method = "arc", .result = word(arc.status), .reason = arc.reason};
  if (!arc.sealers.empty()) {
    out.comment =
        "i=" + std::to_string(arc.sealers.back().instance) + " by " + arc.sealers.back().domain;
  }
  return out;
}

Statement dmarc_statement(const dmarc::Verdict& verdict) {
  Statement out{.method = "dmarc",
                .result = word(verdict.result),
                .reason = {},
                .properties = {{"header", "from", verdict.author.to_string()}},
                .comment = {}};
  if (verdict.record) {
    out.comment = "p=" + word(verdict.asked);
    if (verdict.applied != verdict.asked) out.comment += " applied=" + word(verdict.applied);
  }
  return out;
}

Statement iprev_statement(const Findings& f) {
  Statement out{
      .method = "iprev",
      .result = word(f.iprev.result),
      .properties = {{"policy", "iprev", f.peer.ip.value_or(text::IpAddress{}).to_string()}},
      .comment = {}};
  if (!f.iprev.name.is_root()) out.comment = f.iprev.name.to_string();
  return out;
}

authres::AuthenticationResults all_results(const Findings& f, const std::string& id) {
  authres::AuthenticationResults out{.authserv_id = id};
  if (f.dmarc) out.statements.push_back(dmarc_statement(*f.dmarc));
  if (f.peer.ip) {
    out.statements.push_back(spf_statement(f));
    if (!f.peer.mail_from.empty()) out.statements.push_back(helo_statement(f));
    out.statements.push_back(iprev_statement(f));
  }
  if (f.dkim.signatures.empty()) out.statements.push_back({.method = "dkim", .result = "none"});
  for (const auto& signature : f.dkim.signatures)
    out.statements.push_back(dkim_statement(signature));
  if (f.arc.status != arc::Status::none) out.statements.push_back(arc_statement(f.arc));
  return out;
}

authres::ReceivedSpf received_spf(const Findings& f, const std::string& id) {
  const bool error =
      f.spf.outcome == spf::Outcome::temperror || f.spf.outcome == spf::Outcome::permerror;
  return {.result = word(f.spf.outcome),
          .comment = id + ": " + f.spf.domain,
          .client_ip = f.peer.ip,
          .envelope_from = f.peer.mail_from,
          .helo = f.peer.helo,
          .receiver = id,
          .identity = f.peer.mail_from.empty() ? "helo" : "mailfrom",
          .mechanism = f.spf.matched,
          .problem = error ? f.spf.why : std::string{}};
}

/// ASCII, without what could end the field.
std::string plain(std::string_view text) {
  std::string out{text};
  std::ranges::replace_if(out, [](char c) { return c < ' ' || c > '~'; }, '?');
  return out;
}

bool same_domain(std::string_view a, std::string_view b) {
  return !a.empty() && text::iequals(a, b);
}

}  // namespace

bool Findings::sender_proven() const {
  if (peer.mail_from.empty()) return false;
  if (spf.outcome == spf::Outcome::pass) return true;
  return std::ranges::any_of(dkim.signatures, [this](const dkim::SignatureResult& signature) {
    return signature.verdict == dkim::Verdict::pass &&
           same_domain(signature.domain,
                       spf.domain.empty() ? domain_of(peer.mail_from) : spf.domain);
  });
}

const dmarc::NoAuthor* Findings::refused_author() const {
  using Kind = dmarc::NoAuthor::Kind;
  const auto* const none = std::get_if<dmarc::NoAuthor>(&author);
  if (none == nullptr || none->kind == Kind::no_mailbox || none->kind == Kind::bad_domain)
    return nullptr;
  return none;
}

std::optional<dmarc::Disposition> Findings::refusal() const {
  const auto refuse = [](std::uint16_t reply, std::string_view enhanced, std::string text) {
    dmarc::Disposition out{.action = dmarc::Action::reject, .reply = reply, .enhanced = enhanced};
    out.explanation = "refused: " + text;
    out.text = std::move(text);
    return out;
  };
  if (header_too_large) return refuse(552, "5.3.4", "Header too large");
  if (too_many_forged)
    return refuse(554, "5.6.0", "Too many Authentication-Results fields in our name");
  if (const auto* const none = refused_author())
    return refuse(none->reply, none->enhanced, none->text);
  return std::nullopt;
}

std::vector<std::pair<std::string, std::string>> facts_of(const Findings& f) {
  std::vector<std::pair<std::string, std::string>> out;
  // Strangers wrote parts of these: none of them shall fill the traces.
  const auto add = [&out](std::string key, std::string value, const std::string& why) {
    if (!why.empty()) value += " (" + why + ")";
    if (value.size() > kMaxFact) value.resize(kMaxFact);
    out.emplace_back(std::move(key), text::to_valid_utf8(value));
  };
  if (f.peer.ip) {
    add("iprev", word(f.iprev.result),
        f.iprev.name.is_root() ? f.iprev.reason : f.iprev.name.to_string());
    add("ehlo", word(f.hello.form) + " " + word(f.hello.match), f.hello.reason);
    add("spf", word(f.spf.outcome) + " " + f.spf.domain, f.spf.matched + f.spf.why);
  }
  const auto told = std::min(f.dkim.signatures.size(), kMaxSignatures);
  for (std::size_t i = 0; i < told; ++i) {
    const auto& signature = f.dkim.signatures.at(i);
    add("dkim", word(signature.verdict) + " " + signature.domain + " " + signature.selector,
        signature.reason);
  }
  if (f.dkim.signatures.empty()) add("dkim", "none", {});
  if (f.arc.status != arc::Status::none) add("arc", word(f.arc.status), f.arc.reason);
  if (f.dmarc)
    add("dmarc", word(f.dmarc->result) + " " + f.dmarc->author.to_string(), f.dmarc->reason);
  if (!f.disposition.explanation.empty())
    add("decision", word(f.disposition.action), f.disposition.explanation);
  return out;
}

std::string results_of(const Findings& findings, const std::string& authserv_id, bool utf8) {
  // As it stands in a field: folded, behind the colon and before the line's end.
  auto field =
      authres::to_field(all_results(findings, authserv_id), utf8 ? Charset::utf8 : Charset::ascii);
  field.erase(0, field.find(':') + 1);
  while (field.ends_with('\n') || field.ends_with('\r')) field.pop_back();
  field.erase(0, field.find_first_not_of(" \t\r\n"));
  return field;
}

std::string fields_of(const Findings& findings, const std::string& authserv_id, bool utf8) {
  const auto charset = utf8 ? Charset::utf8 : Charset::ascii;
  return authres::to_field(all_results(findings, authserv_id), charset) +
         authres::to_field(received_spf(findings, authserv_id), charset);
}

std::string reason_of(const dmarc::Disposition& disposition) {
  if (disposition.action == dmarc::Action::accept && disposition.reasons.empty()) return {};
  return "Postern-Reason: " + word(disposition.action) + "; " + plain(disposition.explanation) +
         "\r\n";
}

}  // namespace postern::mailauth
