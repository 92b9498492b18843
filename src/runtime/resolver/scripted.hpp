#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <string_view>

#include "async/core.hpp"
#include "resolver/resolver.hpp"
#include "vocab/time.hpp"

namespace postern::resolver {

/// DNS out of a map, for tests and the simulator: what is not written down does not exist. Answers
/// at once, or after a delay in the core's time. Used on one core only.
class ScriptedResolver final : public Resolver {
 public:
  explicit ScriptedResolver(Timers& timers) : timers_{timers} {}

  /// Adds a record. `status` holds for all records of that name and type. Names that do not parse
  /// throw: they are mistakes in the test.
  void add(std::string_view name, dns::Type type, dns::Record record,
           dns::Status status = dns::Status::insecure);
  /// `name` with an MX, A or AAAA record.
  void add_mx(std::string_view name, std::uint16_t preference, std::string_view exchange,
              dns::Status status = dns::Status::insecure);
  void add_address(std::string_view name, std::string_view ip,
                   dns::Status status = dns::Status::insecure);
  /// The whole answer.
  void set(std::string_view name, dns::Type type, dns::Answer answer);
  /// `servfail`, `timeout`, ... for that question.
  void fail(std::string_view name, dns::Type type, dns::Outcome outcome);
  /// Every answer about `name` comes this much later.
  void delay(std::string_view name, Duration delay);

  /// How often a question about `name` and `type` came.
  [[nodiscard]] std::size_t asked(std::string_view name, dns::Type type) const;

 private:
  /// An answer on its way.
  struct Late final : Timers::Timer {
    Late(ScriptedResolver& resolver, dns::Answer what, Done whom)
        : owner{resolver}, answer{std::move(what)}, done{std::move(whom)} {}
    void fire() override { owner.deliver(*this); }

    ScriptedResolver& owner;
    dns::Answer answer;
    Done done;
    std::list<Late>::iterator self{};
  };

  void start(dns::Question question, Done done) override;
  void deliver(Late& late);
  [[nodiscard]] dns::Answer find(const dns::Question& question) const;

  Timers& timers_;
  dns::Answers answers_;
  std::map<dns::Name, Duration> delays_;
  std::map<dns::Question, std::size_t> asked_;
  std::list<Late> late_;
};

}  // namespace postern::resolver
