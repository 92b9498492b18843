#include "imap/response_code.hpp"

#include "imap/print.hpp"

namespace postern::imap {
namespace {

std::string with_number(std::string_view word, std::uint64_t value) {
  std::string out{word};
  append_number(out, value);
  return out;
}

}  // namespace

std::string append_uid_code(UidValidity validity, const RangeSet& uids) {
  auto out = with_number("APPENDUID ", validity.value());
  out.push_back(' ');
  append_ranges(out, uids);
  return out;
}

std::string copy_uid_code(UidValidity validity, const RangeSet& from, const RangeSet& to) {
  auto out = with_number("COPYUID ", validity.value());
  out.push_back(' ');
  append_ranges(out, from);
  out.push_back(' ');
  append_ranges(out, to);
  return out;
}

std::string highest_mod_seq_code(ModSeq value) {
  return with_number("HIGHESTMODSEQ ", value.value());
}

std::string modified_code(const RangeSet& numbers) {
  std::string out = "MODIFIED ";
  append_ranges(out, numbers);
  return out;
}

std::string permanent_flags_code(std::span<const std::string> flags, bool new_keywords) {
  std::string out = "PERMANENTFLAGS ";
  append_flag_list(out, flags);
  if (!new_keywords) return out;
  out.pop_back();
  out += flags.empty() ? "\\*)" : " \\*)";
  return out;
}

std::string uid_next_code(Uid next) {
  return with_number("UIDNEXT ", next.value());
}

std::string uid_validity_code(UidValidity validity) {
  return with_number("UIDVALIDITY ", validity.value());
}

std::string unseen_code(std::uint32_t number) {
  return with_number("UNSEEN ", number);
}

std::string mailbox_id_code(std::string_view id) {
  std::string out = "MAILBOXID (";
  out += id;
  out.push_back(')');
  return out;
}

std::string capability_data(std::span<const std::string_view> capabilities) {
  std::string out = "CAPABILITY";
  for (const auto name : capabilities) {
    out.push_back(' ');
    out += name;
  }
  return out;
}

}  // namespace postern::imap
