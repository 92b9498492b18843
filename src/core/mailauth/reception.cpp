#include "mailauth/reception.hpp"

#include <algorithm>
#include <utility>

#include "async/gather.hpp"
#include "authres/authres.hpp"
#include "dkim/sign.hpp"
#include "dmarc/registered_domain.hpp"
#include "mailauth/exceptions.hpp"
#include "text/ascii.hpp"

namespace postern::mailauth {
namespace {

/// Which part of the findings a task fills in; gather wants a value.
struct Done {};

template <class T, class Slot>
Task<Done> into(Task<T> task, Slot& slot) {
  slot = co_await std::move(task);
  co_return Done{};
}

dns::Name name_or_root(std::string_view text) {
  return dns::Name::parse(text).value_or(dns::Name{});
}

dmarc::Auth auth_of(std::string_view word) {
  return dmarc::parse_auth(word).value_or(dmarc::Auth::none);
}

dmarc::Input dmarc_input(const Findings& findings, const dns::Name& author) {
  dmarc::Input out{.author = author};
  out.spf = {.result = auth_of(to_string(findings.spf.outcome)),
             .domain = name_or_root(findings.spf.domain)};
  for (const auto& signature : findings.dkim.signatures) {
    // Who only tries DKIM out is not to suffer for it (RFC 6376 §3.6.1, t=y).
    if (signature.testing && signature.verdict != dkim::Verdict::pass) continue;
    out.dkim.push_back({.result = auth_of(to_string(signature.verdict)),
                        .domain = name_or_root(signature.domain),
                        .selector = signature.selector});
  }
  return out;
}

/// Whether what a sealer wrote down says that DMARC passed for `author` when it got the message.
bool says_dmarc_pass(std::string_view results, const dns::Name& author) {
  const auto parsed = authres::parse(results);
  if (!parsed) return false;
  return std::ranges::any_of(parsed->statements, [&author](const authres::Statement& statement) {
    if (!text::iequals(statement.method, "dmarc") || !text::iequals(statement.result, "pass"))
      return false;
    const auto from = statement.property("header", "from");
    return from && name_or_root(*from) == author;
  });
}

/// Without an author there is no policy to ask for. Two From fields or authors of two domains are
/// refused (by whoever called us); other From fields are those of odd programs, of bounces, and of
/// who would rather not be asked for a policy.
void judge_nobody(Findings& findings) {
  const auto& none = std::get<dmarc::NoAuthor>(findings.author);
  if (findings.peer.mail_from.empty()) return;
  findings.disposition.action = dmarc::Action::junk;
  findings.disposition.explanation = none.text;
}

bool lists(const std::vector<std::string>& domains, std::string_view domain) {
  return std::ranges::find(domains, domain) != domains.end();
}

}  // namespace

Reception::Reception(resolver::Resolver& resolver, Core& core,
                     std::shared_ptr<const Settings> settings, History* history)
    : core_{core},
      settings_{std::move(settings)},
      inquiry_{resolver, core.clock, settings_->budget, settings_->load},
      history_{history} {
  if (settings_->seal) reader_ = dkim::MessageReader{{.bodies = {dkim::kSignedBody}}};
}

std::vector<std::string_view> Reception::values(std::string_view field) const {
  std::vector<std::string_view> out;
  const auto found = message_.named(field);
  out.reserve(found.size());
  for (const auto index : found) {
    auto value = message_.value(message_.fields.at(index));
    while (value.ends_with('\n') || value.ends_with('\r')) value.remove_suffix(1);
    out.push_back(value);
  }
  return out;
}

Task<Findings> Reception::finish(Peer peer) {
  message_ = reader_.finish();
  Findings findings{.peer = std::move(peer)};
  const auto authors = values("from");
  findings.author = dmarc::author_of(authors);
  co_await ask_everybody(findings);
  if (const auto* const author = std::get_if<dmarc::Author>(&findings.author)) {
    const auto input = dmarc_input(findings, author->domain);
    findings.dmarc = co_await inquiry_.decide<dmarc::Verdict>([&](const dns::Answers& known) {
      return dmarc::evaluate(input, known, settings_->suffix);
    });
  }
  co_await remember(findings);
  judge(findings);
  findings.header_too_large = message_.header_too_large;
  findings.too_many_forged = forged().size() > kMaxForged;
  findings.questions = inquiry_.asked();
  co_return findings;
}

/// What depends on nothing else, at the same time. The rules borrow from this frame, which waits
/// for all of them.
Task<> Reception::ask_everybody(Findings& findings) {
  const Timestamp now = core_.clock.now();
  const Peer& from = findings.peer;
  std::vector<Task<Done>> tasks;
  // The policy first: nobody's slow servers shall keep us from what the author asks for.
  std::optional<dmarc::Verdict> policy;
  if (const auto* const author = std::get_if<dmarc::Author>(&findings.author)) {
    tasks.push_back(into(inquiry_.decide<dmarc::Verdict>([&, author](const dns::Answers& known) {
      return dmarc::evaluate({.author = author->domain}, known, settings_->suffix);
    }),
                         policy));
  }
  tasks.push_back(into(inquiry_.decide<dkim::Report>([&](const dns::Answers& known) {
    return dkim::verify(message_, known, now, {.keys = settings_->keys.get()});
  }),
                       findings.dkim));
  tasks.push_back(into(inquiry_.decide<arc::Validation>([&](const dns::Answers& known) {
    return arc::validate(message_, known, now, {.keys = settings_->keys.get()});
  }),
                       findings.arc));
  if (from.ip) {
    const auto spf_of = [&](std::string_view mail_from) {
      return [&, mail_from](const dns::Answers& known) {
        return spf::check({.ip = *from.ip,
                           .helo = from.helo,
                           .mail_from = mail_from,
                           .receiver = settings_->hostname,
                           .now = now},
                          known);
      };
    };
    tasks.push_back(into(inquiry_.decide<spf::Verdict>(spf_of(from.mail_from)), findings.spf));
    tasks.push_back(into(inquiry_.decide<spf::Verdict>(spf_of({})), findings.spf_helo));
    tasks.push_back(into(inquiry_.decide<iprev::Verdict>([&](const dns::Answers& known) {
      return iprev::check(*from.ip, known);
    }),
                         findings.iprev));
    tasks.push_back(into(inquiry_.decide<iprev::Hello>([&](const dns::Answers& known) {
      return iprev::check_hello(from.helo, *from.ip, known);
    }),
                         findings.hello));
  }
  (void)co_await gather(std::move(tasks));
}

/// Whether its author's mail passed before when it came this way; if it passes now, that it did.
Task<> Reception::remember(Findings& findings) {
  findings.grounds.seen_passing = history_ == nullptr;
  if (history_ == nullptr || !findings.dmarc || !findings.peer.ip) co_return;
  // Names and nets that cost something to have: what is kept cannot grow without end.
  constexpr unsigned kNet6 = 48;
  const auto& ip = *findings.peer.ip;
  std::vector<std::string> paths{(ip.is_v4() ? ip.peer_net() : ip.net(kNet6)).to_string()};
  if (findings.spf.outcome == spf::Outcome::pass && !findings.spf.domain.empty()) {
    paths.push_back(
        "@" +
        dmarc::registered_domain(name_or_root(findings.spf.domain), settings_->suffix).to_string());
  }
  auto author = dmarc::registered_domain(findings.dmarc->author, settings_->suffix).to_string();
  if (findings.dmarc->result == dmarc::Conclusion::pass) {
    if (findings.dmarc->asked == dmarc::Policy::reject)
      co_await history_->note_pass(std::move(author), std::move(paths));
  } else if (findings.dmarc->applied == dmarc::Policy::reject) {
    findings.grounds.seen_passing =
        co_await history_->has_passed(std::move(author), std::move(paths));
  }
}

bool Reception::has_list_traits() const {
  if (!message_.named("list-id").empty() || !message_.named("list-post").empty()) return true;
  const auto precedence = values("precedence");
  return std::ranges::any_of(
      precedence, [](std::string_view value) { return text::iequals(text::trim(value), "list"); });
}

/// A chain that passes, whose newest sealers are trusted back to one that saw DMARC pass.
bool Reception::seal_is_trusted(const Findings& findings, std::string& who) const {
  const auto& arc = findings.arc;
  if (arc.status != arc::Status::pass || !findings.dmarc) return false;
  for (auto it = arc.sealers.rbegin(); it != arc.sealers.rend(); ++it) {
    if (!lists(settings_->trusted_sealers, it->domain)) return false;
    if (!says_dmarc_pass(it->results, findings.dmarc->author)) continue;
    who = it->domain;
    return true;
  }
  return false;
}

void Reception::judge(Findings& findings) const {
  auto& grounds = findings.grounds;
  grounds.trusted_arc = seal_is_trusted(findings, grounds.arc_sealer);
  grounds.mailing_list = has_list_traits();
  if (!findings.dmarc) return judge_nobody(findings);
  grounds.exception = exception_for(findings, settings_->exceptions);
  grounds.strict = lists(settings_->strict_domains, "*") ||
                   lists(settings_->strict_domains, findings.dmarc->author.to_string());
  findings.disposition = dmarc::dispose(*findings.dmarc, grounds);
}

std::vector<Forged> Reception::forged() const {
  std::vector<Forged> found;
  const std::vector<std::string> ours{settings_->hostname};
  const auto reasons = message_.named("postern-reason");
  found.reserve(reasons.size());
  for (const auto index : message_.named("authentication-results")) {
    const auto& field = message_.fields.at(index);
    if (authres::claims_id(message_.value(field), ours)) found.push_back({field.begin, field.end});
  }
  for (const auto index : reasons) {
    const auto& field = message_.fields.at(index);
    found.push_back({field.begin, field.end});
  }
  std::ranges::sort(found, {}, &Forged::begin);
  std::vector<Forged> out;
  for (const auto& range : found) {
    if (!out.empty() && out.back().end == range.begin) {
      out.back().end = range.end;
    } else {
      out.push_back(range);
    }
  }
  return out;
}

}  // namespace postern::mailauth
