#include "reports/destinations.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include "dmarc/destination.hpp"
#include "feedback/tlsrpt_record.hpp"

namespace postern::reports {
namespace {

using dmarc::Permission;

/// One address more, if it is one and there is room.
void add(Destinations& out, const std::string& text, std::uint64_t max_size) {
  auto address = smtp::parse_address(text);
  if (!address) {
    out.notes.push_back("no address: " + text);
    return;
  }
  const auto key = smtp::address_key(*address);
  const bool known = std::ranges::any_of(
      out.to, [&key](const Destination& other) { return smtp::address_key(other.address) == key; });
  if (known || out.to.size() >= dmarc::kMaxReportUris) return;
  out.to.push_back({.address = *std::move(address), .max_size = max_size});
}

std::variant<dmarc::Found, dns::Need> record_at(const dns::Name& domain, const dns::Answers& known,
                                                const dmarc::PublicSuffix& suffix) {
  dmarc::Tree tree{known, suffix};
  auto found = tree.at(domain);
  if (tree.pending()) return dns::Need{tree.take_questions()};
  return found;
}

void take(Destinations& out, const dmarc::ReportUri& uri, const Permission& permission) {
  switch (permission.kind) {
    case Permission::Kind::internal:
    case Permission::Kind::allowed:
      for (const auto& mailbox : permission.mailboxes)
        add(out, mailbox.to_string(), uri.max_size.value_or(0));
      return;
    case Permission::Kind::denied:    break;
    case Permission::Kind::temporary: out.ask_again = true; break;
  }
  out.notes.push_back("not to " + uri.text + ": " + permission.reason);
}

}  // namespace

Task<Destinations> dmarc_destinations(mailauth::Inquiry& inquiry, dns::Name domain,
                                      const dmarc::PublicSuffix& suffix) {
  Destinations out;
  const auto found = co_await inquiry.decide<dmarc::Found>(
      [&](const dns::Answers& known) { return record_at(domain, known, suffix); });
  if (found.kind != dmarc::Found::Kind::record) {
    out.ask_again = found.kind == dmarc::Found::Kind::failed;
    out.notes.emplace_back(out.ask_again ? "DNS fails for its record"
                                         : "it has no record any more");
    co_return out;
  }
  for (const auto& uri : found.record.rua) {
    if (!uri.mailbox) {
      out.notes.push_back("not to " + uri.text + ": only mailto is spoken");
      continue;
    }
    const auto permission = co_await inquiry.decide<Permission>([&](const dns::Answers& known) {
      return dmarc::may_report_to(domain, *uri.mailbox, known, suffix);
    });
    take(out, uri, permission);
  }
  co_return out;
}

Task<Destinations> tls_destinations(mailauth::Inquiry& inquiry, dns::Name domain) {
  Destinations out;
  const auto name = domain.below("_smtp._tls");
  if (!name) co_return out;
  const dns::Question question{*name, dns::Type::txt};
  using Step = std::variant<dns::Answer, dns::Need>;
  const auto answer = co_await inquiry.decide<dns::Answer>([&](const dns::Answers& known) -> Step {
    const auto at = known.find(question);
    if (at == known.end()) return dns::Need{{question}};
    return at->second;
  });
  if (answer.temporary()) {
    out.ask_again = true;
    out.notes.emplace_back("DNS fails for its record");
    co_return out;
  }
  std::vector<std::string> texts;
  for (auto& txt : answer.all<dns::Txt>()) texts.push_back(std::move(txt.text));
  const auto record = feedback::pick_tlsrpt_record(texts);
  if (!record) {
    out.notes.emplace_back(record.error().code == Errc::not_found ? "it asks for no reports"
                                                                  : "its record is broken");
    co_return out;
  }
  for (const auto& address : record->mailto) add(out, address, 0);
  for (const auto& uri : record->https) {
    const bool known = std::ranges::find(out.posts, uri) != out.posts.end();
    if (!known && out.posts.size() < kMaxPosts) out.posts.push_back(uri);
  }
  co_return out;
}

}  // namespace postern::reports
