#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dmarc/record.hpp"
#include "dns/answer.hpp"

// The DNS tree walk: which records stand above a domain, and which domain is its organisation
// (RFC 9989 §4.10).
namespace postern::dmarc {

/// The public suffix at the end of a name ("co.uk" of "a.example.co.uk" and of "co.uk"); nothing
/// when no rule of the list matches (the list's default rule `*` does not count). An empty function
/// is no list at all, and leaves the walk alone to decide: RFC 9989 to the letter.
///
/// The list is a fallback and speaks in three cases only:
/// 1. A record without `psd=y` or `psd=n` at a public suffix speaks for the suffix itself, not for
///    the names below. RFC-DEVIATION: by RFC 9989 §4.10.2 the suffix would become one organisation
///    with all its customers, who then could sign for each other. A registry that means it says
///    `psd=y` (RFC 9989 §5.2), and an owner who means it says `psd=n`.
/// 2. Where the walk finds no record, the organisational domain is the one right below the public
///    suffix, not the name itself. No policy follows from that; it tells whether reports may go
///    there.
/// 3. Where a look-up at a public suffix fails for now, no `psd=n` is taken to be there, so that
///    alignment does not depend on the registry's servers.
/// In all else the walk decides, also when the list would say otherwise.
using PublicSuffix = std::function<std::optional<dns::Name>(const dns::Name&)>;

/// No walk asks for more names (RFC 9989 §4.10).
inline constexpr std::size_t kMaxWalk = 8;

/// The domains whose `_dmarc` a walk from `start` asks for, in order: `start`, then its ancestors
/// down to one label; of a name of eight labels or more, those of at most seven.
[[nodiscard]] std::vector<dns::Name> walk_targets(const dns::Name& start);

/// What stands at one domain's `_dmarc`.
struct Found {
  enum class Kind : std::uint8_t {
    pending,  ///< Not asked yet.
    none,     ///< No record, or several, which count as none.
    record,
    failed,  ///< A temporary DNS error.
  };
  Kind kind = Kind::pending;
  Record record = {};
  bool several = false;
  bool nxdomain = false;  ///< Nothing is at this name nor below it (RFC 8020 §2).
  dns::Status status = dns::Status::indeterminate;
};

/// How an organisational domain was found.
enum class Boundary : std::uint8_t {
  psd_no,         ///< Its record says `psd=n`.
  below_psd,      ///< It is right below a record that says `psd=y`.
  fewest_labels,  ///< The topmost domain with a record.
  public_suffix,  ///< No record: the list says.
  itself,         ///< No record and no list: the name itself.
};
[[nodiscard]] std::string_view to_string(Boundary boundary);

/// The outcome of a walk.
struct Organisation {
  enum class Kind : std::uint8_t { pending, known, failed };
  Kind kind = Kind::pending;
  dns::Name domain = {};  ///< When known.
  Boundary boundary = Boundary::itself;
  std::optional<dns::Name> psd = {};  ///< Where a record says `psd=y`, above the starting point.
  bool suffix_failed = false;         ///< The list's third case happened.
};

/// The records seen in one evaluation. Whatever is looked at and not answered yet is noted for
/// `questions`.
class Tree {
 public:
  /// Both are borrowed and outlive the tree.
  Tree(const dns::Answers& answers, const PublicSuffix& suffix)
      : answers_{answers}, suffix_{suffix} {}

  /// What stands at `_dmarc` of `domain`. The reference holds as long as the tree.
  const Found& at(const dns::Name& domain);
  /// RFC 9989 §4.10.2. Asks for all names of the walk at once.
  [[nodiscard]] Organisation organisation_of(const dns::Name& start);
  /// The answer to any other question; null when it is yet to be asked.
  const dns::Answer* ask(const dns::Question& question);

  [[nodiscard]] bool pending() const { return !questions_.empty(); }
  [[nodiscard]] std::vector<dns::Question> take_questions() { return std::move(questions_); }
  /// The weakest DNSSEC status of all answers looked at; `indeterminate` before the first.
  [[nodiscard]] dns::Status status() const;
  /// Domains with several records, the list's first case, bad records: in words.
  [[nodiscard]] const std::vector<std::string>& faults() const { return faults_; }

 private:
  Found look(const dns::Name& domain);
  /// Takes the record at `target` into account; says whether the walk is decided.
  bool climb(const dns::Name& start, const dns::Name& target, bool is_suffix, Organisation& out);
  void note(dns::Status status);
  void fault(std::string text);

  const dns::Answers& answers_;
  const PublicSuffix& suffix_;
  std::map<dns::Name, Found> seen_;
  std::vector<dns::Question> questions_;
  std::vector<std::string> faults_;
  std::optional<dns::Status> status_;
};

}  // namespace postern::dmarc
