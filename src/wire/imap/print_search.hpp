#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "imap/sequence_set.hpp"
#include "vocab/ids.hpp"

namespace postern::imap {

/// `* SEARCH 2 84 882` (RFC 3501 §7.2.5), with `(MODSEQ n)` if asked (RFC 7162 §3.1.6) and
/// anything was found.
void append_search(std::string& out, const RangeSet& found, std::optional<ModSeq> mod_seq);

/// What ESEARCH tells (RFC 9051 §7.3.4): only what was asked and exists is set.
struct EsearchData {
  bool uid = false;
  std::optional<std::uint32_t> min = {};
  std::optional<std::uint32_t> max = {};
  std::optional<std::uint64_t> count = {};
  /// Left out when empty, as the grammar demands.
  std::optional<RangeSet> all = {};
  std::optional<ModSeq> mod_seq = {};  ///< RFC 7162 §3.1.10
};
/// `* ESEARCH (TAG "a") UID MIN 7 COUNT 2 ALL 7,9`.
void append_esearch(std::string& out, std::string_view tag, const EsearchData& data);

/// `* VANISHED (EARLIER) 41,43:116` (RFC 7162 §3.2.10). Nothing for an empty set.
void append_vanished(std::string& out, bool earlier, const RangeSet& uids);

}  // namespace postern::imap
