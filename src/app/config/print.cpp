#include <fmt/format.h>

#include "config/config.hpp"
#include "config/keys.hpp"

namespace postern::config {
namespace {

const Config& defaults() {
  static const Config config;
  return config;
}

/// What an absent key means, in TOML; empty: nothing.
struct DefaultText {
  std::string operator()(std::string Config::* slot) const {
    const auto& value = defaults().*slot;
    return value.empty() ? "" : fmt::format("\"{}\"", value);
  }
  std::string operator()(std::int64_t Config::* slot) const {
    return fmt::format("{}", defaults().*slot);
  }
  std::string operator()(bool Config::* slot) const { return defaults().*slot ? "true" : "false"; }
  template <class T>
  std::string operator()(T /*list*/) const {
    return {};
  }
};

std::string wrapped(std::string_view text) {
  std::string out;
  std::size_t column = 0;
  while (!text.empty()) {
    const auto space = text.find(' ');
    const auto word = text.substr(0, space);
    if (column + word.size() > 92 || column == 0) {
      out += column == 0 ? "# " : "\n# ";
      column = 2;
    } else {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
    text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
  }
  return out + "\n";
}

}  // namespace

std::string default_file() {
  std::string out =
      "# Postern's static configuration. A line that is commented out shows the default or an "
      "example.\n";
  std::string_view section;
  for (const auto& key : keys()) {
    if (key.section != section) out += fmt::format("\n[{}]\n", key.section);
    section = key.section;
    out += wrapped(key.help);
    if (!key.example.empty()) out += fmt::format("# {} = {}\n", key.name, key.example);
  }
  return out;
}

std::string reference() {
  std::string out =
      "# Configuration\n\nThe static file, `postern.toml`. Domains, accounts and aliases are not "
      "in "
      "it: they live in the store and are changed by `postern domain`, `account` and `alias`. This "
      "page is printed by `postern config reference`.\n";
  std::string_view section = "\n";
  for (const auto& key : keys()) {
    if (key.section != section) {
      out += key.section.empty() ? std::string{"\n## Top level\n"}
                                 : fmt::format("\n## [{}]\n", key.section);
      out += "\n| key | default | |\n|---|---|---|\n";
    }
    section = key.section;
    const auto text = std::visit(DefaultText{}, key.slot);
    out += fmt::format(
        "| `{}` | {} | {}{} |\n", key.name, text.empty() ? std::string{} : "`" + text + "`",
        key.help, key.example.empty() ? std::string{} : fmt::format(" Example: `{}`", key.example));
  }
  return out;
}

}  // namespace postern::config
