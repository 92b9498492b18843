#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/core.hpp"
#include "async/task.hpp"
#include "dkim/message.hpp"
#include "mailauth/findings.hpp"
#include "mailauth/history.hpp"
#include "mailauth/inquiry.hpp"
#include "mailauth/key_cache.hpp"
#include "resolver/resolver.hpp"

// Finds out who a message on its way in comes from: runs SPF, DKIM, ARC, DMARC and iprev (all pure
// rules) over the resolver, within a budget for the message.
namespace postern::mailauth {

/// A constant snapshot.
struct Settings {
  std::string hostname;  ///< The authserv-id (RFC 8601 §2.5) and the macro `r` of SPF.
  Budget budget;
  std::shared_ptr<Load> load = std::make_shared<Load>();  ///< The same in every snapshot.
  /// Signers' keys, made ready for the next message of theirs. Shared by all cores; the same in
  /// every snapshot.
  std::shared_ptr<KeyCache> keys = std::make_shared<KeyCache>();
  /// Domains whose ARC seals are believed (d= of ARC-Seal), lower-case A-labels.
  std::vector<std::string> trusted_sealers;
  /// Author domains for which `p=reject` alone is a refusal; "*" for all.
  std::vector<std::string> strict_domains;
  /// Mailing lists and forwarders of the operator's: see `exception_for`.
  std::vector<std::string> exceptions;
  dmarc::PublicSuffix suffix;  ///< Any core.
  /// What an alias passes on elsewhere is sealed: its body is hashed for that, too.
  bool seal = false;
};

/// More separate forgeries than this are no accident: the message is to be refused.
inline constexpr std::size_t kMaxForged = 50;

/// An octet range of the body that is not to be shown.
struct Forged {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

/// One message on its way in. Belongs to one core; everything given outlives it.
class Reception {
 public:
  /// `history` null: nothing is remembered, and every path counts as known.
  Reception(resolver::Resolver& resolver, Core& core, std::shared_ptr<const Settings> settings,
            History* history = nullptr);

  /// The next octets of the message, as they came, cut anywhere.
  void feed(std::string_view octets) { reader_.feed(octets); }

  /// The end: judges. Takes as long as DNS does, bounded by the budget and one look-up's limit.
  Task<Findings> finish(Peer peer);

  /// After `finish`: fields of the message that claim to be ours (RFC 8601 §5), in order,
  /// neighbours as one: Authentication-Results with our id, and any Postern-Reason.
  [[nodiscard]] std::vector<Forged> forged() const;
  /// After `finish`.
  [[nodiscard]] const dkim::Message& message() const { return message_; }

 private:
  [[nodiscard]] std::vector<std::string_view> values(std::string_view field) const;
  [[nodiscard]] bool has_list_traits() const;
  [[nodiscard]] bool seal_is_trusted(const Findings& findings, std::string& who) const;
  Task<> remember(Findings& findings);
  Task<> ask_everybody(Findings& findings);
  void judge(Findings& findings) const;

  Core& core_;
  std::shared_ptr<const Settings> settings_;
  Inquiry inquiry_;
  History* history_;
  dkim::MessageReader reader_;
  dkim::Message message_;
};

}  // namespace postern::mailauth
