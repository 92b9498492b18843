#include "smtpc/transaction.hpp"

#include <algorithm>
#include <utility>

#include "smtp/data.hpp"
#include "smtp/data_encoder.hpp"
#include "smtp/envelope.hpp"
#include "smtpc/outcome.hpp"
#include "smtpc/rewrite.hpp"
#include "smtpc/sign_again.hpp"

namespace postern::smtpc {
namespace {

/// A message up to this size goes with its commands in one write when the host takes BDAT.
constexpr std::uint64_t kOneWrite = std::uint64_t{64} * 1024;
constexpr Duration kLastWords = std::chrono::seconds{5};

smtp::Notify to_wire(queue::Notify notify) {
  const auto has = [notify](std::uint8_t bit) {
    return (notify.bits & queue::Notify::kNever) == 0 && (notify.bits & bit) != 0;
  };
  return {.success = has(queue::Notify::kSuccess),
          .failure = has(queue::Notify::kFailure),
          .delay = has(queue::Notify::kDelay)};
}

/// One transaction and how far it is. The members follow the order of the protocol.
class Transaction {
 public:
  Transaction(Connection& connection, const queue::Job& job, std::vector<std::size_t> who,
              const Settings& settings, std::vector<queue::RecipientOutcome>& outcomes)
      : connection_{connection},
        job_{job},
        limits_{settings.limits},
        signer_{settings.signer},
        outcomes_{outcomes},
        caps_{connection.capabilities},
        who_{std::move(who)} {}

  Task<Transacted> run();

 private:
  using Outcome = queue::RecipientOutcome;
  enum class Begun : std::uint8_t { no, data, bdat };

  [[nodiscard]] std::optional<Outcome> unfit() const;
  Task<std::optional<Outcome>> prepare();
  void drop_utf8_recipients();
  [[nodiscard]] std::string mail_line() const;
  [[nodiscard]] std::string rcpt_line(std::size_t index) const;

  Task<Begun> envelope_pipelined(const std::string& chunk);
  Task<Begun> envelope_stepwise();
  Task<bool> hear_mail();
  Task<bool> hear_recipient(std::size_t index);
  Task<Begun> hear_data();
  Task<> send_content();
  Task<bool> send_pieces();
  Task<> hear_end();
  Task<Result<std::string>> small_content();

  /// The connection broke, or the host closes it: what is undecided stays so.
  void lost(Outcome why);
  [[nodiscard]] bool closing(const smtp::Reply& reply);
  void decide(std::vector<std::size_t>& whom, const Outcome& outcome);

  Connection& connection_;
  const queue::Job& job_;
  const Limits& limits_;
  signing::Signer* const signer_;
  std::vector<Outcome>& outcomes_;
  const smtp::Capabilities& caps_;
  std::vector<std::size_t> who_;       ///< Not answered for yet.
  std::vector<std::size_t> accepted_;  ///< Their RCPT was taken.
  std::vector<std::size_t> again_;     ///< Too many for one transaction.
  std::vector<Edit> edits_;
  std::optional<Outcome> mail_refused_;
  bool lost_ = false;
  Transacted result_;
};

void Transaction::decide(std::vector<std::size_t>& whom, const Outcome& outcome) {
  for (const auto index : whom) outcomes_.at(index) = outcome;
  result_.progress = result_.progress || !whom.empty();
  whom.clear();
}

void Transaction::lost(Outcome why) {
  lost_ = true;
  result_.why = std::move(why);
}

/// RFC 5321 §3.8: 421 to any command.
bool Transaction::closing(const smtp::Reply& reply) {
  result_.last_words = smtp::to_line(reply);
  if (reply.code != 421) return false;
  lost(from_reply(reply, connection_.host()));
  return true;
}

/// What no host with these capabilities can be given.
std::optional<queue::RecipientOutcome> Transaction::unfit() const {
  if (caps_.size && caps_.max_size && job_.size > *caps_.max_size)
    return ours(552, "5.3.4", "the message is larger than the next host takes");
  const bool header = job_.envelope.smtputf8 && job_.has_8bit_header;
  const bool sender = job_.envelope.from && job_.envelope.from->needs_smtputf8();
  if ((header || sender) && !caps_.smtputf8)
    return ours(550, "5.6.7", "the next host does not take internationalized mail (SMTPUTF8)");
  const bool eight_bit = job_.has_8bit_body || job_.has_8bit_header;
  if (eight_bit && !caps_.eight_bit_mime && !job_.own) {
    return ours(554, "5.6.3",
                "the next host does not take 8-bit mail, and it is not ours to convert");
  }
  return std::nullopt;
}

/// Our own mail is made to fit. Lines of others that are too long are sent as they came: only their
/// sender may change them, and most hosts take them.
Task<std::optional<queue::RecipientOutcome>> Transaction::prepare() {
  if (auto why = unfit()) co_return why;
  const Unfit what{
      .eight_bit = (job_.has_8bit_body || job_.has_8bit_header) && !caps_.eight_bit_mime,
      .long_lines = job_.has_long_lines};
  if (!job_.own || (!what.eight_bit && !what.long_lines)) co_return std::nullopt;
  auto edits = co_await plan_rewrite(job_, what);
  if (edits && !edits->empty()) edits = co_await sign_again(job_, *std::move(edits), signer_);
  if (edits) {
    edits_ = *std::move(edits);
    co_return std::nullopt;
  }
  if (edits.error().code != Errc::unsupported)
    co_return ours(451, "4.3.0", "the message cannot be made ready now");
  if (!what.eight_bit) co_return std::nullopt;
  co_return ours(554, "5.6.3",
                 "the next host does not take 8-bit mail, and the message cannot be converted");
}

void Transaction::drop_utf8_recipients() {
  if (caps_.smtputf8) return;
  std::vector<std::size_t> odd;
  std::erase_if(who_, [&](std::size_t index) {
    const bool utf8 = job_.recipients.at(index).address.needs_smtputf8();
    if (utf8) odd.push_back(index);
    return utf8;
  });
  decide(odd, ours(553, "5.6.7", "the next host does not take internationalized addresses"));
}

std::string Transaction::mail_line() const {
  smtp::Mail mail{.from = job_.envelope.from};
  if (caps_.size && edits_.empty()) mail.size = job_.size;
  const bool eight_bit = job_.has_8bit_body || job_.has_8bit_header || job_.envelope.body_8bit;
  if (eight_bit && caps_.eight_bit_mime) mail.body = smtp::Body::eight_bit_mime;
  mail.smtputf8 = caps_.smtputf8 && needs_smtputf8(job_);
  if (caps_.dsn) {
    if (!job_.envelope.envid.empty()) mail.envid = job_.envelope.envid;
    if (job_.envelope.return_full) mail.ret = smtp::Ret::full;
  }
  return smtp::mail_command(mail) + "\r\n";
}

std::string Transaction::rcpt_line(std::size_t index) const {
  const auto& recipient = job_.recipients.at(index);
  smtp::Rcpt rcpt{.to = recipient.address};
  if (caps_.dsn) {
    if (recipient.notify.given) rcpt.notify = to_wire(recipient.notify);
    rcpt.original = smtp::split_original(recipient.orcpt);
  }
  return smtp::rcpt_command(rcpt, caps_.smtputf8 && needs_smtputf8(job_)) + "\r\n";
}

Task<Transacted> Transaction::run() {
  const auto refusal = co_await prepare();
  if (refusal) {
    decide(who_, *refusal);
    result_.usable = true;
    co_return std::move(result_);
  }
  drop_utf8_recipients();
  if (who_.empty()) {
    result_.usable = true;
    co_return std::move(result_);
  }
  ++connection_.transactions;
  std::string chunk;
  if (caps_.chunking && caps_.pipelining && job_.size <= kOneWrite) {
    auto content = co_await small_content();
    if (content) chunk = *std::move(content);
  }
  auto begun = Begun::no;
  if (caps_.pipelining) {
    begun = co_await envelope_pipelined(chunk);
  } else {
    begun = co_await envelope_stepwise();
  }
  if (begun == Begun::data) co_await send_content();
  if (begun == Begun::bdat) co_await hear_end();
  connection_.delivering = false;
  result_.undecided = std::move(who_);
  for (auto* const more : {&accepted_, &again_})
    result_.undecided.insert(result_.undecided.end(), more->begin(), more->end());
  result_.usable = !lost_;
  co_return std::move(result_);
}

Task<Result<std::string>> Transaction::small_content() {
  Content content{job_, edits_};
  auto whole = co_await content.rest();
  if (!whole) co_return whole;
  auto out = *std::move(whole);
  // BDAT carries anything; what is no text of lines must still not get out (RFC 3030 §3).
  smtp::LineChecker lines{UINT64_MAX};
  lines.take(out);
  lines.finish();
  if (lines.flaw()) co_return fail(Errc::bad_syntax);
  if (!out.empty() && !lines.at_line_start()) out += "\r\n";
  co_return out;
}

Task<Transaction::Begun> Transaction::envelope_pipelined(const std::string& chunk) {
  const bool reset = connection_.needs_reset;
  std::string out = reset ? "RSET\r\n" : "";
  out += mail_line();
  for (const auto index : who_) out += rcpt_line(index);
  if (chunk.empty()) {
    out += "DATA\r\n";
  } else {
    out += "BDAT " + std::to_string(chunk.size()) + " LAST\r\n" + chunk;
  }
  connection_.needs_reset = true;
  connection_.delivering = !chunk.empty();
  const auto written = co_await connection_.send(out, limits_.mail);
  if (!written) {
    lost(from_error(written.error(), "sending the envelope"));
    co_return Begun::no;
  }
  if (reset) {
    const auto reply = co_await connection_.reply(limits_.mail);
    if (!reply) lost(from_error(reply.error(), "resetting"));
    if (!reply || closing(*reply)) co_return Begun::no;
  }
  const bool heard = co_await hear_mail();
  if (!heard) co_return Begun::no;
  const auto asked = who_;
  for (const auto index : asked) {
    const bool answered = co_await hear_recipient(index);
    if (!answered) co_return Begun::no;
  }
  if (!chunk.empty()) co_return Begun::bdat;
  co_return co_await hear_data();
}

Task<Transaction::Begun> Transaction::envelope_stepwise() {
  if (std::exchange(connection_.needs_reset, true)) {
    const auto reply = co_await connection_.ask("RSET", limits_.mail);
    if (!reply) lost(from_error(reply.error(), "resetting"));
    if (!reply || closing(*reply)) co_return Begun::no;
  }
  std::string line = mail_line();
  auto written = co_await connection_.send(line, limits_.mail);
  bool going = written.has_value();
  if (going) going = co_await hear_mail();
  if (mail_refused_) co_return Begun::no;
  const auto asked = who_;
  for (std::size_t i = 0; going && i < asked.size(); ++i) {
    line = rcpt_line(asked.at(i));
    written = co_await connection_.send(line, limits_.recipient);
    going = written.has_value();
    if (going) going = co_await hear_recipient(asked.at(i));
  }
  if (going && accepted_.empty()) co_return Begun::no;
  if (going) {
    line = "DATA\r\n";
    written = co_await connection_.send(line, limits_.data_start);
  }
  if (!written) lost(from_error(written.error(), "sending the envelope"));
  if (lost_) co_return Begun::no;
  co_return co_await hear_data();
}

/// False when nothing more will be heard.
Task<bool> Transaction::hear_mail() {
  const auto reply = co_await connection_.reply(limits_.mail);
  if (!reply) lost(from_error(reply.error(), "sending MAIL"));
  if (!reply || closing(*reply)) co_return false;
  if (!reply->positive()) {
    mail_refused_ = from_reply(*reply, connection_.host());
    // 5xx to the syntax of a parameter is not about the message; but nothing else can be done.
    if (!caps_.pipelining) decide(who_, *mail_refused_);
  }
  co_return true;
}

Task<bool> Transaction::hear_recipient(std::size_t index) {
  const auto reply = co_await connection_.reply(limits_.recipient);
  if (!reply) lost(from_error(reply.error(), "sending RCPT"));
  if (!reply || closing(*reply)) co_return false;
  std::vector<std::size_t> one{index};
  std::erase(who_, index);
  if (mail_refused_) {
    decide(one, *mail_refused_);
  } else if (reply->positive()) {
    accepted_.push_back(index);
  } else if (reply->code == 452 && !accepted_.empty()) {
    again_.push_back(index);  // RFC 5321 §4.5.3.1.10: too many recipients
  } else {
    decide(one, from_reply(*reply, connection_.host()));
  }
  co_return true;
}

Task<Transaction::Begun> Transaction::hear_data() {
  const auto reply = co_await connection_.reply(limits_.data_start);
  if (!reply) lost(from_error(reply.error(), "sending DATA"));
  if (!reply || closing(*reply)) co_return Begun::no;
  if (reply->intermediate()) {
    if (!accepted_.empty()) co_return Begun::data;
    // RFC 2920 §3.1: DATA was taken although nobody was: end it empty.
    const std::string nothing = ".\r\n";
    const auto written = co_await connection_.send(nothing, limits_.data_block);
    const auto end = co_await connection_.reply(limits_.data_end);
    if (!written || !end) lost(ours(451, "4.4.2", "connection lost"));
    co_return Begun::no;
  }
  // A success here makes no sense; it must not count as one.
  auto why = from_reply(*reply, connection_.host());
  if (why.kind == Outcome::Kind::sent) why.kind = Outcome::Kind::deferred;
  decide(accepted_, why);
  co_return Begun::no;
}

Task<> Transaction::send_content() {
  const bool sent = co_await send_pieces();
  if (sent) co_await hear_end();
}

/// False when the end was not sent: the connection is then cut, so that nothing is taken for it.
Task<bool> Transaction::send_pieces() {
  Content content{job_, edits_};
  smtp::DataEncoder encoder;
  std::string out;
  for (bool more = true; more;) {
    const auto piece = co_await content.next();
    if (!piece) {
      lost(ours(451, "4.3.0", "the message cannot be read now"));
      decide(accepted_, result_.why);
      co_return false;
    }
    more = !piece->empty();
    const auto encoded = more ? encoder.add(*piece, out) : encoder.finish(out);
    if (!encoded) {
      lost(ours(554, "5.6.0", "the message holds a bare CR, a bare LF or a NUL"));
      decide(accepted_, result_.why);
      co_return false;
    }
    // Small messages go with their dot in one write.
    if (more && out.size() < Content::kPiece) continue;
    connection_.delivering = !more;
    const auto written = co_await connection_.send(out, limits_.data_block);
    out.clear();
    if (written) continue;
    auto why = from_error(written.error(), "sending the message");
    const auto words = co_await connection_.reply(kLastWords);
    if (words && !words->positive()) why = from_reply(*words, connection_.host());
    lost(why);
    if (words && !words->positive()) decide(accepted_, why);
    co_return false;
  }
  co_return true;
}

/// From here on the host may have the message, whatever happens.
Task<> Transaction::hear_end() {
  const auto reply = co_await connection_.reply(limits_.data_end);
  if (!reply) {
    auto why = from_error(reply.error(), "waiting for the answer to the message");
    why.text += "; it may have arrived";
    decide(accepted_, why);
    lost(std::move(why));
    co_return;
  }
  connection_.needs_reset = !reply->positive();
  const bool last = closing(*reply);
  if (accepted_.empty()) co_return;
  auto outcome = from_reply(*reply, connection_.host());
  outcome.dsn_passed_on = caps_.dsn;
  if (!last) decide(accepted_, outcome);
}

}  // namespace

bool needs_smtputf8(const queue::Job& job) {
  const auto& envelope = job.envelope;
  if (envelope.smtputf8 && job.has_8bit_header) return true;
  if (envelope.from && envelope.from->needs_smtputf8()) return true;
  return std::ranges::any_of(job.recipients, [](const queue::Recipient& recipient) {
    return recipient.address.needs_smtputf8();
  });
}

Task<Transacted> transact(Connection& connection, const queue::Job& job,
                          std::vector<std::size_t> who, const Settings& settings,
                          std::vector<queue::RecipientOutcome>& outcomes) {
  Transaction transaction{connection, job, std::move(who), settings, outcomes};
  co_return co_await transaction.run();
}

}  // namespace postern::smtpc
