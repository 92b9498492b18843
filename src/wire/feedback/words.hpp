#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "feedback/aggregate.hpp"
#include "text/ascii.hpp"

// The words of aggregate reports: one table for each enumeration, the first word of a value being
// the one that is written (RFC 9990 §A).
namespace postern::feedback {

template <class E>
struct Word {
  E value;
  std::string_view word;
};

template <class E>
struct Words;

template <>
struct Words<Policy> {
  static constexpr std::array<Word<Policy>, 3> kTable{
      {{Policy::none, "none"}, {Policy::quarantine, "quarantine"}, {Policy::reject, "reject"}}};
};
template <>
struct Words<Disposition> {
  static constexpr std::array<Word<Disposition>, 4> kTable{{{Disposition::none, "none"},
                                                            {Disposition::pass, "pass"},
                                                            {Disposition::quarantine, "quarantine"},
                                                            {Disposition::reject, "reject"}}};
};
template <>
struct Words<Alignment> {
  static constexpr std::array<Word<Alignment>, 4> kTable{{{Alignment::relaxed, "r"},
                                                          {Alignment::strict, "s"},
                                                          {Alignment::relaxed, "relaxed"},
                                                          {Alignment::strict, "strict"}}};
};
template <>
struct Words<Aligned> {
  static constexpr std::array<Word<Aligned>, 2> kTable{
      {{Aligned::pass, "pass"}, {Aligned::fail, "fail"}}};
};
/// The last three are names that RFC 7489 §C and older mail systems use.
template <>
struct Words<AuthResult> {
  static constexpr std::array<Word<AuthResult>, 11> kTable{{{AuthResult::none, "none"},
                                                            {AuthResult::pass, "pass"},
                                                            {AuthResult::fail, "fail"},
                                                            {AuthResult::softfail, "softfail"},
                                                            {AuthResult::policy, "policy"},
                                                            {AuthResult::neutral, "neutral"},
                                                            {AuthResult::temperror, "temperror"},
                                                            {AuthResult::permerror, "permerror"},
                                                            {AuthResult::temperror, "unknown"},
                                                            {AuthResult::permerror, "error"},
                                                            {AuthResult::fail, "hardfail"}}};
};
template <>
struct Words<SpfScope> {
  static constexpr std::array<Word<SpfScope>, 2> kTable{
      {{SpfScope::mfrom, "mfrom"}, {SpfScope::helo, "helo"}}};
};
template <>
struct Words<Discovery> {
  static constexpr std::array<Word<Discovery>, 2> kTable{
      {{Discovery::psl, "psl"}, {Discovery::treewalk, "treewalk"}}};
};
template <>
struct Words<Override> {
  static constexpr std::array<Word<Override>, 7> kTable{
      {{Override::local_policy, "local_policy"},
       {Override::mailing_list, "mailing_list"},
       {Override::other, "other"},
       {Override::policy_test_mode, "policy_test_mode"},
       {Override::trusted_forwarder, "trusted_forwarder"},
       {Override::forwarded, "forwarded"},
       {Override::sampled_out, "sampled_out"}}};
};

/// The word for `value`; empty for `unspecified`.
template <class E>
[[nodiscard]] constexpr std::string_view word_of(E value) {
  for (const auto& entry : Words<E>::kTable)
    if (entry.value == value) return entry.word;
  return {};
}

/// The value of `word` in any case; `unspecified` if it is not known.
template <class E>
[[nodiscard]] E value_of(std::string_view word) {
  for (const auto& entry : Words<E>::kTable)
    if (text::iequals(entry.word, word)) return entry.value;
  return E::unspecified;
}

}  // namespace postern::feedback
