#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "imap/sequence_set.hpp"

namespace postern::imap {

struct SearchKey;

// The keys of SEARCH (RFC 9051 §6.4.4), alike ones merged: FROM, TO, CC, BCC and SUBJECT are
// headers, UNSEEN is a flag not set, NEW is (RECENT UNSEEN).

/// All hold; with no keys: every message (ALL).
struct SearchAnd {
  std::vector<SearchKey> keys;
};
struct SearchOr {
  std::vector<SearchKey> keys;  ///< two
};
struct SearchNot {
  std::vector<SearchKey> keys;  ///< one
};
struct SearchNumbers {
  SequenceSet set;
  bool uid;
};
struct SearchFlag {
  std::string flag;  ///< as canonical_flag gives it; \Recent too (RFC 3501 §6.4.4)
  bool set;
};
struct SearchDate {
  enum class Field : std::uint8_t { internal, sent, saved };  ///< saved: RFC 8514 §4.3
  enum class Op : std::uint8_t { before, on, since };
  Field field;
  Op op;
  std::chrono::year_month_day day;
};
struct SearchSize {
  bool larger;  ///< else smaller; equal is neither
  std::uint64_t octets;
};
/// A header field of that name holds `value` (decoded, without case); "": the field is there.
struct SearchHeader {
  std::string field;
  std::string value;
};
/// The subject, as ENVELOPE shows it, holds `value` (decoded, without case).
struct SearchSubject {
  std::string value;
};
/// BODY, or TEXT when `with_header`.
struct SearchText {
  bool with_header;
  std::string value;
};
/// RFC 7162 §3.1.5; the entry name and type that may precede the number are dropped: there is one
/// MODSEQ per message.
struct SearchModSeq {
  std::uint64_t at_least;
};
/// RFC 5032 §2: OLDER, YOUNGER.
struct SearchAge {
  bool older;
  std::uint32_t seconds;
};
/// RFC 8474 §6: EMAILID, THREADID.
struct SearchObjectId {
  bool thread;
  std::string id;
};
/// RFC 8514 §4.3.
struct SearchSaveDateSupported {};

/// One key. Strings are UTF-8.
struct SearchKey {
  std::variant<SearchAnd, SearchOr, SearchNot, SearchNumbers, SearchFlag, SearchDate, SearchSize,
               SearchHeader, SearchSubject, SearchText, SearchModSeq, SearchAge, SearchObjectId,
               SearchSaveDateSupported>
      is;
};

inline constexpr int kMaxSearchDepth = 50;
inline constexpr std::size_t kMaxSearchKeys = 2000;

}  // namespace postern::imap
