#pragma once

#include <memory>
#include <optional>
#include <string>

#include "dns/name.hpp"
#include "vocab/result.hpp"

struct psl_ctx_st;

namespace postern::suffix {

/// The public suffix list (publicsuffix.org), its ICANN and its private part alike. Constant after
/// it was made; shared by any number of threads. What rules want of it is a function, so a list is
/// handed to them as `[&](const dns::Name& n) { return list.suffix_of(n); }`.
class PublicSuffixList {
 public:
  /// The list within libpsl: as old as the package it came with.
  [[nodiscard]] static PublicSuffixList builtin();
  /// A list from a file, as text or as DAFSA (Debian's package `publicsuffix` updates
  /// /usr/share/publicsuffix). Blocks; for the start of the program and reloads.
  /// Error `io_failed`: no such file, or no list in it.
  [[nodiscard]] static Result<PublicSuffixList> load(const std::string& path);

  PublicSuffixList(PublicSuffixList&&) noexcept = default;
  PublicSuffixList& operator=(PublicSuffixList&&) noexcept = default;
  PublicSuffixList(const PublicSuffixList&) = delete;
  PublicSuffixList& operator=(const PublicSuffixList&) = delete;
  ~PublicSuffixList() = default;

  /// The longest public suffix that `name` is or lies below, by a rule of the list; nothing when no
  /// rule matches (the default rule `*` does not count) and for the root. Linear in the name.
  [[nodiscard]] std::optional<dns::Name> suffix_of(const dns::Name& name) const;
  /// The name one label below the suffix: what somebody registered. Nothing when `name` is itself a
  /// public suffix, or no rule matches.
  [[nodiscard]] std::optional<dns::Name> registrable(const dns::Name& name) const;

 private:
  struct Free {
    void operator()(psl_ctx_st* list) const;
  };
  explicit PublicSuffixList(const psl_ctx_st* builtin) : list_{builtin} {}

  std::unique_ptr<psl_ctx_st, Free> owned_;
  const psl_ctx_st* list_;
};

}  // namespace postern::suffix
