#include <algorithm>
#include <functional>
#include <optional>

#include <boost/json.hpp>

#include "check/checks.hpp"
#include "check/line.hpp"
#include "check/mta_sts.hpp"
#include "dkim/key_record.hpp"
#include "dmarc/record.hpp"
#include "dmarc/tree_walk.hpp"
#include "feedback/tlsrpt_record.hpp"
#include "mtasts/policy.hpp"
#include "route/failure.hpp"
#include "text/ascii.hpp"
#include "text/utf8.hpp"

namespace postern::check {
namespace {

namespace json = boost::json;

class Inspection {
 public:
  Inspection(DnsSource& source, const dns::Name& domain, const mailauth::Settings& settings)
      : source_{source}, domain_{domain}, settings_{settings} {}

  std::vector<Line> run(const std::vector<std::string>& selectors, const Fetch& fetch) {
    mx();
    spf();
    for (const auto& selector : selectors) dkim(selector);
    if (selectors.empty())
      add({"DKIM", "unknown", "keys cannot be listed by DNS", "name a selector: --selector NAME"});
    dmarc();
    mta_sts(fetch);
    tls_reports();
    bimi();
    return std::move(lines_);
  }

 private:
  void add(Line line) { lines_.push_back(std::move(line)); }

  dns::Answer ask(const dns::Name& name, dns::Type type) {
    const dns::Question question{name, type};
    const auto answers = source_.ask({question});
    return answers.contains(question) ? answers.at(question) : dns::Answer{};
  }
  /// Says so when nothing can be known now.
  bool failed(std::string_view record, const dns::Answer& answer) {
    if (!answer.temporary()) return false;
    add({record, answer.status == dns::Status::bogus ? "wrong" : "unknown",
         answer.status == dns::Status::bogus ? "DNSSEC says forged: " + answer.why
                                             : "DNS does not answer: " + answer.why,
         "mend the zone or its servers"});
    return true;
  }
  static std::string secured(const dns::Answer& answer) {
    return answer.secure() ? " (proven by DNSSEC)" : "";
  }

  void mx() {
    const auto answer = ask(domain_, dns::Type::mx);
    if (failed("MX", answer)) return;
    const auto records = answer.all<dns::Mx>();
    if (route::is_null_mx(records))
      return add({"MX", "good", "the domain takes no mail (null MX)"});
    if (records.empty()) {
      return add({"MX", "missing", "no MX record: mail goes to the domain's own address, if any",
                  "MX 10 mail." + domain_.to_string() + ", or MX 0 . if it takes none"});
    }
    std::string hosts;
    for (const auto& mx : records) hosts += (hosts.empty() ? "" : ", ") + mx.exchange.to_string();
    add({"MX", "good", hosts + secured(answer)});
  }

  void mta_sts(const Fetch& fetch) {
    const auto name = domain_.below("_mta-sts");
    const auto host = mtasts::policy_host(domain_);
    if (!name || !host) return;
    const auto answer = ask(*name, dns::Type::txt);
    if (failed("MTA-STS", answer)) return;
    StsFindings found{.domain = domain_, .txts = {}, .hosts = mail_hosts(), .policy = {}};
    for (const auto& txt : answer.all<dns::Txt>()) found.txts.push_back(txt.text);
    if (fetch && wants_policy(found.txts)) found.policy = fetch(mtasts::policy_url(*host));
    auto line = judge_mta_sts(found);
    if (line.verdict == "good") line.text += secured(answer);
    add(std::move(line));
  }
  /// Where mail for the domain goes; nothing: that is not known.
  std::optional<std::vector<dns::Name>> mail_hosts() {
    const auto answer = ask(domain_, dns::Type::mx);
    const auto records = answer.all<dns::Mx>();
    if (answer.temporary()) return std::nullopt;
    std::vector<dns::Name> out;
    if (route::is_null_mx(records)) return out;
    for (const auto& mx : records) {
      if (!mx.exchange.is_root()) out.push_back(mx.exchange);
    }
    const bool has_address = records.empty() && (ask(domain_, dns::Type::a).found() ||
                                                 ask(domain_, dns::Type::aaaa).found());
    if (has_address) out.push_back(domain_);
    return out;
  }

  void spf() {
    const auto answer = ask(domain_, dns::Type::txt);
    if (failed("SPF", answer)) return;
    std::vector<std::string> found;
    for (const auto& txt : answer.all<dns::Txt>()) {
      if (spf::is_spf(txt.text)) found.push_back(txt.text);
    }
    if (found.empty()) {
      return add({"SPF", "missing", "no SPF record: anybody may send for it",
                  "TXT \"v=spf1 mx -all\", or \"v=spf1 -all\" if it sends no mail"});
    }
    if (found.size() > 1)
      return add({"SPF", "wrong", "several SPF records: receivers use none", "keep one"});
    spf_record(found.front());
  }

  void spf_record(const std::string& text) {
    const auto record = spf::parse_record(text);
    if (!record) return add({"SPF", "wrong", record.error().detail, "mend that term"});
    const auto all =
        std::ranges::find(record->directives, spf::Directive::Kind::all, &spf::Directive::kind);
    // An address that nobody has: every term is evaluated.
    const auto helo = domain_.to_string();
    const auto sender = "postmaster@" + helo;
    dns::Answers answers;
    const auto verdict = decide<spf::Verdict>(source_, answers, [&](const dns::Answers& known) {
      return spf::check({.ip = text::IpAddress::v4({192, 0, 2, 255}),
                         .helo = helo,
                         .mail_from = sender,
                         .receiver = settings_.hostname,
                         .now = {}},
                        known);
    });
    if (verdict.outcome == spf::Outcome::temperror)
      return add({"SPF", "unknown", verdict.why, "mend the zone or its servers"});
    if (verdict.outcome == spf::Outcome::permerror) {
      return add({"SPF", "wrong", verdict.why, "fewer includes, and no names that do not exist"});
    }
    if (all == record->directives.end() && !record->redirect)
      return add({"SPF", "weak", text + ": ends without all", "end it in -all or ~all"});
    if (all != record->directives.end() && all->qualifier == spf::Outcome::pass)
      return add({"SPF", "wrong", text + ": +all lets the whole world send for it", "-all"});
    if (all != record->directives.end() && all->qualifier == spf::Outcome::neutral)
      return add({"SPF", "weak", text + ": ?all says nothing", "~all or -all"});
    add({"SPF", "good", text});
  }

  void dkim(const std::string& selector) {
    const auto name = domain_.below(selector + "._domainkey");
    if (!name) return add({"DKIM", "wrong", selector + " cannot be a selector"});
    const auto answer = ask(*name, dns::Type::txt);
    if (failed("DKIM", answer)) return;
    const auto records = answer.all<dns::Txt>();
    if (records.empty())
      return add({"DKIM", "missing", "nothing at " + name->to_string(), "publish the key there"});
    const auto record = dkim::parse_key_record(records.front().text);
    if (!record) return add({"DKIM", "wrong", selector + ": " + record.error().detail});
    if (record->revoked()) return add({"DKIM", "weak", selector + ": revoked"});
    const auto key = dkim::public_key(*record);
    if (!key) return add({"DKIM", "wrong", selector + ": p= is no key"});
    const auto what = selector + ": " + std::to_string(key->bits()) + " bits " + record->kind;
    if (!key->usable())
      return add({"DKIM", "wrong", what + ": receivers do not use such a key", "RSA of 2048 bits"});
    if (record->kind == "rsa" && key->bits() < kGoodRsaBits)
      return add({"DKIM", "weak", what, "RSA of 2048 bits"});
    if (record->testing)
      return add({"DKIM", "weak", what + ", t=y: receivers may ignore it", "take t=y away"});
    add({"DKIM", "good", what + secured(answer)});
  }

  void dmarc() {
    dmarc::Input input{.author = domain_};
    dns::Answers answers;
    const auto verdict = decide<dmarc::Verdict>(source_, answers, [&](const dns::Answers& known) {
      return dmarc::evaluate(input, known, settings_.suffix);
    });
    if (verdict.result == dmarc::Conclusion::temperror) {
      // The answer that failed says why.
      const auto name = domain_.below("_dmarc");
      if (name && failed("DMARC", ask(*name, dns::Type::txt))) return;
      return add({"DMARC", "unknown", verdict.reason, "mend the zone or its servers"});
    }
    if (!verdict.record && dmarc_records() > 1)
      return add({"DMARC", "wrong", "several DMARC records: receivers use none", "keep one"});
    if (!verdict.record) {
      return add({"DMARC", "missing", "no DMARC record: anybody may write in its name",
                  "_dmarc TXT \"v=DMARC1; p=none; rua=mailto:dmarc@" + domain_.to_string() +
                      "\"; with good reports, p=quarantine, then p=reject"});
    }
    if (!verdict.faults.empty())
      return add({"DMARC", "wrong", verdict.faults.front(), "mend the record"});
    const std::string where = "p=" + std::string{dmarc::to_string(verdict.asked)} +
                              " from _dmarc." + verdict.policy_domain->to_string();
    if (verdict.tested) return add({"DMARC", "weak", where + ", in test mode", "take t=y away"});
    if (verdict.asked == dmarc::Policy::none)
      return add({"DMARC", "weak", where + ": nothing is asked of receivers", "p=quarantine"});
    if (verdict.record->rua.empty()) {
      return add({"DMARC", "weak", where + ", without reports",
                  "rua=mailto:dmarc@" + domain_.to_string()});
    }
    add({"DMARC", "good", where});
  }

  std::size_t dmarc_records() {
    const auto name = domain_.below("_dmarc");
    if (!name) return 0;
    const auto texts = ask(*name, dns::Type::txt).all<dns::Txt>();
    return static_cast<std::size_t>(std::ranges::count_if(
        texts, [](const dns::Txt& txt) { return txt.text.starts_with("v=DMARC1"); }));
  }

  void tls_reports() {
    const auto name = domain_.below("_smtp._tls");
    if (!name) return;
    const auto answer = ask(*name, dns::Type::txt);
    if (failed("TLS-RPT", answer)) return;
    const auto fix =
        "tells senders where to report TLS failures: _smtp._tls TXT \"v=TLSRPTv1; "
        "rua=mailto:tls-reports@" +
        domain_.to_string() + "\"";
    std::vector<std::string> texts;
    for (const auto& txt : answer.all<dns::Txt>()) texts.push_back(txt.text);
    const auto record = feedback::pick_tlsrpt_record(texts);
    if (!record && record.error().code == Errc::not_found)
      return add({"TLS-RPT", "missing", "nothing at " + name->to_string(), fix});
    if (!record) return add({"TLS-RPT", "wrong", record.error().detail, fix});
    std::string to;
    for (const auto* const uris : {&record->mailto, &record->https}) {
      for (const auto& uri : *uris) to += (to.empty() ? "" : ", ") + uri;
    }
    if (to.empty()) return add({"TLS-RPT", "wrong", "no address that can be used", fix});
    add({"TLS-RPT", "good", "reports to " + to + secured(answer)});
  }

  void bimi() {
    constexpr std::string_view kFix =
        "optional: a logo to be shown where DMARC passes and enforces";
    const auto name = domain_.below("default._bimi");
    if (!name) return;
    const auto answer = ask(*name, dns::Type::txt);
    if (failed("BIMI", answer)) return;
    std::vector<std::string> found;
    for (const auto& txt : answer.all<dns::Txt>()) {
      if (txt.text.starts_with("v=BIMI1")) found.push_back(txt.text);
    }
    if (found.empty())
      return add({"BIMI", "missing", "nothing at " + name->to_string(), std::string{kFix}});
    if (found.size() > 1) return add({"BIMI", "wrong", "several records", "keep one"});
    const auto logo = tag_of(found.front(), "l");
    if (!logo)
      return add({"BIMI", "wrong", found.front() + ": no l=", "l=https://... of an SVG logo"});
    if (logo->empty()) return add({"BIMI", "good", "the domain wants no logo shown"});
    const bool is_svg = logo->ends_with(".svg") || logo->ends_with(".svgz");
    if (!text::istarts_with(*logo, "https://") || !is_svg) {
      return add({"BIMI", "wrong", "l=" + std::string{*logo} + " is no https URL of an SVG logo",
                  "l=https://... that ends in .svg"});
    }
    add({"BIMI", "good", found.front() + secured(answer)});
  }

  /// The value of a tag of `record`, trimmed; nothing: it is not there.
  static std::optional<std::string_view> tag_of(std::string_view record, std::string_view tag) {
    for (const auto part : text::split(record, ';')) {
      const auto equals = part.find('=');
      if (equals != std::string_view::npos && text::trim(part.substr(0, equals)) == tag)
        return text::trim(part.substr(equals + 1));
    }
    return std::nullopt;
  }

  static constexpr unsigned kGoodRsaBits = 2048;

  DnsSource& source_;
  const dns::Name& domain_;
  const mailauth::Settings& settings_;
  std::vector<Line> lines_;
};

/// One line of UTF-8, whatever strangers' records hold.
std::string cleaned(std::string_view text) {
  constexpr std::size_t kMost = 600;
  auto out = text::to_valid_utf8(text.substr(0, kMost));
  std::ranges::replace_if(out, text::is_control, '?');
  return out;
}

}  // namespace

Report domain(DnsSource& source, const dns::Name& domain, const std::vector<std::string>& selectors,
              const mailauth::Settings& settings, const Fetch& fetch) {
  auto lines = Inspection(source, domain, settings).run(selectors, fetch);
  for (auto& line : lines) {
    line.text = cleaned(line.text);
    line.fix = cleaned(line.fix);
  }
  Report out;
  json::array records;
  for (const auto& line : lines) {
    records.push_back(json::object{{"record", line.record},
                                   {"verdict", line.verdict},
                                   {"text", line.text},
                                   {"fix", line.fix}});
    out.words +=
        std::string{line.record} + ": " + std::string{line.verdict} + ": " + line.text + '\n';
    if (!line.fix.empty()) out.words += "  to do: " + line.fix + '\n';
  }
  out.data = json::object{{"domain", domain.to_string()}, {"records", std::move(records)}};
  return out;
}

}  // namespace postern::check
