#include "sim/node.hpp"

#include <utility>

#include <fmt/format.h>

#include "sim/look.hpp"
#include "verify/verify.hpp"

namespace postern::sim {
namespace {

Task<> sweep_once(Postern& life) {
  (void)co_await life.store().sweep();
}

}  // namespace

Node::Node(ManualCore& machine, Postern::Options options, std::string domain, std::uint64_t seed,
           Breach breach)
    : machine_{machine},
      options_{std::move(options)},
      domain_{std::move(domain)},
      chance_{seed},
      breach_{[name = domain_, breach](const std::string& what) { breach(name + ": " + what); }} {}

void Node::start(const kv::MemoryDisk& disk) {
  lives_.push_back(std::make_unique<Postern>(machine_, options_, disk));
  const auto opened = life().open();
  if (!opened) return breach_("does not start: " + opened.error().detail);
  if (on_start) on_start(life());
}

void Node::begin() {
  start({});
  const auto added = finish(machine_, life().directory().add_domain({.name = domain_}));
  if (!added || !*added) breach_("no domain could be added");
  const auto at_home = [this](const char* name) { return name + domain_; };
  slots_[0].address = at_home("ann@");
  slots_[1].address = at_home("bob@");
  for (auto& slot : slots_) {
    open_account(slot);
    machine_.advance(std::chrono::seconds{1});
  }
  // The From address of the simulator's mail is the first account's.
  (void)finish(machine_, life().directory().put_alias(
                             {.address = at_home("sim@"), .members = {slots_[0].address}}));
}

void Node::open_account(Slot& slot) {
  slot.password = fmt::format("{:016x}", chance_.seed());
  const auto added = finish(machine_, life().directory().add_account(
                                          slot.address, Secret<std::string>{slot.password}, 0));
  if (!added || !*added) {
    if (added && added->error().code == Errc::already_exists) slot.removed = true;
    return;
  }
  slot.account = **added;
  if (slot.model) old_models_.push_back(std::move(slot.model));
  slot.model = std::make_unique<AccountModel>(breach_);
  slot.removed = false;
  slot.closed = false;
  look_at(slot, false);
}

bool Node::look_at(Slot& slot, bool deep) {
  if (slot.removed || !slot.model) return true;
  const auto session = life().store().open(slot.account, slot.address);
  for (int tries = 0; tries < 10; ++tries) {
    const auto looked = machine_.try_run(look(*session, *slot.model, deep, breach_));
    if (!looked) {
      breach_(slot.address + " cannot be read");
      return false;
    }
    if (!*looked) {
      breach_(fmt::format("{} cannot be read: {}", slot.address, to_string(looked->error().code)));
      return false;
    }
    if (**looked == Looked::all) return true;
  }
  return false;
}

void Node::look_around(bool deep) {
  for (auto& slot : slots_) look_at(slot, deep);
}

void Node::settle() {
  for (auto& slot : slots_) {
    if (slot.removed || !slot.model) continue;
    if (!look_at(slot, false)) breach_(slot.address + " never comes to rest");
    slot.model->settle();
  }
  go_on_replacing();
}

void Node::verify() {
  const auto report = finish(machine_, verify::verify_store(life().engine().published()));
  if (!report || !*report) return breach_("the store cannot be verified");
  for (const auto& finding : (*report)->findings)
    breach_(fmt::format("verify: {}: {}", finding.where, finding.what));
}

void Node::crash_and_restart() {
  ++crashes;
  for (auto& slot : slots_)
    if (slot.model) slot.model->unknown_all();
  if (on_crash) on_crash();
  const auto disk = life().crash(chance_.seed());
  start(disk);
  settle();
  verify();
}

void Node::stop_and_restart() {
  const auto disk = life().stop();
  start(disk);
  settle();
  verify();
}

void Node::fail_something() {
  ++failures;
  switch (chance_.below(3)) {
    case 0:  return life().memory().fail_next_append();
    case 1:  return life().memory().fail_next_sync();
    default: return life().memory().set_low_space(!chance_.once_in(2));
  }
}

void Node::recover() {
  if (life().engine().health() != kv::Health::read_only) return;
  look_around(false);
  life().reopen(chance_.seed());
  machine_.poll();
  if (settles_on_recovery) settle();
}

void Node::sweep() {
  machine_.group().spawn(sweep_once(life()));
}

void Node::replace_account() {
  slots_[chance_.below(slots_.size())].closed = true;
  go_on_replacing();
}

void Node::go_on_replacing() {
  for (auto& slot : slots_) {
    if (!slot.closed || life().engine().health() != kv::Health::good) continue;
    if (slot.model && !slot.removed && slot.model->under_way() > 0) continue;
    slot.removed = true;
    auto& directory = life().directory();
    const auto gone = finish(machine_, directory.remove_account(slot.address));
    if (!gone || (!*gone && gone->error().code != Errc::not_found)) continue;
    open_account(slot);
  }
}

}  // namespace postern::sim
