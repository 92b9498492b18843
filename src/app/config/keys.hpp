#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "config/config.hpp"

namespace postern::config {

using Endpoints = std::vector<net::Endpoint> Listeners::*;
using Pairs = std::vector<std::pair<std::string, std::string>>;

/// Where a key's value goes, which also says what type it has.
using Slot = std::variant<std::string Config::*, std::int64_t Config::*, bool Config::*,
                          std::vector<std::string> Config::*, std::vector<std::int64_t> Config::*,
                          Endpoints, Pairs Config::*, std::vector<net::CertificateFiles> Config::*>;

struct Key {
  std::string_view section;  ///< Empty: top level.
  std::string_view name;
  Slot slot;
  std::string_view help;
  std::string_view example;  ///< A value in TOML, shown commented out where there is no default.
  std::int64_t least = 0;    ///< For numbers.
  std::int64_t most = INT64_MAX;
  std::string_view choices = {};  ///< For texts: "a b c"; empty: any.
};

/// Every key there is, in the order of the file.
[[nodiscard]] const std::vector<Key>& keys();

}  // namespace postern::config
