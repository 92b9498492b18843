#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "sim/account_model.hpp"
#include "vocab/ids.hpp"

namespace postern::sim {

/// An address of the world, and whoever is behind it at the moment.
struct Slot {
  std::string address;
  std::string password;
  AccountId account;
  std::unique_ptr<AccountModel> model;
  bool closed = false;   ///< Nobody may begin anything: the account is being replaced.
  bool removed = false;  ///< Its account may be gone or going.
};

/// What all actors of a world share.
struct Shared {
  std::uint64_t last_tag = 0;
  std::uint64_t operations = 0;
  std::uint64_t acknowledged = 0;
  std::uint64_t fingerprint = 0xCBF29CE484222325ULL;  ///< Of all that was acknowledged, in order.
  bool stopping = false;

  [[nodiscard]] Tag new_tag() { return Tag{++last_tag}; }
  void mix(std::uint64_t value) { fingerprint = (fingerprint ^ value) * 0x100000001B3ULL; }
};

}  // namespace postern::sim
