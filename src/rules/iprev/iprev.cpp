#include "iprev/iprev.hpp"

#include <algorithm>
#include <utility>

namespace postern::iprev {
namespace {

using dns::Answer;
using dns::Name;
using dns::Question;
using dns::Type;

const Answer* find(const dns::Answers& answers, const Question& question) {
  const auto it = answers.find(question);
  return it == answers.end() ? nullptr : &it->second;
}

std::vector<Name> names_of(const Answer& reverse) {
  std::vector<Name> out;
  for (const auto& target : reverse.all<dns::Target>()) {
    if (target.name.is_host()) out.push_back(target.name);
  }
  std::ranges::sort(out);
  const auto doubles = std::ranges::unique(out);
  out.erase(doubles.begin(), doubles.end());
  out.resize(std::min(out.size(), kMaxNames));
  return out;
}

dns::Status weaker(const Answer& a, const Answer& b) {
  return a.secure() ? b.status : a.status;
}

Verdict without_names(const Answer& reverse, const text::IpAddress& ip) {
  Verdict out{.status = reverse.status};
  out.result = reverse.temporary() ? Conclusion::temperror : Conclusion::permerror;
  out.reason = (reverse.temporary() ? "DNS fails for the name of " : "no name is published for ") +
               ip.to_string();
  return out;
}

}  // namespace

std::string_view to_string(Conclusion conclusion) {
  switch (conclusion) {
    case Conclusion::pass:      return "pass";
    case Conclusion::fail:      return "fail";
    case Conclusion::temperror: return "temperror";
    case Conclusion::permerror: return "permerror";
  }
  return "permerror";
}

std::variant<Verdict, dns::Need> check(const text::IpAddress& ip, const dns::Answers& answers) {
  const Question question{dns::reverse_name(ip), Type::ptr};
  const Answer* reverse = find(answers, question);
  if (!reverse) return dns::Need{{question}};
  Verdict out{.names = names_of(*reverse)};
  if (reverse->temporary() || out.names.empty()) return without_names(*reverse, ip);

  dns::Need need;
  const Name* failed = nullptr;
  for (const Name& name : out.names) {
    const Question forward{name, ip.is_v4() ? Type::a : Type::aaaa};
    const Answer* answer = find(answers, forward);
    if (!answer) {
      need.questions.push_back(forward);
    } else if (answer->temporary()) {
      failed = &name;
    } else if (std::ranges::find(answer->records, dns::Record{ip}) != answer->records.end()) {
      out.result = Conclusion::pass;
      out.name = name;
      out.status = weaker(*reverse, *answer);
      out.reason = ip.to_string() + " is " + name.to_string();
      return out;
    }
  }
  if (!need.questions.empty()) return need;
  out.status = reverse->status;
  out.result = failed ? Conclusion::temperror : Conclusion::fail;
  out.reason = failed ? "DNS fails for " + failed->to_string()
                      : out.names.front().to_string() + " does not lead back to " + ip.to_string();
  return out;
}

}  // namespace postern::iprev
