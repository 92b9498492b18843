#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "feedback/aggregate.hpp"
#include "feedback/tls_report.hpp"
#include "mime/date.hpp"
#include "reports/destinations.hpp"
#include "reports/seen_codec.hpp"
#include "reports/topic.hpp"

namespace postern::reports {

/// How reports of ours are sent. A constant snapshot.
struct Settings {
  bool enabled = false;  ///< Off: nothing is counted, nothing sent.
  std::string from;      ///< An address; empty: nothing is sent.
  std::string hostname;  ///< Ours: who submits.
  std::string org_name;  ///< As people call us; empty: the host name.
  std::string contact;   ///< Further words on whom to ask; empty: none.
  dmarc::PublicSuffix suffix;
};

/// What is told in one go.
struct Telling {
  Subject subject;
  std::chrono::sys_seconds begin{};
  std::chrono::sys_seconds until{};  ///< Not part of it.
  std::vector<Chunk> chunks;         ///< In the order in which they were counted.
};

struct Letter {
  smtp::Address to;
  std::string content;
};

/// What distinguishes these letters from all others. Letters and digits.
struct LetterIds {
  std::string report;  ///< The report's id.
  std::string unique;  ///< Of Message-IDs and boundaries.
  mime::DateTime now{};
};

struct Letters {
  std::vector<Letter> letters;
  std::string upload;      ///< For https, if anybody wants it: application/tlsrpt+gzip.
  std::string report_id;   ///< Empty: there is neither.
  std::uint64_t rows = 0;  ///< Of the whole report.
  std::vector<std::string> notes;
};

/// Rows of one report; more are counted and left out.
inline constexpr std::size_t kMaxReportRows = 10'000;
/// No attachment is larger, whatever its receiver would take: mail systems mostly take 10 MB.
inline constexpr std::uint64_t kMaxAttachment = std::uint64_t{7} * 1024 * 1024;
/// For a receiver who takes less, no report is cut into pieces: it would make many mails of one.
inline constexpr std::uint64_t kMinPiece = std::uint64_t{32} * 1024;
/// Mails of one report; destinations that would need more are left out.
inline constexpr std::size_t kMaxLetters = 20;

/// The mails in which `telling` reaches `to`: for receivers with a limit in pieces, or not at all
/// when that does not help; and what is uploaded. Takes a while: for a pool. RFC 9990 §3.5,
/// RFC 8460 §5.3, §5.4.
[[nodiscard]] Letters make_letters(const Telling& telling, const Destinations& to,
                                   const Settings& settings, const LetterIds& ids);

}  // namespace postern::reports
