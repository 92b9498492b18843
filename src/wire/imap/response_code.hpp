#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "imap/sequence_set.hpp"
#include "vocab/ids.hpp"

// Response codes that carry something (RFC 9051 §7.1, RFC 7162 §7, RFC 8474 §4), without their
// brackets: what append_status_response takes. The others are plain words: "TRYCREATE".
namespace postern::imap {

/// `APPENDUID 38505 3955:3957`. `uids` is not empty.
[[nodiscard]] std::string append_uid_code(UidValidity validity, const RangeSet& uids);
/// `COPYUID 38505 304,319:320 3956:3958`: the n-th of `from` became the n-th of `to`.
[[nodiscard]] std::string copy_uid_code(UidValidity validity, const RangeSet& from,
                                        const RangeSet& to);
[[nodiscard]] std::string highest_mod_seq_code(ModSeq value);
/// What UNCHANGEDSINCE left alone; not empty.
[[nodiscard]] std::string modified_code(const RangeSet& numbers);
/// `PERMANENTFLAGS (\Seen \*)`, `\*` when new keywords may be made.
[[nodiscard]] std::string permanent_flags_code(std::span<const std::string> flags,
                                               bool new_keywords);
[[nodiscard]] std::string uid_next_code(Uid next);
[[nodiscard]] std::string uid_validity_code(UidValidity validity);
/// RFC 3501 §7.1: the number of the first unseen message.
[[nodiscard]] std::string unseen_code(std::uint32_t number);
/// `MAILBOXID (F123)` (RFC 8474 §4.2).
[[nodiscard]] std::string mailbox_id_code(std::string_view id);
/// `CAPABILITY IMAP4rev2 ...`; with append_untagged also the response.
[[nodiscard]] std::string capability_data(std::span<const std::string_view> capabilities);

}  // namespace postern::imap
