#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/core.hpp"
#include "delivery/delivery.hpp"
#include "log/log.hpp"
#include "net/stream.hpp"
#include "sasl/mechanism.hpp"
#include "smtp/command.hpp"
#include "smtp/data.hpp"
#include "smtpd/conversation.hpp"
#include "smtpd/incoming.hpp"
#include "smtpd/patience.hpp"
#include "smtpd/session.hpp"
#include "text/ip.hpp"

namespace postern::smtpd {

struct Login {
  AccountId account;
  std::string name;
  std::shared_ptr<const directory::Credential> credential;  ///< That it was given for.
};

/// A message that comes by BDAT, between its chunks.
struct Chunked {
  explicit Chunked(Session& session) : message{session}, patience{session} {}
  Incoming message;
  Patience patience;  ///< From the first chunk on, the waits between them included.
  smtp::LineChecker lines;
};

/// From MAIL to the message's end.
struct Transaction {
  bool open = false;  ///< MAIL was accepted.
  TraceId id;
  std::uint64_t declared = 0;  ///< SIZE=, 0 if not given.
  queue::Envelope envelope;
  std::vector<delivery::Recipient> recipients;
  std::unique_ptr<Chunked> chunked;  ///< After the first BDAT.
};

/// Where a session stands; commands say in which of these they are allowed. Bits.
enum class Stage : std::uint8_t {
  fresh = 1,       ///< Before EHLO.
  ready = 2,       ///< Between transactions.
  sender = 4,      ///< After MAIL.
  recipients = 8,  ///< After a RCPT.
  chunks = 16,     ///< After a BDAT.
};

/// One connection: what its commands share. Lives in the frame of `serve`.
struct Session {
  Session(Core& on, net::Stream& peer_stream, const Services& with, const Settings& by);

  Core& core;
  net::Stream& stream;
  const Services& services;
  const Settings& settings;
  const text::IpAddress peer;
  Conversation wire;
  log::Logger logger;

  std::shared_ptr<void> place;  ///< Among its net's connections; let go at a login.
  std::optional<smtp::Hello> hello;
  std::optional<Login> login;
  Transaction transaction;
  std::uint32_t errors = 0;         ///< Commands that were wrong.
  std::uint32_t idle_commands = 0;  ///< Since the last message: NOOP, refusals and the like.
  std::uint32_t failed_logins = 0;
  Instant progress;  ///< The beginning, or the last message accepted.

  [[nodiscard]] bool submission() const { return settings.profile == Profile::submission; }
  [[nodiscard]] bool in_tls() const { return stream.tls() != nullptr; }
  [[nodiscard]] Stage stage() const;
  [[nodiscard]] sasl::Channel channel() const;
  /// What the command parser may take now.
  [[nodiscard]] smtp::CommandRules command_rules() const;
  /// Whose login it is; 0 before it.
  [[nodiscard]] AccountId account() const { return login ? login->account : AccountId{}; }
  /// Since then the password was changed, or the account disabled or removed.
  [[nodiscard]] bool login_over() const;
  /// Row D2: whoever logged in submits others' mail too.
  [[nodiscard]] bool may_relay() const;
  /// Forgets the transaction (RFC 5321 §4.1.1.5).
  void reset() { transaction = {}; }
  /// A command that brought no message nearer: some are free, the others count as wrong.
  void count_idle();
  /// The same for a sender or a message refused; our own users' programs may try again and again.
  void count_refusal() {
    if (!submission()) count_idle();
  }
  /// A command that should not have been sent: answers, and counts it.
  void scold(const smtp::Reply& reply) {
    ++errors;
    wire.say(reply);
  }
  /// For the trace and the log: "mail.example [192.0.2.1]".
  [[nodiscard]] std::string peer_text() const;
  /// Writes a refusal down for `postern trace`: of `recipient`, or, without one, of the message.
  /// `facts`: what it rests on.
  void note_refusal(const smtp::Reply& reply, const std::optional<smtp::Address>& recipient = {},
                    std::vector<std::pair<std::string, std::string>> facts = {}) const;
};

}  // namespace postern::smtpd
