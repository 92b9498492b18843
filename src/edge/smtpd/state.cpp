#include "smtpd/state.hpp"

#include <utility>

#include "sasl/frame.hpp"
#include "text/ascii.hpp"

namespace postern::smtpd {
namespace {

/// RFC 9266: the label of tls-exporter; 32 octets of it bind SCRAM to the channel.
constexpr std::string_view kBindingLabel = "EXPORTER-Channel-Binding";
constexpr std::size_t kBindingOctets = 32;

/// Submission has to take long SASL responses; the verb and the mechanism come on top.
constexpr std::size_t kMaxAuthLine = sasl::kMaxEncoded + 64;

/// Recipients that the trace of a refused message names.
constexpr std::size_t kMaxTraced = 100;

/// Idle commands that are free between two messages.
constexpr std::uint32_t kFreeIdle = 100;

/// A HELO name is whatever the client likes; nobody's terminal should suffer from it.
std::string printable(std::string_view text) {
  std::string out{text};
  for (char& c : out) {
    if (text::is_control(c) || text::is_8bit(c)) c = '?';
  }
  return out;
}

}  // namespace

Session::Session(Core& on, net::Stream& peer_stream, const Services& with, const Settings& by)
    : core{on},
      stream{peer_stream},
      services{with},
      settings{by},
      peer{stream.peer().ip},
      wire{core, stream, settings.timeouts, submission() ? kMaxAuthLine : smtp::kMaxLine},
      logger{services.logger.with(
          {{"conn", log::Hex{core.random.u64()}}, {"peer", peer.to_string()}})},
      progress{core.clock.instant()} {}

Stage Session::stage() const {
  if (!hello) return Stage::fresh;
  if (!transaction.open) return Stage::ready;
  if (transaction.chunked) return Stage::chunks;
  return transaction.recipients.empty() ? Stage::sender : Stage::recipients;
}

sasl::Channel Session::channel() const {
  sasl::Channel out{.encrypted = in_tls()};
  if (out.encrypted)
    out.tls_exporter = stream.tls_exporter(kBindingLabel, kBindingOctets).value_or(std::string{});
  return out;
}

smtp::CommandRules Session::command_rules() const {
  return {.dsn = submission(),
          .auth = submission(),
          .utf8_transaction = transaction.envelope.smtputf8,
          .loose_dots = !submission()};
}

bool Session::login_over() const {
  return login && !services.directory.still_good(login->account, login->credential);
}

bool Session::may_relay() const {
  const auto found = login ? services.directory.account(login->account) : std::nullopt;
  return found && found->may_relay;
}

void Session::count_idle() {
  if (++idle_commands > kFreeIdle) ++errors;
}

std::string Session::peer_text() const {
  const std::string name = hello ? printable(hello->name) + ' ' : std::string{};
  return name + '[' + peer.to_string() + ']';
}

void Session::note_refusal(const smtp::Reply& reply, const std::optional<smtp::Address>& recipient,
                           std::vector<std::pair<std::string, std::string>> facts) const {
  services.metrics.refused.add();
  trace::Event event;
  event.id = transaction.id;
  event.time = core.clock.now();
  event.kind = trace::Kind::refused;
  event.fields.emplace_back("peer", peer_text());
  std::vector<std::string> addresses;
  const auto& from = transaction.envelope.from;
  event.fields.emplace_back("from", from ? smtp::to_string(*from) : "<>");
  if (from) addresses.push_back(smtp::address_key(*from));
  const auto name = [&](const smtp::Address& to) {
    if (addresses.size() > kMaxTraced) return;
    event.fields.emplace_back("to", smtp::to_string(to));
    addresses.push_back(smtp::address_key(to));
  };
  if (recipient) {
    name(*recipient);
  } else {
    for (const auto& one : transaction.recipients) name(one.address);
  }
  std::ranges::move(facts, std::back_inserter(event.fields));
  event.fields.emplace_back("reply", smtp::to_line(reply));
  services.trace.note(std::move(event), addresses);
}

}  // namespace postern::smtpd
