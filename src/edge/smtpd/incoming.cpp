#include "smtpd/incoming.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "dkim/sign.hpp"
#include "mime/builder.hpp"
#include "mime/message.hpp"
#include "smtp/received.hpp"
#include "smtpd/header_rules.hpp"
#include "smtpd/recipient_rules.hpp"
#include "smtpd/reply_for.hpp"
#include "smtpd/report_mail.hpp"
#include "smtpd/state.hpp"
#include "vocab/try.hpp"

namespace postern::smtpd {
namespace {

/// "TLS1.3 TLS_AES_256_GCM_SHA384"; empty in clear.
std::string tls_text(const net::TlsInfo* info) {
  if (info == nullptr) return {};
  std::string version = info->version;
  if (version.starts_with("TLSv")) version.erase(3, 1);
  return version + ' ' + info->cipher;
}

smtp::WithProtocol with_protocol(const Session& session) {
  return {.extended = !session.hello || session.hello->kind != smtp::HelloKind::helo,
          .tls = session.in_tls(),
          .authenticated = session.login.has_value(),
          .smtputf8 = session.transaction.envelope.smtputf8};
}

/// Row D2: of a submission it tells the id alone, by which `postern trace` finds the rest.
std::string received(const Session& session) {
  smtp::Received out{.by = session.settings.hostname,
                     .with = with_protocol(session),
                     .tls = tls_text(session.stream.tls()),
                     .id = trace::to_text(session.transaction.id),
                     .time = session.core.clock.now()};
  if (!session.submission() && session.hello)
    out.client = smtp::Received::Client{.hello = session.hello->name, .ip = session.peer};
  return smtp::received_field(out);
}

delivery::Transaction to_delivery(Session& session) {
  delivery::Transaction out;
  out.id = session.transaction.id;
  out.source.submission = session.submission();
  out.source.sender_proven = session.submission();
  out.source.account = session.account();
  out.received = received(session);
  out.peer = session.peer_text();
  out.facts.emplace_back("with", smtp::to_string(with_protocol(session)));
  if (session.in_tls()) out.facts.emplace_back("tls", tls_text(session.stream.tls()));
  if (session.login) out.facts.emplace_back("login", session.login->name);
  out.envelope = std::move(session.transaction.envelope);
  out.recipients = std::move(session.transaction.recipients);
  return out;
}

mailauth::Peer peer_of(const Session& session) {
  const auto& from = session.transaction.envelope.from;
  return {.ip = session.peer,
          .helo = session.hello ? session.hello->name : std::string{},
          .mail_from = from ? smtp::to_string(*from) : std::string{}};
}

/// What a message is refused for, whoever its recipients are.
std::optional<smtp::Reply> refusal_of(const mailauth::Findings& findings) {
  const auto why = findings.refusal();
  if (!why) return std::nullopt;
  return smtp::Reply{why->reply, smtp::parse_enhanced_status(why->enhanced), why->text};
}

SubmissionRules submission_rules(const Session& session) {
  const AccountId account = session.account();
  const directory::Directory& directory = session.services.directory;
  const auto unique = trace::to_text(session.transaction.id);
  return {.may_send_as =
              [account, &directory](const smtp::Address& address) {
                return directory.may_send_as(account, address);
              },
          .relay = session.may_relay(),
          .null_sender = !session.transaction.envelope.from,
          .date = smtp::to_date(session.core.clock.now()),
          .message_id = mime::make_message_id(unique, session.settings.hostname)};
}

}  // namespace

Incoming::Incoming(Session& session)
    : session_{session},
      draft_{session.services.delivery.new_draft()},
      in_header_{session.submission()} {
  const auto& settings = session.settings.authentication;
  if (!session.submission() && settings) {
    reception_ = std::make_unique<mailauth::Reception>(session.services.resolver, session.core,
                                                       settings, session.services.history);
  }
  if (session.submission() && session.services.signer != nullptr)
    signing_.emplace(dkim::MessageReader::Settings{.bodies = {dkim::kSignedBody}});
}

void Incoming::refuse(smtp::Reply why) {
  if (!refused_) refused_ = std::move(why);
  draft_.reset();
  reception_.reset();
  signing_.reset();
  header_ = {};
}

Task<> Incoming::take(std::string_view octets) {
  size_ += octets.size();
  if (size_ > session_.settings.max_message) refuse(reply_for(Errc::too_large));
  if (refused_ || octets.empty()) co_return;
  if (in_header_) {
    co_await take_header(octets);
  } else {
    co_await feed(octets);
  }
}

Task<> Incoming::feed(std::string_view octets) {
  if (reception_) reception_->feed(octets);
  if (signing_) signing_->feed(octets);
  const auto fed = co_await draft_->feed(octets);
  if (fed) co_return;
  session_.logger.warn("message data not taken",
                       {{"id", session_.transaction.id}, {"why", fed.error().code}});
  refuse(reply_for(fed.error().code));
}

/// Until the empty line.
Task<> Incoming::take_header(std::string_view octets) {
  // Where the two line ends may begin: at most three octets back.
  const std::size_t from = header_.size() - std::min<std::size_t>(header_.size(), 3);
  header_ += octets;
  if (header_.starts_with("\r\n")) co_return co_await end_header(2);
  const std::size_t end = header_.find("\r\n\r\n", from);
  if (end != std::string::npos) co_return co_await end_header(end + 4);
  if (header_.size() > mime::kMaxHeader) refuse({552, {{5, 3, 4}}, "Header too large"});
}

Task<> Incoming::end_header(std::size_t size) {
  in_header_ = false;
  const std::string raw = std::exchange(header_, {});
  if (size > mime::kMaxHeader) co_return refuse({552, {{5, 3, 4}}, "Header too large"});
  auto header = complete_header(std::string_view{raw}.substr(0, size), submission_rules(session_));
  if (!header) co_return refuse(std::move(header).error());
  header->append(raw, size);
  co_await feed(*header);
}

Task<smtp::Reply> Incoming::finish(std::optional<smtp::DataFlaw> flaw) {
  if (flaw) refuse(reply_for(*flaw));
  // Its sender may be a stranger by now; the next command ends the session.
  if (session_.login_over()) refuse(reply_login_over(451));
  if (!refused_ && in_header_) co_await end_header(header_.size());
  session_.services.metrics.bytes.add(size_);
  if (!refused_) {
    const smtp::Reply reply = co_await commit();
    co_return reply;
  }
  session_.note_refusal(*refused_);
  session_.logger.info("message refused", {{"id", session_.transaction.id},
                                           {"reply", log::Detail{smtp::to_line(*refused_)}}});
  co_return *refused_;
}

/// What `found` means for delivery.
void Incoming::tell(delivery::Transaction& transaction, const mailauth::Findings& found) const {
  auto facts = mailauth::facts_of(found);
  std::ranges::move(facts, std::back_inserter(transaction.facts));
  transaction.source.sender_proven = found.sender_proven();
  transaction.verdict =
      mailauth::fields_of(found, session_.settings.hostname, transaction.envelope.smtputf8);
  transaction.junk = found.disposition.action == dmarc::Action::junk;
  // Where accounts differ, each has its own reason.
  if (transaction.by_account.empty()) {
    transaction.verdict += mailauth::reason_of(found.disposition);
  } else {
    transaction.facts.emplace_back("recipients", "want different things");
  }
  for (const auto& [begin, end] : reception_->forged()) transaction.elided.push_back({begin, end});
}

Task<std::string> Incoming::seal(std::string domain, const mailauth::Findings& found,
                                 bool utf8) const {
  const auto results = mailauth::results_of(found, session_.settings.hostname, utf8);
  auto set =
      co_await session_.services.signer->seal(reception_->message(), found.arc, results, domain);
  if (set) co_return *std::move(set);
  // It says nothing of the message that others need to have.
  session_.logger.warn("a message is passed on without an ARC seal",
                       {{"id", session_.transaction.id}, {"why", set.error().code}});
  co_return std::string{};
}

/// Mail that should be signed does not leave without: it would be refused elsewhere.
Task<Result<void>> Incoming::sign(delivery::Transaction& transaction) {
  if (!signing_) co_return Result<void>{};
  const auto message = signing_->finish();
  signing_.reset();
  POSTERN_CO_TRY(auto done, co_await session_.services.signer->sign(message));
  transaction.verdict += done.fields;
  if (!done.by.empty()) transaction.facts.emplace_back("signed", std::move(done.by));
  co_return Result<void>{};
}

/// What a judgement of who sent it refuses. `seen`: what is told of it, if something is.
smtp::Reply Incoming::refuse_judged(smtp::Reply why, const mailauth::Findings& found,
                                    std::optional<reports::SeenMessage> seen) {
  if (seen) session_.services.reports->collector().note(*std::move(seen));
  session_.note_refusal(why, {}, mailauth::facts_of(found));
  session_.logger.info("message refused", {{"id", session_.transaction.id},
                                           {"reply", log::Detail{smtp::to_line(why)}}});
  return why;
}

/// Adds to a message of a stranger what was found out about it.
Task<> Incoming::describe(delivery::Transaction& transaction, const store::Draft& draft,
                          const mailauth::Findings& found) {
  tell(transaction, found);
  if (is_for_reports(session_, transaction.recipients))
    co_await read_report(session_, {draft, size_}, found, transaction);
  if (!session_.settings.authentication->seal || session_.services.signer == nullptr) co_return;
  transaction.seal = [this, &found, utf8 = transaction.envelope.smtputf8](std::string domain) {
    return seal(std::move(domain), found, utf8);
  };
}

/// Why delivery did not take it.
smtp::Reply Incoming::not_taken(const Error& why) {
  session_.services.metrics.refused.add();
  session_.logger.warn("message not accepted",
                       {{"id", session_.transaction.id}, {"why", why.code}});
  if (why.code != Errc::too_large) return reply_for(why.code);
  // As at RCPT, had its size been known then.
  return reply_for(
      delivery::RecipientVerdict{.kind = delivery::RecipientVerdict::Kind::never_fits});
}

Task<smtp::Reply> Incoming::commit() {
  const Instant began = session_.core.clock.instant();
  const TraceId id = session_.transaction.id;
  const auto draft = std::exchange(draft_, nullptr);
  auto staged = co_await draft->finish();
  if (!staged) co_return reply_for(staged.error().code);
  if (auto refusal = judge_from_count((*staged)->parsed.fields())) {
    session_.note_refusal(*refusal);
    co_return *std::move(refusal);
  }
  std::optional<mailauth::Findings> found;
  std::optional<reports::SeenMessage> seen;
  RecipientJudgement judged;
  if (reception_) {
    found = co_await reception_->finish(peer_of(session_));
    auto refusal = refusal_of(*found);
    if (!refusal) {
      judged =
          judge_recipients(*found, session_.services.directory, session_.transaction.recipients);
      found->disposition = judged.disposition;
      refusal = std::move(judged.refusal);
    }
    seen = to_tell(session_, *found, (*staged)->parsed, refusal.has_value());
    if (refusal) co_return refuse_judged(*std::move(refusal), *found, std::move(seen));
  }
  auto transaction = to_delivery(session_);
  transaction.by_account = std::move(judged.by_account);
  if (found) co_await describe(transaction, *draft, *found);
  if (signing_) {
    const auto done = co_await sign(transaction);
    if (!done && done.error().code == Errc::too_large)
      co_return smtp::Reply{552, {{5, 3, 4}}, "The header has too many fields to be signed"};
    if (!done) {
      session_.logger.warn("a submission could not be signed",
                           {{"id", id}, {"why", done.error().code}});
      co_return smtp::Reply{451, {{4, 3, 0}}, "The message cannot be signed now; try again later"};
    }
  }
  const auto recipients = transaction.recipients.size();
  const auto outcome =
      co_await session_.services.delivery.deliver(std::move(transaction), *std::move(staged));
  if (!outcome) co_return not_taken(outcome.error());
  if (seen) session_.services.reports->collector().note(*std::move(seen));
  session_.services.metrics.accepted.add();
  session_.services.metrics.commit_seconds.observe(session_.core.clock.instant() - began);
  session_.logger.info("message accepted",
                       {{"id", id}, {"size", size_}, {"recipients", recipients}});
  session_.idle_commands = 0;
  session_.progress = session_.core.clock.instant();
  co_return smtp::Reply{250, {{2, 0, 0}}, "OK id=" + trace::to_text(id)};
}

}  // namespace postern::smtpd
