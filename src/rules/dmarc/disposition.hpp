#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dmarc/evaluate.hpp"

// What is done with a message, given its verdict and all else that is known: RFC 9989 §5.4, §7.4.
// A receiver must not refuse for `p=reject` alone, so a refusal names a second ground.
namespace postern::dmarc {

/// A mailing list or forwarder that the recipient or the operator named.
struct Exception {
  enum class Kind : std::uint8_t { mailing_list, forwarder };
  Kind kind = Kind::forwarder;
  std::string name;  ///< As they named it; for trace and report.
};

/// What the recipient's account wants done with mail that fails.
enum class AccountRule : std::uint8_t {
  follow,  ///< Nothing special.
  accept,  ///< Deliver it as if it passed.
  junk,    ///< Never refuse: Junk at worst.
  strict,  ///< Refuse on `p=reject` alone.
};

/// What is known besides the verdict. Everything is absent by default.
struct Grounds {
  bool trusted_arc = false;     ///< An ARC chain is valid, and its sealer is on the trusted list.
  std::string arc_sealer = {};  ///< For trace and report.
  bool mailing_list = false;    ///< It has the traits of list mail (List-Id and the like).
  /// Mail of this Author Domain passed before when it came by this path (same peer net or same
  /// envelope domain).
  bool seen_passing = false;
  bool bad_reputation = false;
  bool blocklisted = false;
  std::optional<Exception> exception = {};
  /// The operator's option for this domain: `p=reject` is a refusal without a second ground.
  bool strict = false;
  AccountRule account = AccountRule::follow;
};

/// Why a failing message is refused, besides `p=reject`. In the order in which they are looked for.
enum class SecondGround : std::uint8_t {
  nonexistent_name,   ///< The policy is that of `np`, and the Author Domain does not exist.
  unsigned_spf_fail,  ///< SPF says fail, and there is no DKIM signature at all.
  blocklisted,
  bad_reputation,
  unknown_path,   ///< No trusted ARC, no traits of a mailing list, never seen passing this way.
  strict_option,  ///< RFC-DEVIATION: RFC 9989 §7.4 wants one of the above; the operator or the
                  ///< recipient decided otherwise.
};
/// In words that fit behind "and".
[[nodiscard]] std::string_view to_string(SecondGround ground);

/// The types of RFC 9990 §3.1.6.
enum class Override : std::uint8_t {
  local_policy,
  mailing_list,
  trusted_forwarder,
  policy_test_mode,
  other,
};
/// As in a report: "local_policy".
[[nodiscard]] std::string_view to_string(Override override_type);

struct OverrideReason {
  Override type = Override::local_policy;
  std::string comment;  ///< ASCII, for the report.
  friend bool operator==(const OverrideReason&, const OverrideReason&) = default;
};

enum class Action : std::uint8_t { accept, junk, reject, defer };
[[nodiscard]] std::string_view to_string(Action action);

struct Disposition {
  Action action = Action::accept;
  /// policy_evaluated/disposition of aggregate reports (RFC 9990 §3.1.1.9): what was applied. A
  /// deferred message is not reported.
  Policy reported = Policy::none;
  std::vector<OverrideReason> reasons = {};  ///< Why `reported` is not the policy asked for.
  std::optional<SecondGround> ground = {};   ///< Of a refusal: the one that the reply names.
  /// Of a refusal or deferral: 550 5.7.26 or 451 4.7.0 and a line of ASCII that says DMARC (RFC
  /// 9989 §7.2). Views a literal.
  std::uint16_t reply = 0;
  std::string_view enhanced = {};
  std::string text = {};
  std::string explanation = {};  ///< One line for the trace, whatever the action.
};

/// Decides for one recipient (RFC 9989 §5.3.6, §5.4; the codes are of RFC 7372 and RFC 3463 §3.8).
/// `pass`, `none`, `permerror` and policy `none`: accept. `fail`: the account's rule, then named
/// exceptions, then trusted ARC let it pass; `quarantine` is Junk; `reject` is a refusal with a
/// second ground, else Junk with an override reason. `temperror`: deferred, unless the message
/// would pass or be accepted whatever the answers.
[[nodiscard]] Disposition dispose(const Verdict& verdict, const Grounds& grounds);

/// Every second ground that holds, for the trace.
[[nodiscard]] std::vector<SecondGround> second_grounds(const Verdict& verdict,
                                                       const Grounds& grounds);

}  // namespace postern::dmarc
