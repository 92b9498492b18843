#include "sim/protocol_world.hpp"

#include <array>
#include <memory>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "net/memory_stream.hpp"
#include "resolver/scripted.hpp"
#include "sim/bounces.hpp"
#include "sim/front.hpp"
#include "sim/imap_user.hpp"
#include "sim/node.hpp"
#include "sim/smtp_user.hpp"

namespace postern::sim {
namespace {

constexpr std::array kDomains{"a.example", "b.example"};
constexpr std::array kAddresses{"198.51.100.1", "198.51.100.2"};
/// Nobody has the first, and the second only forwards to it.
constexpr const char* kNobody = "nobody@b.example";
constexpr const char* kGoneAway = "gone@a.example";

class ProtocolWorld final : public net::Dialer {
 public:
  explicit ProtocolWorld(const WorldOptions& options)
      : options_{options},
        chance_{options.seed},
        machine_{std::make_unique<ManualCore>(chance_.seed())},
        dns_{machine_->core().timers} {
    for (std::size_t at = 0; at < kDomains.size(); ++at) add_node(at);
    dns_.add_address("c.example", "198.51.100.3");
  }
  ProtocolWorld(const ProtocolWorld&) = delete;
  ProtocolWorld& operator=(const ProtocolWorld&) = delete;
  ~ProtocolWorld() override { machine_.reset(); }

  Outcome run();

 private:
  void add_node(std::size_t at);
  void breach(std::string what) {
    if (outcome_.breaches.size() < kMaxBreaches) outcome_.breaches.push_back(std::move(what));
  }
  Task<Result<std::unique_ptr<net::Stream>>> connect(net::Endpoint to,
                                                     std::optional<text::IpAddress> source,
                                                     Duration limit) override;
  std::unique_ptr<net::Stream> knock(std::size_t node, Door door);
  void start_users(std::size_t at);
  void happen();
  void end();
  [[nodiscard]] std::uint64_t interruptions() const {
    return nodes_.front()->crashes + nodes_.front()->failures;
  }
  void add_alias();
  void check_relayed();
  void check_bounces(std::uint64_t interruptions);
  void check_queue();

  WorldOptions options_;
  Chance chance_;
  Shared shared_;
  Outcome outcome_;
  std::unique_ptr<ManualCore> machine_;
  resolver::ScriptedResolver dns_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::vector<std::vector<std::unique_ptr<Front>>> fronts_{kDomains.size()};
  std::vector<std::unique_ptr<SmtpUser>> smtp_users_;
  std::vector<std::unique_ptr<ImapUser>> imap_users_;
  std::set<Tag> owed_;  ///< Acknowledged by the first node, for the second.
  Bounces bounces_;     ///< Of what the first node took for nobody at the second.
  bool hostile_ = true;
};

void ProtocolWorld::add_node(std::size_t at) {
  const std::string domain = kDomains.at(at);
  const std::string host = "mx." + domain;
  dns_.add_mx(domain, 10, host);
  dns_.add_address(host, kAddresses.at(at));
  auto node = std::make_unique<Node>(
      *machine_, Postern::Options{.hostname = host, .mutant = options_.mutant}, domain,
      chance_.seed(), [this](std::string what) { breach(std::move(what)); });
  node->settles_on_recovery = false;
  node->on_start = [this, at, host](Postern& life) {
    fronts_.at(at).push_back(std::make_unique<Front>(life, dns_, *this, host));
  };
  node->on_crash = [this, at] { fronts_.at(at).back()->cut(); };
  nodes_.push_back(std::move(node));
}

std::unique_ptr<net::Stream> ProtocolWorld::knock(std::size_t node, Door door) {
  net::MemoryOptions line;
  line.server = {text::IpAddress::parse(kAddresses.at(node)).value(), 25};
  if (hostile_) {
    if (chance_.once_in(2)) line.max_chunk = chance_.between(1, 400);
    if (chance_.once_in(3)) line.cut_after = chance_.below(9000);
    if (chance_.once_in(2)) line.delay = Duration{static_cast<std::int64_t>(chance_.below(700))};
  }
  auto pair = net::make_memory_pair(machine_->core(), line);
  fronts_.at(node).back()->serve(door, std::move(pair.server));
  return std::move(pair.client);
}

Task<Result<std::unique_ptr<net::Stream>>> ProtocolWorld::connect(
    net::Endpoint to, std::optional<text::IpAddress> /*source*/, Duration /*limit*/) {
  if (hostile_ && chance_.once_in(6)) co_return fail(Errc::peer_closed, "refused");
  for (std::size_t at = 0; at < kAddresses.size(); ++at)
    if (to.ip == text::IpAddress::parse(kAddresses.at(at))) co_return knock(at, Door::smtp);
  co_return fail(Errc::peer_timeout, "nobody there");
}

void ProtocolWorld::start_users(std::size_t at) {
  auto& life = nodes_.at(at)->life();
  auto& here = nodes_.at(at)->slots();
  auto& there = nodes_.at(1 - at)->slots();
  const Knock knock_at = [this](std::size_t node, Door door) { return knock(node, door); };
  SmtpUser::Where where{.node = at, .here = {&here[0], &here[1]}, .owed = &owed_};
  if (at == 0) {
    where.there = {&there[0], &there[1]};
    where.bounces = &bounces_;
    where.nobody = kNobody;
    where.gone = kGoneAway;
    where.interruptions = [this] { return interruptions(); };
  }
  smtp_users_.push_back(std::make_unique<SmtpUser>(life, shared_, where, knock_at, chance_.seed()));
  machine_->group().spawn(smtp_users_.back()->run());
  const auto mail_program = [&](Slot& slot, ImapUser::Habit habit) {
    imap_users_.push_back(std::make_unique<ImapUser>(
        life, shared_, slot, at, knock_at, habit,
        [this](std::string what) { breach(std::move(what)); }, chance_.seed()));
    machine_->group().spawn(imap_users_.back()->run());
  };
  for (auto& slot : here) mail_program(slot, ImapUser::Habit::works);
  mail_program(here.front(), ImapUser::Habit::waits);
}

void ProtocolWorld::add_alias() {
  auto& directory = nodes_.front()->life().directory();
  const auto added =
      finish(*machine_, directory.put_alias({.address = kGoneAway, .members = {kNobody}}));
  if (!added || !*added) breach("no alias could be added");
}

void ProtocolWorld::happen() {
  const std::size_t at = chance_.below(nodes_.size());
  auto& node = *nodes_.at(at);
  switch (chance_.below(60)) {
    case 0:
      node.crash_and_restart();
      start_users(at);
      break;
    case 1:  node.fail_something(); break;
    case 2:  node.sweep(); break;
    case 3:
    case 4:  node.look_around(false); break;
    default: break;
  }
  if (chance_.once_in(8)) node.recover();
}

/// Every message that was taken for the other node has arrived there once all is well again.
void ProtocolWorld::check_relayed() {
  auto& slots = nodes_.at(1)->slots();
  for (const auto tag : owed_) {
    if (!slots[0].model->has_seen(tag) && !slots[1].model->has_seen(tag))
      breach(fmt::format("message {} was taken to be sent on and never arrived", tag.value()));
  }
}

void ProtocolWorld::check_bounces(std::uint64_t interruptions) {
  const auto object = [this](std::string what) { breach(std::move(what)); };
  for (std::size_t at = 0; at < nodes_.size(); ++at) {
    auto& node = *nodes_.at(at);
    for (auto& slot : node.slots()) {
      const auto session = node.life().store().open(slot.account, slot.address);
      const bool sender = at == 0 && &slot == &node.slots().front();
      const auto read = machine_->try_run(bounces_.collect(*session, sender, object));
      if (!read || !*read) breach(slot.address + " cannot be read");
    }
  }
  bounces_.check(interruptions, object);
}

/// What is left in the queue of the first node: mail that nobody may be told of, held for people.
void ProtocolWorld::check_queue() {
  const auto left = finish(*machine_, nodes_.front()->life().queue().list({}, 1000));
  if (!left || !*left) return breach("the queue cannot be read");
  for (const auto& message : **left) {
    if (!message.held || message.sender_proven) {
      breach(fmt::format("a message to {} is left in the queue",
                         smtp::to_string(message.recipients.front().address)));
    }
  }
}

void ProtocolWorld::end() {
  hostile_ = false;
  shared_.stopping = true;
  for (auto& node : nodes_) {
    node->life().memory().set_low_space(false);
    node->recover();
  }
  machine_->advance(std::chrono::minutes{10});
  while (nodes_[0]->life().queue().stats().under_way > 0)
    machine_->advance(std::chrono::milliseconds{100});  // no report is cut short
  const auto so_far = interruptions();
  for (auto& node : nodes_) {
    node->recover();
    node->crash_and_restart();
  }
  for (int hours = 0; hours < 24 && nodes_[0]->life().queue().stats().waiting > 0; ++hours)
    machine_->advance(std::chrono::hours{1});
  for (auto& node : nodes_) node->look_around(true);
  check_relayed();
  check_bounces(so_far);
  check_queue();
  for (auto& node : nodes_) node->verify();
}

Outcome ProtocolWorld::run() {
  for (auto& node : nodes_) node->begin();
  add_alias();
  for (std::size_t at = 0; at < nodes_.size(); ++at) start_users(at);
  for (unsigned step = 0; step < options_.steps && outcome_.breaches.empty(); ++step) {
    machine_->advance(Duration{static_cast<std::int64_t>(chance_.below(4000))});
    happen();
  }
  if (outcome_.breaches.empty()) end();
  outcome_.operations = shared_.operations;
  outcome_.acknowledged = shared_.acknowledged;
  for (const auto& node : nodes_) {
    outcome_.crashes += node->crashes;
    outcome_.failures += node->failures;
  }
  outcome_.fingerprint = shared_.fingerprint;
  return std::move(outcome_);
}

}  // namespace

Outcome run_protocol_world(const WorldOptions& options) {
  ProtocolWorld world{options};
  return world.run();
}

}  // namespace postern::sim
