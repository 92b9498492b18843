#pragma once

#include <cstddef>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dns/answer.hpp"
#include "spf/record.hpp"
#include "text/ip.hpp"

// What an SPF evaluation asks of DNS, counted: RFC 7208 §4.6.4.
namespace postern::spf {

struct Limits;

/// Why an evaluation goes no further: it has questions, or it is over.
struct Stop {
  dns::Need need = {};
  Outcome outcome = Outcome::permerror;  ///< Without questions: temperror or permerror.
  std::string why = {};
};

template <class T>
using Got = std::expected<T, Stop>;

[[nodiscard]] inline std::unexpected<Stop> permanent(std::string why) {
  return std::unexpected(Stop{.outcome = Outcome::permerror, .why = std::move(why)});
}

/// One evaluation's view of DNS. Borrows the answers and limits.
class Lookup {
 public:
  Lookup(const text::IpAddress& peer, const dns::Answers& answers, const Limits& limits)
      : peer_{peer}, answers_{answers}, limits_{limits} {}

  /// Of a term that asks DNS; permerror beyond the limit.
  [[nodiscard]] Got<void> count_term();

  /// The SPF record at `domain`; nothing: it has none. permerror: it has several.
  [[nodiscard]] Got<std::optional<std::string>> record(const dns::Name& domain);
  /// Whether `name` has an A record: RFC 7208 §5.7.
  [[nodiscard]] Got<bool> exists(const dns::Name& name);
  /// Whether an address of one of `hosts`, of the peer's family, is one that `wanted` wants.
  [[nodiscard]] Got<bool> any_address(const std::vector<dns::Name>& hosts,
                                      const std::function<bool(const text::IpAddress&)>& wanted);
  /// The exchangers of `domain`; permerror: too many.
  [[nodiscard]] Got<std::vector<dns::Name>> exchangers(const dns::Name& domain);
  /// The names of the peer that lead back to it. What fails is passed over (RFC 7208 §5.5).
  [[nodiscard]] Got<std::vector<dns::Name>> validated_names();
  /// The one TXT record at `name`; empty: none, several, or it cannot be had.
  [[nodiscard]] Got<std::string> only_text(const dns::Name& name);

  [[nodiscard]] std::size_t terms() const { return terms_; }
  /// Whether all answers so far were.
  [[nodiscard]] bool secure() const { return secure_; }

 private:
  [[nodiscard]] Got<const dns::Answer*> ask(const dns::Name& name, dns::Type type);
  [[nodiscard]] Got<const dns::Answer*> ask_or_fail(const dns::Name& name, dns::Type type);
  [[nodiscard]] Got<std::vector<dns::Name>> validate_names();
  [[nodiscard]] Got<void> count_void(const dns::Answer& answer);
  /// Stops when one of them is not answered yet.
  [[nodiscard]] Got<void> ask_all(const std::vector<dns::Name>& names, dns::Type type) const;
  [[nodiscard]] dns::Type address_type() const {
    return peer_.is_v4() ? dns::Type::a : dns::Type::aaaa;
  }

  text::IpAddress peer_;
  const dns::Answers& answers_;
  const Limits& limits_;
  std::size_t terms_ = 0;
  std::size_t voids_ = 0;
  bool secure_ = true;
  std::optional<std::vector<dns::Name>> validated_;  ///< Asked for once.
};

}  // namespace postern::spf
