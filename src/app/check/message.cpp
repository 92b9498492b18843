#include <utility>

#include <boost/json.hpp>

#include "check/checks.hpp"
#include "check/show.hpp"

namespace postern::check {
namespace {

namespace json = boost::json;

/// Nothing is known here of what came before; the server may know that mail passed by this way.
class NoHistory final : public mailauth::History {
 public:
  Task<bool> has_passed(std::string, std::vector<std::string>) override { co_return false; }
  Task<> note_pass(std::string, std::vector<std::string>) override { co_return; }
  Task<> sweep() override { co_return; }
};

/// Lines as SMTP carries them.
std::string with_crlf(std::string_view content) {
  std::string out;
  out.reserve(content.size() + content.size() / 32);
  char before = '\0';
  for (const char c : content) {
    if (c == '\n' && before != '\r') out.push_back('\r');
    out.push_back(c);
    before = c;
  }
  return out;
}

json::object spf_data(const spf::Verdict& verdict) {
  return {{"result", to_string(verdict.outcome)},
          {"domain", verdict.domain},
          {"matched", verdict.matched},
          {"reason", verdict.why},
          {"explanation", verdict.explanation}};
}

json::array dkim_data(const dkim::Report& report) {
  json::array out;
  for (const auto& signature : report.signatures) {
    out.push_back(json::object{{"result", to_string(signature.verdict)},
                               {"domain", signature.domain},
                               {"selector", signature.selector},
                               {"identity", signature.identity},
                               {"algorithm", signature.algorithm},
                               {"key_bits", signature.key_bits},
                               {"testing", signature.testing},
                               {"secure", signature.secure},
                               {"aligned", signature.aligned},
                               {"reason", signature.reason}});
  }
  return out;
}

json::object arc_data(const arc::Validation& arc) {
  json::array sealers;
  for (const auto& sealer : arc.sealers) {
    sealers.push_back(json::object{{"instance", sealer.instance},
                                   {"domain", sealer.domain},
                                   {"selector", sealer.selector},
                                   {"results", sealer.results}});
  }
  return {
      {"result", to_string(arc.status)}, {"reason", arc.reason}, {"sealers", std::move(sealers)}};
}

json::object disposition_data(const dmarc::Disposition& disposition) {
  json::object out{{"action", to_string(disposition.action)},
                   {"explanation", disposition.explanation}};
  if (disposition.ground) out["ground"] = dmarc::to_string(*disposition.ground);
  if (disposition.reply != 0) {
    out["reply"] = std::to_string(disposition.reply) + ' ' + std::string{disposition.enhanced} +
                   ' ' + disposition.text;
  }
  return out;
}

json::object data_of(const mailauth::Findings& found) {
  json::object out{
      {"spf", spf_data(found.spf)}, {"dkim", dkim_data(found.dkim)}, {"arc", arc_data(found.arc)}};
  if (found.dmarc) {
    out["dmarc"] = dmarc_data(*found.dmarc);
  } else {
    const auto& none = std::get<dmarc::NoAuthor>(found.author);
    out["dmarc"] =
        json::object{{"result", "none"}, {"policy", "none"}, {"domain", ""}, {"reason", none.text}};
  }
  out["disposition"] = disposition_data(found.disposition);
  if (found.peer.ip) {
    out["iprev"] =
        json::object{{"result", to_string(found.iprev.result)},
                     {"name", found.iprev.name.is_root() ? "" : found.iprev.name.to_string()},
                     {"reason", found.iprev.reason}};
  }
  out["questions"] = found.questions;
  return out;
}

}  // namespace

Report message(DnsSource& source, std::string_view content, mailauth::Peer peer,
               const mailauth::Settings& settings) {
  NoHistory nothing;
  mailauth::Reception reception{source.resolver(), source.core(),
                                std::make_shared<const mailauth::Settings>(settings), &nothing};
  reception.feed(with_crlf(content));
  auto found = source.run(reception.finish(std::move(peer)));
  if (auto refusal = found.refusal()) found.disposition = *std::move(refusal);
  Report out{.data = data_of(found), .words = {}};
  for (const auto& [what, words] : mailauth::facts_of(found))
    out.words.append(what).append(": ").append(words).append("\n");
  return out;
}

}  // namespace postern::check
