#include "imap/print_search.hpp"

#include "imap/print.hpp"

namespace postern::imap {
namespace {

void append_item(std::string& out, std::string_view word, std::uint64_t value) {
  out += word;
  append_number(out, value);
}

}  // namespace

void append_search(std::string& out, const RangeSet& found, std::optional<ModSeq> mod_seq) {
  out += "* SEARCH";
  for (const auto& range : found.ranges()) {
    for (std::uint64_t n = range.first; n <= range.last; ++n) append_item(out, " ", n);
  }
  if (mod_seq && !found.empty()) {
    append_item(out, " (MODSEQ ", mod_seq->value());
    out.push_back(')');
  }
  out += "\r\n";
}

void append_esearch(std::string& out, std::string_view tag, const EsearchData& data) {
  out += "* ESEARCH (TAG ";
  append_string(out, tag);
  out.push_back(')');
  if (data.uid) out += " UID";
  if (data.min) append_item(out, " MIN ", *data.min);
  if (data.max) append_item(out, " MAX ", *data.max);
  if (data.count) append_item(out, " COUNT ", *data.count);
  if (data.all && !data.all->empty()) {
    out += " ALL ";
    append_ranges(out, *data.all);
  }
  if (data.mod_seq) append_item(out, " MODSEQ ", data.mod_seq->value());
  out += "\r\n";
}

void append_vanished(std::string& out, bool earlier, const RangeSet& uids) {
  if (uids.empty()) return;
  out += earlier ? "* VANISHED (EARLIER) " : "* VANISHED ";
  append_ranges(out, uids);
  out += "\r\n";
}

}  // namespace postern::imap
