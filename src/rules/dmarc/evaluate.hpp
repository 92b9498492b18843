#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "dmarc/record.hpp"
#include "dmarc/tree_walk.hpp"
#include "dns/answer.hpp"

// Whether a message is what its Author Domain says it is: RFC 9989 §5.3 as a pure function of SPF,
// DKIM and DNS. The record of RFC 7489 is read as one of RFC 9989: `pct` counts only as `pct=0`
// (see Record::testing), `rf` and `ri` do nothing.
namespace postern::dmarc {

/// A result of SPF or DKIM in the words of RFC 8601 §2.7.1, §2.7.2.
enum class Auth : std::uint8_t {
  none,
  pass,
  fail,
  softfail,
  neutral,
  policy,
  temperror,
  permerror,
};
[[nodiscard]] std::string_view to_string(Auth auth);
[[nodiscard]] std::optional<Auth> parse_auth(std::string_view word);

/// One identifier with what SPF or DKIM said of it.
struct Identifier {
  Auth result = Auth::none;
  /// SPF: the domain of MAIL FROM, of EHLO when MAIL FROM is null (RFC 7208 §2.4). DKIM: `d=`. The
  /// root: there is none.
  dns::Name domain = {};
  std::string selector = {};  ///< DKIM: `s=`, for reports.
};

struct Input {
  dns::Name author;  ///< See `author_of`.
  Identifier spf = {};
  std::vector<Identifier> dkim = {};  ///< Of every signature looked at.
};

enum class Alignment : std::uint8_t {
  unchecked,  ///< It did not pass, so alignment says nothing, or there were too many.
  none,
  relaxed,  ///< Another domain of the same organisation.
  strict,   ///< The same domain.
  unknown,  ///< DNS fails where the organisation would be told.
};
[[nodiscard]] std::string_view to_string(Alignment alignment);

/// An identifier held against the Author Domain (RFC 9989 §4.4).
struct Judged {
  Identifier identifier;
  Alignment alignment = Alignment::unchecked;
  /// Aligned as the record demands, and passed: what makes the message pass.
  bool counts = false;
};

enum class Conclusion : std::uint8_t { none, pass, fail, temperror, permerror };
[[nodiscard]] std::string_view to_string(Conclusion conclusion);

/// The tag that the policy was taken from.
enum class PolicyTag : std::uint8_t { p, sp, np };
[[nodiscard]] std::string_view to_string(PolicyTag tag);

struct Verdict {
  Conclusion result = Conclusion::none;
  dns::Name author;
  /// Where the record that applies stands (without `_dmarc`), and the record. Nothing: no record.
  std::optional<dns::Name> policy_domain = {};
  std::optional<Record> record = {};
  /// Of the Author Domain; the Author Domain itself where it could not be told.
  dns::Name organisation;
  Boundary boundary = Boundary::itself;
  bool from_psd = false;  ///< The record is a registry's (`psd=y`), above the organisation.
  /// Policy of the record for this Author Domain, and what is left of it in test mode. `none`
  /// without a usable record.
  Policy asked = Policy::none;
  Policy applied = Policy::none;
  PolicyTag tag = PolicyTag::p;
  bool tested = false;       ///< Test mode made `applied` differ from `asked`.
  bool nonexistent = false;  ///< The Author Domain does not exist (RFC 9989 §3.2.13). Looked at
                             ///< only when the record stands elsewhere.
  Judged spf = {};
  std::vector<Judged> dkim = {};  ///< In the order given.
  /// On `temperror`: an identifier that is the Author Domain itself passes, so whatever the
  /// record says, the message would not fail.
  bool would_pass = false;
  dns::Status status = dns::Status::indeterminate;  ///< The weakest of all answers used.
  std::vector<std::string> faults = {};             ///< Of the records met, in words.
  std::string reason = {};                          ///< One line for people.

  /// policy_evaluated of aggregate reports (RFC 9990 §3.1.1.9).
  [[nodiscard]] bool spf_passes() const { return spf.counts; }
  [[nodiscard]] bool dkim_passes() const;
};

/// At most so many identifiers have a tree walk of their own: enough for SPF and eight signatures.
inline constexpr std::size_t kMaxWalkedIdentifiers = 9;

using Step = std::variant<Verdict, dns::Need>;

/// Evaluates RFC 9989 §5.3.2 to §5.3.5. Call it with no answers, then again with those it asked
/// for: it asks at most twice. First the walk from the Author Domain (at most 8 names), then, only
/// if a record applies, the walks of identifiers below the same organisation and whether the
/// Author Domain exists (an A query). An identifier outside the Author Domain's organisation costs
/// nothing.
///
/// Results: `none` no record; `pass`; `fail`; `permerror` the record that applies has invalid
/// policies and no usable `rua` (RFC 9989 §4.10.1: no DMARC processing); `temperror` DNS, SPF or
/// DKIM failed for now, and what is known makes it neither pass nor fail.
[[nodiscard]] Step evaluate(const Input& input, const dns::Answers& answers,
                            const PublicSuffix& suffix = {});

}  // namespace postern::dmarc
